/** Two soft tones, made here: nothing is loaded for them. */

let context: AudioContext | undefined;
let rangAt = 0;

/** So long after it rang it does not ring again, in milliseconds. */
const QUIET_MS = 1500;

/** Rings once. Browsers allow it only after somebody has used the page; until then nothing is heard. */
export function ring(): void {
  if (Date.now() - rangAt < QUIET_MS) return;
  rangAt = Date.now();
  try {
    context ??= new AudioContext();
    tone(context, 660, 0);
    tone(context, 880, 0.14);
  } catch {
    // No sound on this machine.
  }
}

function tone(audio: AudioContext, frequency: number, after: number): void {
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  const start = audio.currentTime + after;
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0.0001, start);
  gain.gain.exponentialRampToValueAtTime(0.08, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(start);
  oscillator.stop(start + 0.32);
}

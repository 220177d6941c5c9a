/** `/agent/desktop.js`: the agents' page. */
import { render } from "preact";
import { loadWords, type Speech, speechIn } from "../view/words.ts";
import { AppView } from "./app-view.tsx";
import { Page } from "./page.ts";
import type { Word } from "./scene.ts";
import { shortcutOf } from "./shortcuts.ts";

/** How long something waits is said anew this often, in milliseconds. */
const CLOCK_MS = 1000;

const root = document.querySelector("#desktop");
let speech: Speech<Word> | undefined;
let drawing = false;

const page = new Page(() => {
  // Many things happen at once; they are drawn once.
  if (drawing) return;
  drawing = true;
  queueMicrotask(draw);
});

function draw(): void {
  drawing = false;
  if (root === null || speech === undefined) return;
  const { desk } = page;
  const calls = (desk?.unread ?? 0) + (desk?.offers.length ?? 0);
  document.title = `${calls === 0 ? "" : `(${calls}) `}${speech.say("title")}`;
  render(<AppView {...speech} page={page} />, root);
}

addEventListener("keydown", (event) => {
  const act = shortcutOf(event, page);
  if (act === undefined) return;
  event.preventDefault();
  act();
});

setInterval(() => {
  if (page.desk !== undefined && document.visibilityState === "visible") draw();
}, CLOCK_MS);

speech = speechIn(await loadWords<Word>(navigator.languages));
document.documentElement.lang = speech.language;
document.documentElement.dir = speech.direction;
draw();
await page.signIn.begin();

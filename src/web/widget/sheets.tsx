/** Questions that stand between a customer and the conversation until they are answered or dismissed. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../../protocol/problem.ts";
import type { Outcome } from "../client/api.ts";
import { problemText } from "./faults.ts";
import { isAddress } from "./form-fields.ts";
import type { Question, Scene, Speech } from "./scene.ts";

type SheetProps = Scene & { onClose(): void };

/** The question; `onClose` dismisses it. */
export function Sheet(props: SheetProps & { readonly question: Question }) {
  const { question, chat, say } = props;
  if (question.name === "transcript") return <TranscriptSheet {...props} />;
  if (question.name === "end")
    return <Confirm {...props} label={say("endQuestion")} yes={say("end")} act={() => chat.end()} />;
  const { file: name, fileId } = question;
  const act = () => chat.files.delete(fileId);
  return <Confirm {...props} label={say("deleteQuestion", { name })} yes={say("delete", { name })} act={act} />;
}

function Confirm(
  props: SheetProps & { readonly label: string; readonly yes: string; act(): Promise<Outcome<undefined>> },
) {
  const { label, yes, act, onClose, say } = props;
  const { busy, fault, run } = useAsking(props, act, onClose);
  return (
    <Frame label={label} onClose={onClose}>
      <p dir="auto">{label}</p>
      <p class="fault" role="alert">
        {fault}
      </p>
      <div class="choices">
        <button class="plain" type="button" onClick={onClose} data-focus>
          {say("cancel")}
        </button>
        <button class="primary" type="button" onClick={run} aria-disabled={busy}>
          {yes}
        </button>
      </div>
    </Frame>
  );
}

function TranscriptSheet(props: SheetProps) {
  const { chat, state, onClose, say } = props;
  const input = useRef<HTMLInputElement>(null);
  const [sentTo, setSentTo] = useState<string>();
  const [wrong, setWrong] = useState(false);
  const known = state.transcriptEmail?.to;
  const ask = async () => {
    const to = input.current?.value.trim() ?? "";
    const asked = await chat.requestTranscript(to === known ? undefined : to);
    if (asked.ok) setSentTo(to);
    return asked;
  };
  const { busy, fault, run } = useAsking(props, ask);
  const submit = (event: Event) => {
    event.preventDefault();
    const good = isAddress(input.current?.value.trim() ?? "");
    setWrong(!good);
    if (good) run();
    else input.current?.focus();
  };
  if (sentTo !== undefined)
    return (
      <Frame key="sent" label={say("transcript")} onClose={onClose}>
        <p role="status" dir="auto">
          {say(state.phase === "ended" ? "transcriptSent" : "transcriptWill", { email: sentTo })}
        </p>
        <div class="choices">
          <button class="primary" type="button" onClick={onClose} data-focus>
            OK
          </button>
        </div>
      </Frame>
    );
  return (
    <Frame label={say("transcript")} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <label for="transcript-to">{say("transcriptTo")}</label>
        <input
          id="transcript-to"
          ref={input}
          type="email"
          autocomplete="email"
          maxLength={254}
          defaultValue={known ?? ""}
          aria-invalid={wrong}
          aria-describedby="transcript-fault"
          data-focus
        />
        <p class="fault" role="alert" id="transcript-fault">
          {wrong ? say("emailWrong") : fault}
        </p>
        <div class="choices">
          <button class="plain" type="button" onClick={onClose}>
            {say("cancel")}
          </button>
          <button class="primary" type="submit" aria-disabled={busy}>
            {say("transcript")}
          </button>
        </div>
      </form>
    </Frame>
  );
}

/** Takes the focus to its first control, and dismisses on Escape; who opened it gets the focus back from the panel. */
function Frame(props: { readonly label: string; readonly children: ComponentChildren; onClose(): void }) {
  const frame = useRef<HTMLElement>(null);
  useLayoutEffect(() => frame.current?.querySelector<HTMLElement>("[data-focus]")?.focus(), [props.label]);
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    props.onClose();
  };
  return (
    <section class="sheet" part="sheet" aria-label={props.label} ref={frame} onKeyDown={pressed}>
      {props.children}
    </section>
  );
}

/** One request after a click, with what went wrong in words. */
function useAsking(speech: Speech, act: () => Promise<Outcome<undefined>>, done?: () => void) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const ask = async () => {
    if (busy) return;
    setBusy(true);
    const outcome = await act();
    setBusy(false);
    if (!outcome.ok) setProblem(outcome.problem);
    else done?.();
  };
  const fault = problem === undefined ? "" : problemText(problem, speech);
  return { busy, fault, run: () => void ask() };
}

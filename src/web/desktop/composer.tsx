/** Where an agent writes, and picks files. */

import { useEffect, useRef } from "preact/hooks";
import { grow, useTyping } from "../view/writing.ts";
import type { OpenChat } from "./open-chat.ts";
import { mayAttach, type Scene } from "./scene.ts";
import { Tool } from "./tool.tsx";

/** The line to write in. What was written stays with its chat until it is sent. */
export function Composer(scene: Scene & { readonly open: OpenChat }) {
  const { open, page, desk, say } = scene;
  const text = useRef<HTMLTextAreaElement>(null);
  const typing = useTyping(open.chat);
  const redraw = () => page.ask(page.dialog);
  useEffect(() => {
    if (text.current === null) return;
    grow(text.current);
    text.current.focus();
  }, []);
  const send = () => {
    const written = open.draft.trim();
    if (written === "") return;
    typing.stop();
    open.chat.say(written, open.note ? "agents" : undefined);
    open.draft = "";
    if (open.role !== "silent") open.note = false;
    if (text.current === null) return;
    text.current.value = "";
    grow(text.current);
    text.current.focus();
    redraw();
  };
  const written = () => {
    if (text.current === null) return;
    open.draft = text.current.value;
    grow(text.current);
    if (open.draft === "" || open.note) typing.stop();
    else typing.say();
  };
  const pasted = (event: ClipboardEvent) => {
    const { clipboardData } = event;
    const files = [...(clipboardData?.files ?? [])];
    // Office programs put a picture of the text beside it.
    if (files.length === 0 || clipboardData?.getData("text") || !mayAttach(scene)) return;
    event.preventDefault();
    open.outgoing.add(files);
  };
  const note = () => {
    open.note = !open.note;
    typing.stop();
    text.current?.focus();
    redraw();
  };
  const label = say(open.note ? "writeNote" : "write");
  const responses = desk.may("chat:transfer-file-from-standard-response", open.service) && open.role !== "silent";
  return (
    <form
      class={`composer ${open.note ? "as-note" : ""}`}
      onPaste={pasted}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <FilePicker {...scene} />
      {responses ? <Tool icon="book" label={say("responses")} onClick={() => page.goToSide("responses")} /> : null}
      {open.role === "silent" ? null : <Tool icon="note" label={say("note")} pressed={open.note} onClick={note} />}
      <textarea
        class="write"
        ref={text}
        rows={1}
        defaultValue={open.draft}
        aria-label={label}
        placeholder={label}
        dir="auto"
        onInput={written}
        onKeyDown={(event) => sends(event) && send()}
      />
      <Tool icon="send" label={say("send")} kind="send" submit />
    </form>
  );
}

/** Enter sends, but for the one that ends the choice of a character (Chinese, Japanese). */
function sends(event: KeyboardEvent): boolean {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return false;
  event.preventDefault();
  return true;
}

/** Taken away with its privilege, and the page says so. */
function FilePicker(scene: Scene & { readonly open: OpenChat }) {
  const { open, say } = scene;
  const input = useRef<HTMLInputElement>(null);
  if (!mayAttach(scene)) {
    return open.role === "silent" ? null : <Tool icon="attach" label={say("mayNotAttach")} kind="absent" disabled />;
  }
  const picked = (event: Event) => {
    const chosen = event.currentTarget;
    if (!(chosen instanceof HTMLInputElement)) return;
    open.outgoing.add(chosen.files ?? []);
    // The same file can be picked again.
    chosen.value = "";
  };
  return (
    <>
      <input class="unseen" tabIndex={-1} type="file" multiple ref={input} onChange={picked} aria-hidden="true" />
      <Tool icon="attach" label={say("attach")} onClick={() => input.current?.click()} />
    </>
  );
}

/** Where a customer writes, and picks files. */

import { useRef } from "preact/hooks";
import { agentThere, type ChatState } from "../client/chat-state.ts";
import { takesFiles } from "../client/file-check.ts";
import { sizeText } from "../view/format.ts";
import { isPicture } from "../view/pictures.ts";
import { grow, useTyping } from "../view/writing.ts";
import { filesLeft } from "./faults.ts";
import type { Scene } from "./scene.ts";
import { Tool } from "./tool.tsx";

/** The line to write in. `onFiles` is absent where the page wants no files. */
export function Composer(props: Scene & { readonly onFiles: ((files: readonly File[]) => void) | undefined }) {
  const { chat, state, onFiles, say } = props;
  const text = useRef<HTMLTextAreaElement>(null);
  const typing = useTyping(chat);
  const send = () => {
    const written = text.current?.value.trim() ?? "";
    if (text.current === null || written === "") return;
    typing.stop();
    chat.say(written);
    text.current.value = "";
    grow(text.current);
    text.current.focus();
  };
  const pressed = (event: KeyboardEvent) => {
    // Enter that ends the choice of a character (Chinese, Japanese) is no sending.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const pasted = (event: ClipboardEvent) => {
    const { clipboardData } = event;
    const files = [...(clipboardData?.files ?? [])];
    // Office programs put a picture of the text beside it.
    if (files.length === 0 || clipboardData?.getData("text") || onFiles === undefined || !canSend(state)) return;
    event.preventDefault();
    onFiles(files);
  };
  const written = () => {
    if (text.current === null) return;
    grow(text.current);
    if (text.current.value === "") typing.stop();
    else typing.say();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    send();
  };
  return (
    <form class="composer" part="composer" onSubmit={submit} onPaste={pasted}>
      {onFiles === undefined ? null : <FilePicker {...props} onFiles={onFiles} />}
      <textarea
        ref={text}
        rows={1}
        aria-label={say("write")}
        placeholder={say("write")}
        dir="auto"
        data-first
        onInput={written}
        onKeyDown={pressed}
      />
      <Tool icon="send" label={say("send")} part="send" kind="send" submit />
    </form>
  );
}

/** Whether files may be sent now, as the limits say and as far as they are known. */
export function canSend(state: ChatState): boolean {
  const { limits } = state;
  if (limits === undefined || !takesFiles(limits) || filesLeft(limits) === 0) return false;
  return !limits.uploadNeedAgent || agentThere(state);
}

/** Hidden while the limits allow no file. */
function FilePicker({ state, onFiles, say, language }: Scene & { onFiles(files: readonly File[]): void }) {
  const files = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const { limits } = state;
  if (limits === undefined || !canSend(state)) return null;
  const picked = (event: Event) => {
    const input = event.currentTarget;
    if (!(input instanceof HTMLInputElement)) return;
    onFiles([...(input.files ?? [])]);
    // The same file can be picked again.
    input.value = "";
  };
  const accept = limits.uploadFileTypes.map((type) => `.${type}`).join(",");
  const pictures = limits.uploadFileTypes.some((type) => isPicture(`image/${type === "jpg" ? "jpeg" : type}`));
  const size = sizeText(limits.uploadMaxFileSize, language);
  const hint = say("limits", { size, left: filesLeft(limits), limit: limits.uploadMaxFiles });
  const attach = `${say("attach")}. ${hint}`;
  return (
    <>
      <input
        class="unseen"
        tabIndex={-1}
        type="file"
        multiple
        accept={accept}
        ref={files}
        onChange={picked}
        aria-hidden="true"
      />
      <Tool icon="attach" label={attach} part="attach" onClick={() => files.current?.click()} />
      {pictures && matchMedia("(pointer: coarse)").matches ? (
        <>
          <input
            class="unseen"
            tabIndex={-1}
            type="file"
            accept="image/jpeg"
            capture="environment"
            ref={camera}
            onChange={picked}
            aria-hidden="true"
          />
          <Tool icon="camera" label={say("camera")} onClick={() => camera.current?.click()} />
        </>
      ) : null}
    </>
  );
}

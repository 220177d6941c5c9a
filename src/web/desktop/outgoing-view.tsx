/** Files on their way: name, size, picture, true progress, and a way to stop or repeat each. */

import { sizeText } from "../view/format.ts";
import type { OutgoingFile } from "../view/outgoing.ts";
import { SmallPicture, usePicture } from "../view/small-picture.tsx";
import { TypeIcon } from "./file-face.tsx";
import type { OpenChat } from "./open-chat.ts";
import { fileFaultText } from "./problems.ts";
import type { Scene, Speech } from "./scene.ts";
import { Tool } from "./tool.tsx";

/** All of them, in the order in which they were picked; what was sent stands in the transcript. */
export function OutgoingList(scene: Scene & { readonly open: OpenChat }) {
  const { open } = scene;
  const stored = open.state.events.map((event) => event.type === "FileUploaded" && event.file.fileId);
  return (
    <>
      {open.outgoing.files
        .filter(({ fileId }) => fileId === undefined || !stored.includes(fileId))
        .map((entry) => (
          <Outgoing key={entry.key} {...scene} entry={entry} />
        ))}
    </>
  );
}

function Outgoing(props: Scene & { readonly open: OpenChat; readonly entry: OutgoingFile }) {
  const { entry, open, say } = props;
  const { key, file, phase, fault, sentBytes, again } = entry;
  const { name } = file;
  const picture = usePicture(file);
  const label = say(phase === "failed" ? "removeFile" : "cancelFile", { name });
  return (
    <div class="message own outgoing first">
      <div class="bubble file">
        <span class="face">
          {picture === undefined ? <TypeIcon name={name} /> : <SmallPicture picture={picture} />}
        </span>
        <span class="file-words">
          <span class="file-name" dir="auto">
            {name}
          </span>
          <span class="hint" aria-live="off">
            {statusText(entry, props)}
          </span>
        </span>
        {again === true || phase === "interrupted" ? (
          <Tool icon="again" label={say("againFile", { name })} onClick={() => open.outgoing.again(key)} />
        ) : null}
        {entry.fileId === undefined ? (
          <Tool icon="remove" label={label} onClick={() => open.outgoing.remove(key)} />
        ) : null}
        {phase === "sending" ? <progress value={sentBytes} max={Math.max(1, file.size)} aria-label={name} /> : null}
        {fault === undefined ? null : <p class="fault">{fileFaultText(fault, file, props)}</p>}
      </div>
    </div>
  );
}

function statusText({ phase, file, sentBytes }: OutgoingFile, { say, language }: Speech): string {
  const size = sizeText(file.size, language);
  if (phase === "queued") return `${size} · ${say("queued")}`;
  if (phase === "interrupted") return say("interrupted");
  if (phase === "failed") return size;
  return sentBytes >= file.size ? say("checking") : say("progress", { sent: sizeText(sentBytes, language), size });
}

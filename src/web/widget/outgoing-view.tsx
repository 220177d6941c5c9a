/** Files on their way: name, size, picture, true progress, and a way to stop or repeat each. */
import { useEffect, useState } from "preact/hooks";
import { fileFaultText } from "./faults.ts";
import { SmallPicture, TypeIcon } from "./file-card.tsx";
import { sizeText } from "./format.ts";
import type { OutgoingFile } from "./outgoing.ts";
import { isPicture, smallPicture } from "./pictures.ts";
import type { Scene, Speech } from "./scene.ts";
import { Tool } from "./tool.tsx";

/** All of them, in the order in which they were picked; what was sent stands in the transcript. */
export function OutgoingList(scene: Scene) {
  const stored = scene.state.events.map((event) => event.type === "FileUploaded" && event.file.fileId);
  return scene.outgoing.files
    .filter(({ fileId }) => fileId === undefined || !stored.includes(fileId))
    .map((entry) => <Outgoing key={entry.key} {...scene} entry={entry} />);
}

function Outgoing(props: Scene & { readonly entry: OutgoingFile }) {
  const { entry, outgoing, state, say } = props;
  const { key, file, phase, fault, sentBytes, again } = entry;
  const { name } = file;
  const picture = usePicture(file);
  const label = say(phase === "failed" ? "removeFile" : "cancelFile", { name });
  return (
    <div class="message own outgoing" part="outgoing">
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
          <Tool icon="again" label={say("againFile", { name })} onClick={() => outgoing.again(key)} />
        ) : null}
        {entry.fileId === undefined ? <Tool icon="remove" label={label} onClick={() => outgoing.remove(key)} /> : null}
        {phase === "sending" ? <progress value={sentBytes} max={Math.max(1, file.size)} aria-label={name} /> : null}
        {fault === undefined ? null : <p class="fault">{fileFaultText(fault, file, state.limits, props)}</p>}
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

/** The picture that a file is, once it is read. */
function usePicture(file: File): ImageBitmap | undefined {
  const [picture, setPicture] = useState<ImageBitmap>();
  useEffect(() => {
    if (!isPicture(file.type)) return;
    let gone = false;
    let made: ImageBitmap | undefined;
    void smallPicture(file).then((small) => {
      made = small;
      if (gone) small?.close();
      else setPicture(small);
    });
    return () => {
      gone = true;
      made?.close();
    };
  }, [file]);
  return picture;
}

/** A picture, large, over everything else. */
import { useEffect, useRef, useState } from "preact/hooks";
import { draw } from "../view/pictures.ts";
import type { Speech } from "./scene.ts";
import { Tool } from "./tool.tsx";

/** The viewer; a modal dialog, which keeps the focus and gives it back by itself. */
export function Viewer(
  props: Speech & { readonly name: string; readonly picture: Blob; onSave(): void; onClose(): void },
) {
  const { name, picture, say } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    dialog.current?.showModal();
    let bitmap: ImageBitmap | undefined;
    let gone = false;
    createImageBitmap(picture).then(
      (made) => {
        bitmap = made;
        if (gone) made.close();
        else draw(canvas.current, made);
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      bitmap?.close();
    };
  }, [picture]);
  return (
    <dialog class="viewer" part="viewer" ref={dialog} aria-label={say("picture", { name })} onClose={props.onClose}>
      <div class="viewer-head">
        <span class="file-name" dir="auto">
          {name}
        </span>
        <Tool icon="save" label={say("save", { name })} onClick={props.onSave} />
        <Tool icon="remove" label={say("cancel")} onClick={() => dialog.current?.close()} />
      </div>
      {failed ? (
        <p class="fault">{say("fault")}</p>
      ) : (
        <canvas ref={canvas} role="img" aria-label={say("picture", { name })} />
      )}
    </dialog>
  );
}

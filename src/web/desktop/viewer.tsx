/** A picture or a PDF, large, over everything else. Nothing in the file is run: only pixels are drawn. */
import { useEffect, useRef, useState } from "preact/hooks";
import { draw } from "../view/pictures.ts";
import type { PdfFile } from "./pdf.ts";
import type { Speech } from "./scene.ts";
import { Button, Tool } from "./tool.tsx";

/** The viewer; a modal dialog, which keeps the focus and gives it back by itself. */
export function Viewer(
  props: Speech & {
    readonly name: string;
    readonly content: Blob;
    readonly pdf: boolean;
    onSave?(): void;
    onClose(): void;
  },
) {
  const { name, pdf, onSave, say } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="viewer" ref={dialog} aria-label={say("openFile", { name })} onClose={props.onClose}>
      <div class="viewer-head">
        <span class="file-name" dir="auto">
          {name}
        </span>
        {onSave === undefined ? null : <Tool icon="save" label={say("save", { name })} onClick={onSave} />}
        <Tool icon="remove" label={say("close")} onClick={() => dialog.current?.close()} />
      </div>
      {pdf ? <PdfPages {...props} /> : <Picture {...props} />}
    </dialog>
  );
}

function Picture({ content, name, say }: Speech & { readonly content: Blob; readonly name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let made: ImageBitmap | undefined;
    let gone = false;
    createImageBitmap(content).then(
      (bitmap) => {
        made = bitmap;
        if (gone) bitmap.close();
        else draw(canvas.current, bitmap);
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      made?.close();
    };
  }, [content]);
  if (failed) return <p class="fault">{say("cannotShow")}</p>;
  return <canvas ref={canvas} role="img" aria-label={say("picture", { name })} />;
}

/** One page at a time. */
function PdfPages({ content, name, say }: Speech & { readonly content: Blob; readonly name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [file, setFile] = useState<PdfFile>();
  const [page, setPage] = useState(1);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let opened: PdfFile | undefined;
    let gone = false;
    // A module of its own: most days nobody opens a PDF.
    import(new URL("pdf.js", import.meta.url).href)
      .then((pdf: typeof import("./pdf.ts")) => pdf.openPdf(content))
      .then(
        (made) => {
          opened = made;
          if (gone) made.close();
          else setFile(made);
        },
        () => setFailed(true),
      );
    return () => {
      gone = true;
      opened?.close();
    };
  }, [content]);
  useEffect(() => {
    if (file === undefined || canvas.current === null) return;
    return file.draw(page, canvas.current, () => setFailed(true));
  }, [file, page]);
  if (failed) return <p class="fault">{say("cannotShow")}</p>;
  if (file === undefined) return <p role="status">{say("fetching")}</p>;
  const label = say("page", { page, pages: file.pages });
  return (
    <>
      <div class="pages">
        <Button disabled={page === 1} onClick={() => setPage(page - 1)}>
          {say("previousPage")}
        </Button>
        <p role="status">{label}</p>
        <Button disabled={page === file.pages} onClick={() => setPage(page + 1)}>
          {say("nextPage")}
        </Button>
      </div>
      <div class="paper">
        <canvas ref={canvas} role="img" aria-label={`${name}, ${label}`} />
      </div>
    </>
  );
}

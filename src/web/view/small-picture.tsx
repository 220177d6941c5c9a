/** Small pictures of files. */
import { useEffect, useRef, useState } from "preact/hooks";
import { draw, isPicture, smallPicture } from "./pictures.ts";

/** A picture that is decoration: what it shows is named beside it. */
export function SmallPicture({ picture }: { readonly picture: ImageBitmap }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => draw(canvas.current, picture), [picture]);
  return <canvas class="small" ref={canvas} />;
}

/** The picture that a file is, once it is read. */
export function usePicture(file: File): ImageBitmap | undefined {
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

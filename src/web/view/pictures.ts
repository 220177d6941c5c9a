/** Pictures that were fetched or sent, as long as the page lives: each is fetched once, since fetching takes an attempt. */

import type { Outcome } from "../client/api.ts";
import type { ChatFiles } from "../client/files.ts";

/** What browsers draw and the server tells apart from everything else. */
const DRAWN = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

/** So many are kept at once, newest first; they are held in memory. */
const KEPT = 20;
/** Sides of a small picture, in pixels. */
const SMALL_SIDE = 320;

/** Whether a type is shown as a picture. */
export function isPicture(type: string): boolean {
  return DRAWN.has(type);
}

/** A small picture of a file; undefined where the browser cannot read it. */
export async function smallPicture(blob: Blob): Promise<ImageBitmap | undefined> {
  try {
    const { width, height } = await createImageBitmap(blob);
    const scale = Math.min(1, SMALL_SIDE / Math.max(width, height));
    const resizeWidth = Math.max(1, Math.round(width * scale));
    return await createImageBitmap(blob, { resizeWidth, resizeQuality: "medium" });
  } catch {
    return undefined;
  }
}

/** Draws a picture at its own size. On a canvas, so that a page's policy needs no source for pictures. */
export function draw(canvas: HTMLCanvasElement | null, picture: ImageBitmap | undefined): void {
  if (canvas === null || picture === undefined) return;
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
}

/** The pictures of one chat, by file id. */
export class Pictures {
  readonly #kept = new Map<string, Blob>();
  readonly #small = new Map<string, ImageBitmap>();

  /** A picture that is there already, small. */
  small(fileId: string): ImageBitmap | undefined {
    return this.#small.get(fileId);
  }

  /** The file's bytes if they are here. */
  kept(fileId: string): Blob | undefined {
    return this.#kept.get(fileId);
  }

  /** Keeps a picture; the oldest goes where there are too many. */
  async keep(fileId: string, blob: Blob): Promise<void> {
    this.#kept.set(fileId, blob);
    const small = await smallPicture(blob);
    if (small !== undefined) this.#small.set(fileId, small);
    for (const old of [...this.#kept.keys()].slice(0, -KEPT)) this.#kept.delete(old);
  }

  /** The file's bytes, fetched where they are not here. */
  async fetch({ files }: { readonly files: ChatFiles }, fileId: string): Promise<Outcome<Blob>> {
    const kept = this.#kept.get(fileId);
    if (kept !== undefined) return { ok: true, value: kept };
    const fetched = await files.fetch(fileId);
    if (fetched.ok) await this.keep(fileId, fetched.value);
    return fetched;
  }
}

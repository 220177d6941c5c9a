/** `/agent/pdf.js`: draws pages of a PDF with pdf.js. Loaded when the first one is opened; scripts in a PDF are never run. */
import { GlobalWorkerOptions, getDocument, type PDFDocumentProxy } from "pdfjs-dist";

/** An open PDF. */
export interface PdfFile {
  /** Number of pages. */
  readonly pages: number;
  /** Draws a page, counted from 1; the function it answers gives it up. */
  draw(page: number, canvas: HTMLCanvasElement, failed: () => void): () => void;
  close(): void;
}

/** Widest that a page is drawn, in CSS pixels. */
const WIDEST = 1100;

/** Opens a PDF; rejects where it is none that can be read. */
export async function openPdf(content: Blob): Promise<PdfFile> {
  GlobalWorkerOptions.workerPort ??= new Worker(workerUrl(), { type: "module" });
  const loading = getDocument({
    data: new Uint8Array(await content.arrayBuffer()),
    // No fonts or characters from elsewhere, no forms: text, lines and pictures alone.
    enableXfa: false,
    disableFontFace: true,
    useSystemFonts: false,
    stopAtErrors: false,
  });
  const file = await loading.promise;
  return {
    pages: file.numPages,
    draw: (page, canvas, failed) => drawPage(file, page, canvas, failed),
    close: () => void loading.destroy(),
  };
}

/** The one address that a script may be loaded from here, which the page's policy of Trusted Types asks for by name. */
function workerUrl(): string {
  const url = new URL("pdf.worker.js", import.meta.url).href;
  const types: TrustedTypes | undefined = Reflect.get(globalThis, "trustedTypes");
  return types?.createPolicy("satchel-pdf", { createScriptURL: () => url }).createScriptURL("") ?? url;
}

/** As much of Trusted Types as is used; the compiler's own library does not know them. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(): string }): { createScriptURL(text: string): string };
}

function drawPage(file: PDFDocumentProxy, number: number, canvas: HTMLCanvasElement, failed: () => void): () => void {
  let gone = false;
  let cancel: (() => void) | undefined;
  const run = async () => {
    const page = await file.getPage(number);
    if (gone) return;
    const width = Math.min(WIDEST, (canvas.parentElement ?? canvas).clientWidth);
    const scale = (width / page.getViewport({ scale: 1 }).width) * Math.min(2, devicePixelRatio);
    const viewport = page.getViewport({ scale });
    canvas.width = Math.floor(viewport.width);
    canvas.height = Math.floor(viewport.height);
    const task = page.render({ canvas, viewport });
    cancel = () => task.cancel();
    await task.promise;
  };
  run().catch(() => gone || failed());
  return () => {
    gone = true;
    cancel?.();
  };
}

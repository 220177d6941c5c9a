/** One file on its way to the server: true progress, a cancel that cancels, and a repeat that is the same upload. */
import type { UploadedFile } from "../../protocol/files.ts";
import { type Api, NO_ANSWER, type Outcome, problemHere, problemOf } from "./api.ts";

/** Sends a file's bytes. Browsers tell true progress of requests in one way only, `XMLHttpRequest`. */
export interface Transfer {
  /** The file as everybody learns of it. Resolves once the server has answered, or nothing can be reached, or it was cancelled. */
  readonly done: Promise<Outcome<UploadedFile>>;
  /** Stops the bytes and has the server give the upload up. */
  cancel(): void;
}

const CANCELLED = problemHere("cancelled");

/** Begins, into what has its files at `folder` + `/files`. A repeat with the same `key` is the same upload: if the first arrived all the same, it is not stored again. */
export function sendFile(
  api: Api,
  folder: string,
  { file, key }: { readonly file: File; readonly key: string },
  progressed: (sentBytes: number) => void,
): Transfer {
  const request = new XMLHttpRequest();
  const query = new URLSearchParams({ name: file.name });
  const done = new Promise<Outcome<UploadedFile>>((resolve) => {
    request.open("POST", `${api.baseUrl}${folder}/files?${query}`);
    for (const [name, value] of Object.entries(api.headers)) request.setRequestHeader(name, value);
    request.setRequestHeader("Idempotency-Key", key);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded }) => progressed(loaded));
    request.addEventListener("load", () => resolve(outcomeOf(request.status, request.responseText)));
    request.addEventListener("error", () => resolve(NO_ANSWER));
    request.addEventListener("abort", () => resolve({ ok: false, problem: CANCELLED }));
    request.send(file);
  });
  return {
    done,
    cancel() {
      request.abort();
      // The server may hold its quota until it notices: it is told.
      void api.ask({ method: "DELETE", path: `${folder}/uploads/${encodeURIComponent(key)}` });
    },
  };
}

function outcomeOf(status: number, text: string): Outcome<UploadedFile> {
  if (status !== 201) return { ok: false, problem: problemOf(status, text) };
  return { ok: true, value: JSON.parse(text) as UploadedFile };
}

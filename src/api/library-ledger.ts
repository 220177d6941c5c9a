/** A library at the end of the upload pipeline: the same leases and endings as a session's, told to another object. */
import type { LibraryPort } from "../../durable/kit/objects.ts";
import type { AddedFile } from "../core/library.ts";
import type { Ledger } from "./upload.ts";

/** A library as the keeper of its files. */
export function libraryLedger(library: LibraryPort): Ledger<AddedFile> {
  return {
    renew: (ref) => library.renewFile(ref),
    resume: (ref) => library.resumeFile(ref),
    attach: (ref, multipartId) => library.attachMultipart(ref, multipartId),
    commit: (file) => library.commitFile(file),
    release: (ref, { reason, object }) => library.releaseFile(ref, { reason, object }),
  };
}

/** The one way a multipart body is refused: parsing happens inside streams, and a stream can only fail by throwing. */

/** Why a body was refused. The caller's exhaustive table turns each into an answer of its own wire. */
export type MultipartReason =
  | "not-multipart"
  | "no-boundary"
  | "boundary-not-found"
  | "bad-boundary"
  | "truncated"
  | "bad-header"
  | "bad-encoding"
  | "too-many-parts"
  | "too-many-headers"
  | "header-too-large"
  | "field-too-large"
  | "fields-too-large"
  | "epilogue-too-large";

const messages: Readonly<Record<MultipartReason, string>> = {
  "not-multipart": "the content type is not multipart/form-data",
  "no-boundary": "the content type has no valid boundary",
  "boundary-not-found": "the body ended before the boundary that the content type names",
  "bad-boundary": "a boundary is followed by something other than the end of its line",
  truncated: "the body ended inside a part",
  "bad-header": "a part has a header that cannot be read",
  "bad-encoding": "a part is not in UTF-8, or has a transfer encoding",
  "too-many-parts": "the body has too many parts",
  "too-many-headers": "a part has too many headers",
  "header-too-large": "the headers of a part are too large",
  "field-too-large": "a field is too large",
  "fields-too-large": "the fields together are too large",
  "epilogue-too-large": "too much stands behind the last boundary",
};

/**
 * A refusal of what the sender wrote, never a fault of ours: anything else thrown while parsing is none (the source
 * stream broke off, or the caller misused the parser). The message is fixed text; no byte of the body is ever in it.
 */
export class MultipartError extends Error {
  readonly reason: MultipartReason;
  /** The name of the part at fault, where it was known by then. It was chosen by the sender: do not log it. */
  readonly field: string | undefined;

  constructor(reason: MultipartReason, field?: string) {
    super(messages[reason]);
    this.name = "MultipartError";
    this.reason = reason;
    this.field = field;
  }
}

/** What is known of a file's content, and whether a service takes it: the one judgement of every upload, by table and options. */
import { acceptedDetection, type DetectedType, isOfficeOpen } from "./file-types.ts";
import type { ServiceOptions } from "./options.ts";
import { ok, type Result, refuse } from "./refusal.ts";

/** Width and height in pixels, as a picture's header tells them. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** What was seen in a file's bytes. */
export interface Content {
  readonly type: DetectedType;
  /** A password is needed to see all of it, so that no scanner sees it either. */
  readonly encrypted: boolean;
  /** It holds programs that an office program runs. */
  readonly macros: boolean;
  /** Of a picture whose format tells it; `unreadable` where the header should tell and does not. */
  readonly picture?: PictureSize | "unreadable";
}

/** The options that decide on content. */
export type ContentPolicy = Pick<ServiceOptions, "encryptedFiles" | "macroFiles" | "pictureMaxPixels">;

/** Whether a file of this extension may have this content; the value is the MIME type to serve. */
export function admitContent(extension: string, content: Content, policy: ContentPolicy): Result<string> {
  const { type, encrypted, macros, picture } = content;
  if (encrypted && policy.encryptedFiles === "refuse") return refuse({ reason: "file-encrypted" });
  // Office programs do not run what a document without macros by its name holds, and do not open it either.
  if (macros && (policy.macroFiles === "refuse" || isOfficeOpen(extension)))
    return refuse({ reason: "file-has-macros" });
  const verdict = acceptedDetection(extension, type);
  if (!verdict.ok || picture === "unreadable") return refuse({ reason: "type-mismatch", extension });
  const limit = policy.pictureMaxPixels;
  if (picture !== undefined && picture.width * picture.height > limit)
    return refuse({ reason: "picture-too-large", limit });
  return ok(verdict.mimeType);
}

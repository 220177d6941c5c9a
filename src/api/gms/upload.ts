/**
 * Uploads of Genesys clients. Their widgets send the file before the credentials (reference 4.12): its bytes are stored
 * in a place that holds no quota, and are announced only once the form has said whose they are (design section 4).
 */
import type { AnnouncedFile } from "../../core/attempts.ts";
import { normalizeFileName } from "../../core/file-names.ts";
import type { Principal } from "../../core/principal.ts";
import { ok, type Result, refuse, refuseField } from "../../core/refusal.ts";
import { fileSizeBounds, readParts } from "../form.ts";
import { given } from "../given.ts";
import type { Part } from "../multipart.ts";
import { isFile, ONE_FILE, receivePart, sessionFiles } from "../receive.ts";
import type { GmsCall } from "./operations.ts";
import { Fields } from "./read.ts";
import { MISSING } from "./status.ts";

/** An upload before anybody knows who sends it. */
export interface UploadCall extends Pick<GmsCall, "request" | "ports" | "address" | "session"> {
  /** Who the parameters speak for. */
  readonly admit: (fields: Fields) => Promise<Result<Principal>>;
}

const SYSTEM: Principal = { kind: "system" };
const DESCRIPTION = "userData[file-description]";
const NO_TYPE = refuse({ reason: "type-not-allowed", extension: "", allowed: [] });
const MAX_DESCRIPTION = 256;
/** What no line that people see may hold: control and direction-changing characters. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** Takes the one file of a form, wherever its credentials stand. */
export function receiveFile(call: UploadCall): Promise<Result<AnnouncedFile>> {
  return readParts(call.request, call.ports.now, async (rest) => {
    const form: Form = { pairs: [], rest };
    for await (const part of rest) {
      // Awaited here: leaving the loop closes the form.
      if (isFile(part)) return await receiveFilePart(call, part, form);
      form.pairs.push([part.name, await part.text()]);
    }
    return refuseField("file", MISSING);
  });
}

/** The parameters of a form as far as they were read, and its other parts. */
interface Form {
  readonly pairs: [string, string][];
  readonly rest: AsyncIterable<Part>;
}

async function receiveFilePart(call: UploadCall, part: Part, form: Form): Promise<Result<AnnouncedFile>> {
  const { session, request } = call;
  const known = new Fields(form.pairs);
  if (known.get("secureKey") === undefined) return receiveEarlyFile(call, part, form);
  const sender = await call.admit(known);
  if (!sender.ok) return sender;
  if (!hasType(part)) return NO_TYPE;
  const wish = { ...fileSizeBounds(request), exact: false, ...described(known) };
  const destination = sessionFiles(call);
  return receivePart(
    call,
    destination,
    part,
    (named) => session.execute(sender.value, { type: "ReserveUpload", ...named, ...wish }),
    async () => {
      const fields = await readRest(form);
      return fields.ok ? ok(destination.ledger.commit) : fields;
    },
  );
}

/** The file first: stored without quota, then the rest of the form is read, then it gets its sender or is given up. */
function receiveEarlyFile(call: UploadCall, part: Part, form: Form): Promise<Result<AnnouncedFile>> {
  if (!hasType(part)) return Promise.resolve(NO_TYPE);
  const { session, request } = call;
  const { atLeast } = fileSizeBounds(request);
  return receivePart(
    call,
    sessionFiles(call),
    part,
    (named) => session.execute(SYSTEM, { type: "HoldUpload", ...named, atLeast }),
    async () => {
      const fields = await readRest(form);
      if (!fields.ok) return fields;
      const sender = await call.admit(fields.value);
      if (!sender.ok) return sender;
      const claim = described(fields.value);
      return ok((file) => session.execute(sender.value, { type: "ClaimUpload", ...file, ...claim }));
    },
  );
}

async function readRest({ pairs, rest }: Form): Promise<Result<Fields>> {
  for await (const part of rest) {
    if (isFile(part)) return ONE_FILE;
    pairs.push([part.name, await part.text()]);
  }
  return ok(new Fields(pairs));
}

/** Widgets have words for a type that is not allowed, and none for a name that tells no type. */
function hasType(part: Part): boolean {
  const named = normalizeFileName(part.fileName ?? "");
  return named.ok || (named.reason !== "no-extension" && named.reason !== "bad-extension");
}

function described(fields: Fields): { readonly description?: string } {
  const line = fields.shortened(DESCRIPTION, MAX_DESCRIPTION)?.replace(UNSEEN, " ").trim();
  return given("description", line || undefined);
}

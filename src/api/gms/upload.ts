/**
 * Uploads of Genesys clients. Their widgets send the file before the credentials (reference 4.12): its bytes are stored
 * in a place that holds no quota, and are announced only once the form has said whose they are (design section 4).
 */
import type { AnnouncedFile } from "../../core/attempts.ts";
import type { Principal } from "../../core/principal.ts";
import { type Result, refuseField } from "../../core/refusal.ts";
import { fileSizeBounds, readParts } from "../form.ts";
import { given } from "../given.ts";
import type { Part } from "../multipart.ts";
import { isFile, receivePart } from "../receive.ts";
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
const MAX_DESCRIPTION = 256;

/** Takes the one file of a form, wherever its credentials stand. */
export function receiveUpload(call: UploadCall): Promise<Result<AnnouncedFile>> {
  const pairs: [string, string][] = [];
  return readParts(call.request, async (parts) => {
    for await (const part of parts) {
      // Awaited here: leaving the loop closes the form.
      if (isFile(part)) return await receiveFile(call, part, parts, pairs);
      pairs.push([part.name, await part.text()]);
    }
    return refuseField("file", MISSING);
  });
}

async function receiveFile(
  call: UploadCall,
  part: Part,
  rest: AsyncIterable<Part>,
  pairs: [string, string][],
): Promise<Result<AnnouncedFile>> {
  const { session, request } = call;
  const before = new Fields(pairs);
  if (before.get("secureKey") === undefined) return receiveEarlyFile(call, part, rest, pairs);
  const sender = await call.admit(before);
  if (!sender.ok) return sender;
  return receivePart(call, part, (named) =>
    session.execute(sender.value, {
      type: "ReserveUpload",
      ...named,
      ...fileSizeBounds(request),
      exact: false,
      ...described(before),
    }),
  );
}

/** The file first: stored without quota, then the rest of the form is read, then it gets its sender or is given up. */
function receiveEarlyFile(
  call: UploadCall,
  part: Part,
  rest: AsyncIterable<Part>,
  pairs: [string, string][],
): Promise<Result<AnnouncedFile>> {
  const { session, request } = call;
  const { atLeast } = fileSizeBounds(request);
  return receivePart(
    call,
    part,
    (named) => session.execute(SYSTEM, { type: "HoldUpload", ...named, atLeast }),
    async (file) => {
      for await (const later of rest) if (!isFile(later)) pairs.push([later.name, await later.text()]);
      const fields = new Fields(pairs);
      const sender = await call.admit(fields);
      if (!sender.ok) return sender;
      return session.execute(sender.value, { type: "ClaimUpload", ...file, ...described(fields) });
    },
  );
}

function described(fields: Fields): { readonly description?: string } {
  return given("description", fields.get(DESCRIPTION)?.slice(0, MAX_DESCRIPTION).toWellFormed());
}

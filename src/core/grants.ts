/** An agent grants the customer further uploads in one session, beyond what the service allows everybody. */
import { MAX_GRANTED_BYTES, MAX_GRANTED_FILES } from "../protocol/wire.ts";
import type { Draft } from "./draft.ts";
import { ok, type Result, refuseField } from "./refusal.ts";
import type { Participant } from "./session.ts";
import type { TranscriptEvent } from "./transcript.ts";

/** Adds to what was granted before. The same `clientId` of the same agent again gives the first event and adds nothing. */
export interface GrantUploads {
  readonly type: "GrantUploads";
  readonly files: number;
  readonly bytes: number;
  readonly clientId?: string;
}

/** Raises the session's number and total size of customer files; everybody sees it. Bounded over the whole session. */
export function grantUploads(draft: Draft, actor: Participant, command: GrantUploads): Result<TranscriptEvent> {
  const { files, bytes, clientId } = command;
  const before = draft.session.grant ?? { files: 0, bytes: 0 };
  const grant = { files: before.files + files, bytes: before.bytes + bytes };
  if (files === 0 && bytes === 0) return refuseField("files", "more than nothing, here or in bytes");
  if (grant.files > MAX_GRANTED_FILES) return refuseField("files", `at most ${MAX_GRANTED_FILES} in a session`);
  if (grant.bytes > MAX_GRANTED_BYTES) return refuseField("bytes", `at most ${MAX_GRANTED_BYTES} in a session`);
  draft.apply({ change: "SessionChanged", patch: { grant } });
  const extra = clientId === undefined ? {} : { clientId };
  return ok(draft.append({ type: "UploadsGranted", files, bytes }, actor, extra));
}

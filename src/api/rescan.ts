/** Scans of what is stored already, with the signatures of today; what is infected is withdrawn wherever it is shown. */
import * as z from "zod";
import type { SessionPort } from "../../durable/kit/objects.ts";
import { readSessionId } from "../auth/session-id.ts";
import type { DocumentStore } from "../backends/documents.ts";
import type { Scanner } from "../backends/scanner.ts";
import type { Principal } from "../core/principal.ts";
import { ok, type Result, refuse } from "../core/refusal.ts";
import { LibraryRescanSchema, ServiceRescanSchema, SessionRescanSchema } from "../protocol/rescan.ts";
import { SESSION_PARAMS } from "./chat.ts";
import { given } from "./given.ts";
import { type Call, type Route, route, type ServiceCall } from "./route.ts";

const SYSTEM: Principal = { kind: "system" };
const SERVICE = z.object({ service: z.string() });
const CURSOR = z.string().max(64).optional();
/** Sessions, or files of a library, in one answer: few enough that it comes within a minute or so. */
const PART = 20;

/** Verdicts about some files; what is infected is handed to whoever shows it. */
interface Findings<F> {
  scanned: number;
  unscanned: number;
  readonly withdrawn: F[];
}

interface Tools {
  readonly scanner: Scanner;
  readonly documents: DocumentStore;
}

function toolsOf(
  { ports }: Pick<Call<unknown, unknown, unknown>, "ports">,
  jurisdiction: Parameters<typeof ports.documents>[0],
): Result<Tools> {
  const scanner = ports.scanner();
  if (scanner === undefined) return refuse({ reason: "scanner-unavailable" });
  return ok({ scanner, documents: ports.documents(jurisdiction) });
}

/** Scans one stored object; the value is the signature where it is infected. One that went meanwhile counts as neither. */
async function rescan<F>(
  { scanner, documents }: Tools,
  { key, size }: { readonly key: string; readonly size: number },
  findings: Findings<F>,
): Promise<string | undefined> {
  if ((await documents.size(key)) === undefined) return undefined;
  const verdict = await scanner.scan({ size, open: () => documents.get(key, 0, size) });
  if (verdict.verdict === "none") findings.unscanned += 1;
  else findings.scanned += 1;
  return verdict.verdict === "infected" ? verdict.signature : undefined;
}

type SessionFinding = { readonly fileId: string; readonly signature: string };

/** Scans a session's own files; refused where the session is unknown, or being erased. */
async function rescanSession(tools: Result<Tools>, session: SessionPort): Promise<Result<Findings<SessionFinding>>> {
  const findings: Findings<SessionFinding> = { scanned: 0, unscanned: 0, withdrawn: [] };
  const listed = await session.execute(SYSTEM, { type: "ListFiles" });
  if (!listed.ok) return listed;
  if (!tools.ok) return tools;
  for (const { fileId, ...object } of listed.value) {
    const signature = await rescan(tools.value, object, findings);
    if (signature === undefined) continue;
    await session.execute(SYSTEM, { type: "WithdrawFile", fileId, signature });
    findings.withdrawn.push({ fileId, signature });
  }
  return ok(findings);
}

const session = route({
  method: "POST",
  path: "/v1/admin/sessions/:sessionId/rescan",
  operationId: "rescanSession",
  summary: "Scan a session's files again; what is infected is withdrawn",
  access: "agent-session",
  privilege: "compliance:erase",
  params: SESSION_PARAMS,
  answers: { 200: { description: "What was found", schema: SessionRescanSchema } },
  refusals: ["scanner-unavailable"],
  async handle(call) {
    const found = await rescanSession(toolsOf(call, call.address.jurisdiction), call.session);
    return found.ok ? Response.json(found.value) : found;
  },
});

const service = route({
  method: "POST",
  path: "/v1/admin/services/:service/rescan",
  operationId: "rescanService",
  summary: "Scan the files of a month's sessions again, some sessions at a time",
  access: "agent-service",
  privilege: "compliance:erase",
  params: SERVICE,
  query: z.object({
    month: z
      .string()
      .regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a month, such as 2026-11")
      .describe("In which the sessions began"),
    cursor: CURSOR,
  }),
  answers: { 200: { description: "What was found in this part", schema: ServiceRescanSchema } },
  refusals: ["scanner-unavailable"],
  async handle(call) {
    const { service: name, options, config, ports, query } = call;
    const { jurisdiction } = options;
    const tools = toolsOf(call, jurisdiction);
    if (!tools.ok) return tools;
    const ids = await ports
      .directory({ service: name, jurisdiction }, query.month)
      .sessionsAfter(query.cursor ?? "", PART);
    const all = { scanned: 0, unscanned: 0, withdrawn: [] as (SessionFinding & { sessionId: string })[] };
    for (const sessionId of ids) {
      const address = await readSessionId(config, sessionId);
      if (address === undefined) continue;
      const found = await rescanSession(tools, ports.session(address));
      // Erased meanwhile: nothing is left of it.
      if (!found.ok) continue;
      all.scanned += found.value.scanned;
      all.unscanned += found.value.unscanned;
      all.withdrawn.push(...found.value.withdrawn.map((one) => ({ sessionId, ...one })));
    }
    return Response.json({ sessions: ids.length, ...all, ...given("cursor", cursorAfter(ids)) });
  },
});

const library = route({
  method: "POST",
  path: "/v1/admin/services/:service/library/rescan",
  operationId: "rescanLibrary",
  summary: "Scan the files of standard responses again, some at a time; sessions that show an infected one withdraw it",
  access: "agent-service",
  privilege: "compliance:erase",
  params: SERVICE,
  query: z.object({ cursor: CURSOR }),
  answers: { 200: { description: "What was found in this part", schema: LibraryRescanSchema } },
  refusals: ["scanner-unavailable"],
  async handle(call) {
    const tools = toolsOf(call, call.options.jurisdiction);
    if (!tools.ok) return tools;
    const files = await call.library.storedFiles(call.query.cursor ?? "", PART);
    const found: Findings<{ documentId: string; signature: string; sessions: number }> = {
      scanned: 0,
      unscanned: 0,
      withdrawn: [],
    };
    for (const { documentId, ...object } of files) {
      const signature = await rescan(tools.value, object, found);
      if (signature === undefined) continue;
      const sessions = await withdrawFromSessions(call, documentId, { libraryKey: object.key, signature });
      await call.library.purgeFile(documentId);
      found.withdrawn.push({ documentId, signature, sessions });
    }
    return Response.json({ ...found, ...given("cursor", cursorAfter(files.map(({ documentId }) => documentId))) });
  },
});

/** No session can get the file any more, and every one that shows it says that it is gone. The value is how many did. */
async function withdrawFromSessions(
  { library: shelf, config, ports }: ServiceCall<unknown, unknown, unknown>,
  documentId: string,
  what: { readonly libraryKey: string; readonly signature: string },
): Promise<number> {
  let sessions = 0;
  for (const sessionId of await shelf.quarantineFile(documentId)) {
    const address = await readSessionId(config, sessionId);
    if (address === undefined) continue;
    const withdrawn = await ports.session(address).execute(SYSTEM, { type: "WithdrawFile", ...what });
    if (withdrawn.ok && withdrawn.value > 0) sessions += 1;
  }
  return sessions;
}

/** A part that is not full was the last. */
function cursorAfter(ids: readonly string[]): string | undefined {
  return ids.length < PART ? undefined : ids.at(-1);
}

/** The routes of this file. */
export const rescanRoutes: readonly Route[] = [session, service, library];

/** The bytes of a file as an answer, for every door: authorised in the session, streamed from the store, safe to open. */

import { within } from "../backends/deadline.ts";
import type { DocumentStore } from "../backends/documents.ts";
import { logFault } from "../backends/log.ts";
import type { Download, DownloadConditions } from "../core/downloads.ts";
import { isInlineImage } from "../core/file-types.ts";
import { ok, type Result, refuse } from "../core/refusal.ts";
import { contentDisposition } from "./content-disposition.ts";
import { given } from "./given.ts";
import type { Call, SessionCall } from "./route.ts";

type Asked = Pick<Call<unknown, unknown, unknown>, "request" | "requestId">;
type SessionAsked = Asked & Pick<SessionCall<unknown, unknown, unknown>, "ports" | "address" | "session" | "principal">;

/** A store that has not begun to answer after so many milliseconds is taken for one that fails. */
const STORE_TIMEOUT_MS = 30_000;

/** How a file is asked for. `ticketed`: the attempt was taken when the link was made. */
export interface Serving {
  readonly ticketed: boolean;
  /** Granted to raster images only. */
  readonly inline: boolean;
}

/** Who has a file: says whether it may be fetched and where its bytes lie. */
export interface FileSource {
  readonly documents: DocumentStore;
  open(conditions: DownloadConditions): Promise<Result<Download>>;
  /** The store failed before the first byte: what was counted is given back. */
  failed(download: Download): Promise<unknown>;
}

/** Answers with a session's file, the asked-for part of it, or 304; HEAD gets the headers alone. */
export function serveFile(call: SessionAsked, fileId: string, serving: Serving): Promise<Response | Result<never>> {
  const { ports, address, session, principal } = call;
  const source: FileSource = {
    documents: ports.documents(address.jurisdiction),
    open: (conditions) => session.execute(principal, { type: "OpenDownload", fileId, ...conditions }),
    failed: async ({ countedAt }) => {
      if (countedAt === undefined) return;
      await session.execute({ kind: "system" }, { type: "ReturnDownload", fileId, countedAt });
    },
  };
  return serveBytes(call, source, serving);
}

/** The same for a file of whatever has it. */
export async function serveBytes(
  call: Asked,
  source: FileSource,
  { ticketed, inline }: Serving,
): Promise<Response | Result<never>> {
  const { request } = call;
  const header = (name: string) => request.headers.get(name) ?? undefined;
  const method = request.method === "HEAD" ? "head" : ticketed ? "ticketed" : "get";
  const opened = await source.open({
    method,
    ...given("range", header("Range")),
    ...given("ifNoneMatch", header("If-None-Match")),
    ...given("ifRange", header("If-Range")),
  });
  if (!opened.ok) return opened;
  const { status } = opened.value;
  const headers = bytesHeaders(opened.value, inline);
  if (status === 304 || method === "head") return new Response(null, { status, headers });
  const body = await openBody(call, source, opened.value);
  return body.ok ? new Response(body.value, { status, headers }) : body;
}

/** The bytes, or what was counted given back where the store fails before the first of them. */
async function openBody(
  { requestId }: Asked,
  source: FileSource,
  download: Download,
): Promise<Result<ReadableStream<Uint8Array>>> {
  const { key, offset, length } = download;
  try {
    const body = await within(source.documents.get(key, offset, length), STORE_TIMEOUT_MS);
    if (body !== undefined) return ok(body);
    throw new Error("an available file has no object");
  } catch (error) {
    // The client is told the same in both cases, and nothing is counted; the operator has to know.
    logFault("store-failed", error, { requestId });
  }
  await source.failed(download);
  return refuse({ reason: "store-unavailable" });
}

/**
 * Type and disposition both come from what was detected, never from the client (CVE-2023-22735); whatever the type, a
 * browser may neither sniff it nor run anything of it (CVE-2021-3741, CVE-2026-0483).
 */
function bytesHeaders(download: Download, inline: boolean): Headers {
  const disposition = inline && isInlineImage(download.contentType) ? "inline" : "attachment";
  const headers = new Headers({
    ETag: download.etag,
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",
    "Content-Type": download.contentType,
    "Content-Disposition": contentDisposition(download.name, disposition),
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
  });
  if (download.status !== 304) headers.set("Content-Length", String(download.length));
  if (download.status === 206) {
    headers.set("Content-Range", `bytes ${download.offset}-${download.offset + download.length - 1}/${download.size}`);
  }
  return headers;
}

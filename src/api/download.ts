/** The bytes of a file as an answer, for every door: authorised in the session, streamed from the store, safe to open. */
import { logFault } from "../backends/log.ts";
import type { Download } from "../core/downloads.ts";
import { isInlineImage } from "../core/file-types.ts";
import { ok, type Result, refuse } from "../core/refusal.ts";
import { contentDisposition } from "./content-disposition.ts";
import { within } from "./deadline.ts";
import { given } from "./given.ts";
import type { SessionCall } from "./route.ts";

type Call = Pick<
  SessionCall<unknown, unknown, unknown>,
  "request" | "requestId" | "ports" | "address" | "session" | "principal"
>;

/** A store that has not begun to answer after so many milliseconds is taken for one that fails. */
const STORE_TIMEOUT_MS = 30_000;

/** How a file is asked for. `ticketed`: the attempt was taken when the link was made. */
export interface Serving {
  readonly ticketed: boolean;
  /** Granted to raster images only. */
  readonly inline: boolean;
}

/** Answers with the file, the asked-for part of it, or 304; HEAD gets the headers alone. */
export async function serveFile(
  call: Call,
  fileId: string,
  { ticketed, inline }: Serving,
): Promise<Response | Result<never>> {
  const { request, session, principal } = call;
  const header = (name: string) => request.headers.get(name) ?? undefined;
  const method = request.method === "HEAD" ? "head" : ticketed ? "ticketed" : "get";
  const opened = await session.execute(principal, {
    type: "OpenDownload",
    fileId,
    method,
    ...given("range", header("Range")),
    ...given("ifNoneMatch", header("If-None-Match")),
    ...given("ifRange", header("If-Range")),
  });
  if (!opened.ok) return opened;
  const { status } = opened.value;
  const headers = bytesHeaders(opened.value, inline);
  if (status === 304 || method === "head") return new Response(null, { status, headers });
  const body = await openBody(call, fileId, opened.value);
  return body.ok ? new Response(body.value, { status, headers }) : body;
}

/** The bytes, or the attempt given back where the store fails before the first of them. */
async function openBody(
  { ports, address, session, requestId }: Call,
  fileId: string,
  download: Download,
): Promise<Result<ReadableStream<Uint8Array>>> {
  const { key, offset, length, countedAt } = download;
  try {
    const body = await within(ports.documents(address.jurisdiction).get(key, offset, length), STORE_TIMEOUT_MS);
    if (body !== undefined) return ok(body);
    throw new Error("an available file has no object");
  } catch (error) {
    // The client is told the same in both cases, and nothing is counted; the operator has to know.
    logFault("store-failed", error, { requestId });
  }
  if (countedAt !== undefined) {
    await session.execute({ kind: "system" }, { type: "ReturnDownload", fileId, countedAt });
  }
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

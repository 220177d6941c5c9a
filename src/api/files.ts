/** Files over REST: uploads as raw bytes or multipart, downloads with ranges and conditions, tickets, deletion. */
import * as z from "zod";
import { signTicket } from "../auth/session-token.ts";
import { wireTime } from "../core/views.ts";
import { IdempotencyKeySchema, TicketSchema, UploadedFileSchema } from "../protocol/files.ts";
import { check } from "./body.ts";
import { done, SESSION_PARAMS } from "./chat.ts";
import { serveFile } from "./download.ts";
import { given } from "./given.ts";
import { receiveRequest, sessionFiles, type Wish } from "./receive.ts";
import { type Route, route } from "./route.ts";

const FILE_PARAMS = z.object({ ...SESSION_PARAMS.shape, fileId: z.string().max(64) });
const DISPOSITION = z.enum(["attachment", "inline"]).optional().describe("inline is granted to raster images only");

/** Why an upload may be refused. */
const UPLOAD_REFUSALS = [
  "session-ended",
  "length-required",
  "uploads-disabled",
  "agent-needed",
  "too-many-files",
  "too-many-uploads",
  "file-too-large",
  "total-too-large",
  "empty-file",
  "size-mismatch",
  "type-not-allowed",
  "type-mismatch",
  "file-encrypted",
  "file-has-macros",
  "picture-too-large",
  "malware-found",
  "not-scannable",
  "scanner-unavailable",
  "idempotency-key-reused",
  "upload-superseded",
  "upload-expired",
  "busy",
  "store-unavailable",
] as const;

const upload = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/files",
  operationId: "uploadFile",
  limit: "uploads",
  summary: "Send a file: raw bytes with ?name= and Content-Length, or multipart/form-data with a part named file",
  access: "participant",
  privilege: "chat:transfer-file-from-file-system",
  params: SESSION_PARAMS,
  query: z.object({ name: z.string().optional().describe("File name, for a raw body") }),
  headers: z.object({ "Idempotency-Key": IdempotencyKeySchema.optional() }),
  bytes: ["application/octet-stream", "multipart/form-data"],
  answers: { 201: { description: "The file was stored and announced", schema: UploadedFileSchema } },
  refusals: UPLOAD_REFUSALS,
  async handle(call) {
    const key = check(
      IdempotencyKeySchema.optional(),
      call.request.headers.get("Idempotency-Key") ?? undefined,
      "header Idempotency-Key",
    );
    if (!key.ok) return key;
    // A client that leaves cancels its request; the upload goes on to a clean end all the same.
    const again = given("uploadKey", key.value);
    const receiver = {
      ...sessionFiles(call),
      reserve: (wish: Wish) => call.session.execute(call.principal, { type: "ReserveUpload", ...wish, ...again }),
    };
    const received = receiveRequest(call, receiver, call.query.name);
    call.ports.waitUntil(received.catch(() => {}));
    const announced = await received;
    if (!announced.ok) return announced;
    return Response.json({ ...announced.value.file, position: announced.value.position }, { status: 201 });
  },
});

const cancel = route({
  method: "DELETE",
  path: "/v1/sessions/:sessionId/uploads/:key",
  operationId: "cancelUpload",
  summary: "Cancel your upload that was begun with this Idempotency-Key",
  access: "participant",
  params: z.object({ ...SESSION_PARAMS.shape, key: IdempotencyKeySchema }),
  answers: { 204: { description: "Cancelled; its quota is free again" } },
  refusals: ["unknown-upload", "upload-finished", "session-ended"],
  handle: async ({ session, principal, params }) =>
    done(await session.execute(principal, { type: "CancelUpload", uploadKey: params.key })),
});

const BYTES_HEADERS = {
  ETag: "SHA-256 of the whole file",
  "Content-Disposition": "attachment, or inline for raster images where asked for",
  "Accept-Ranges": "bytes",
};

/** A file's own type, as its content was detected. */
const ANY_TYPE = ["*/*"];

const download = route({
  method: "GET",
  path: "/v1/sessions/:sessionId/files/:fileId",
  operationId: "downloadFile",
  summary: "The bytes of a file; takes a download attempt of the customer's. HEAD, 304 and 416 take none",
  access: "ticket",
  privilege: "chat:save-files",
  params: FILE_PARAMS,
  query: z.object({ disposition: DISPOSITION, ticket: z.string().optional().describe("From a ticket's link") }),
  headers: z.object({
    Range: z.string().optional().describe("One byte range"),
    "If-None-Match": z.string().optional(),
    "If-Range": z.string().optional(),
  }),
  answers: {
    200: { description: "The whole file", contentTypes: ANY_TYPE, headers: BYTES_HEADERS },
    206: { description: "The asked-for range", contentTypes: ANY_TYPE, headers: BYTES_HEADERS },
    304: { description: "The client has it already" },
  },
  refusals: ["unknown-file", "file-deleted", "no-downloads-left", "range-not-satisfiable", "store-unavailable"],
  handle: (call) =>
    serveFile(call, call.params.fileId, {
      ticketed: call.ticket !== undefined,
      inline: call.ticket?.inline ?? call.query.disposition === "inline",
    }),
});

const ticket = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/files/:fileId/ticket",
  operationId: "createTicket",
  summary: "Take a download attempt for a link that works for 60 seconds, ranged or not",
  access: "participant",
  privilege: "chat:save-files",
  params: FILE_PARAMS,
  query: z.object({ disposition: DISPOSITION }),
  answers: { 201: { description: "The link", schema: TicketSchema } },
  refusals: ["unknown-file", "file-deleted", "no-downloads-left"],
  async handle({ config, ports, url, address, session, principal, params, query }) {
    const taken = await session.execute(principal, { type: "TakeTicket", fileId: params.fileId });
    if (!taken.ok) return taken;
    const file = { fileId: params.fileId, inline: query.disposition === "inline" };
    const signed = await signTicket(config, address.sessionId, file, principal, ports.now());
    const filesOrigin = config.services.get(address.service)?.filesOrigin ?? "";
    const origin = filesOrigin || config.publicOrigin || url.origin;
    const link = new URL(`/v1/sessions/${address.sessionId}/files/${params.fileId}`, origin);
    link.searchParams.set("ticket", signed.token);
    return Response.json({ url: link.href, expiresAt: wireTime(signed.expiresAt) }, { status: 201 });
  },
});

const deleteFile = route({
  method: "DELETE",
  path: "/v1/sessions/:sessionId/files/:fileId",
  operationId: "deleteFile",
  summary: "Delete a file you sent",
  access: "participant",
  params: FILE_PARAMS,
  answers: { 204: { description: "Deleted; its bytes are being removed" } },
  refusals: ["unknown-file", "delete-disabled", "not-own-file", "session-ended"],
  handle: async ({ session, principal, params }) =>
    done(await session.execute(principal, { type: "DeleteFile", fileId: params.fileId })),
});

/** The routes of this file. */
export const fileRoutes: readonly Route[] = [upload, cancel, download, ticket, deleteFile];

/** Standard responses as editors change them: texts, categories, files, and whole libraries in and out. */
import * as z from "zod";
import { inspectionOf } from "../core/inspection.ts";
import type { ResponseContent } from "../core/library.ts";
import { ok, type Result, refuse, refuseField } from "../core/refusal.ts";
import { randomId } from "../protocol/encoding.ts";
import * as wire from "../protocol/library.ts";
import { variableProblem } from "../protocol/response-text.ts";
import { MAX_IMPORT_BYTES } from "../protocol/wire.ts";
import { done } from "./chat.ts";
import { given } from "./given.ts";
import { viewResponse } from "./library.ts";
import { libraryLedger } from "./library-ledger.ts";
import { receiveRequest, type Wish } from "./receive.ts";
import { type Route, route, type ServiceCall } from "./route.ts";

const EDITING = { access: "agent-service", privilege: "library:edit" } as const;
const SERVICE = z.object({ service: z.string() });
const RESPONSE = z.object({ ...SERVICE.shape, responseId: z.string().max(64) });
const CATEGORY = z.object({ ...SERVICE.shape, categoryId: z.string().max(64) });
const FROM = z.object({ version: z.coerce.number().int().min(1).optional().describe("The version that you saw") });

type Written = z.infer<typeof wire.CreateResponseSchema>;

/** A response's texts, once they hold known variables only and fit into a message of the service. */
function readContent(written: Written, maxLength: number, at = ""): Result<ResponseContent> {
  const { title, language, text, translations = {}, categoryId, shortcut } = written;
  const texts = Object.entries(translations).map(([tag, words]) => [`translations.${tag}`, words] as const);
  for (const [field, words] of [["text", text] as const, ...texts]) {
    const problem = variableProblem(words);
    if (problem !== undefined) return refuseField(`${at}${field}`, problem);
    if (words.length > maxLength) return refuseField(`${at}${field}`, `at most ${maxLength} characters`);
  }
  const place = { ...given("categoryId", categoryId), ...given("shortcut", shortcut) };
  return ok({ title, language, text, translations, ...place });
}

const create = route({
  ...EDITING,
  method: "POST",
  path: "/v1/admin/services/:service/standard-responses",
  operationId: "createStandardResponse",
  summary: "Write a standard response",
  params: SERVICE,
  body: wire.CreateResponseSchema,
  answers: { 201: { description: "The response", schema: wire.StandardResponseSchema } },
  refusals: ["unknown-category", "library-full"],
  async handle({ library, options, body }) {
    const content = readContent(body, options.maxMessageLength);
    if (!content.ok) return content;
    const saved = await library.saveResponse({ responseId: randomId(), content: content.value, mode: "create" });
    return saved.ok ? Response.json(viewResponse(saved.value), { status: 201 }) : saved;
  },
});

const replace = route({
  ...EDITING,
  method: "PUT",
  path: "/v1/admin/services/:service/standard-responses/:responseId",
  operationId: "replaceStandardResponse",
  summary: "Write a standard response anew; its files stay",
  params: RESPONSE,
  body: wire.EditResponseSchema,
  answers: { 200: { description: "The response", schema: wire.StandardResponseSchema } },
  refusals: ["unknown-response", "unknown-category", "version-conflict"],
  async handle({ library, options, params: { responseId }, body: { version, ...written } }) {
    const content = readContent(written, options.maxMessageLength);
    if (!content.ok) return content;
    const edit = { responseId, content: content.value, mode: "replace", ...given("from", version) } as const;
    const saved = await library.saveResponse(edit);
    return saved.ok ? Response.json(viewResponse(saved.value)) : saved;
  },
});

const remove = route({
  ...EDITING,
  method: "DELETE",
  path: "/v1/admin/services/:service/standard-responses/:responseId",
  operationId: "deleteStandardResponse",
  summary: "Delete a standard response; sessions that got its files keep them",
  params: RESPONSE,
  query: FROM,
  answers: { 204: { description: "Deleted" } },
  refusals: ["unknown-response", "version-conflict"],
  handle: async ({ library, params, query }) => done(await library.deleteResponse(params.responseId, query.version)),
});

const upload = route({
  ...EDITING,
  method: "POST",
  path: "/v1/admin/services/:service/standard-responses/:responseId/files",
  operationId: "uploadLibraryFile",
  summary: "Add a file to a standard response; one of the same name is replaced",
  params: RESPONSE,
  query: z.object({ name: z.string().optional().describe("File name, for a raw body") }),
  bytes: ["application/octet-stream", "multipart/form-data"],
  answers: { 201: { description: "The file was stored", schema: wire.AddedFileSchema } },
  refusals: [
    "unknown-response",
    "library-full",
    "length-required",
    "file-too-large",
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
    "upload-expired",
    "busy",
    "store-unavailable",
  ],
  async handle(call) {
    const received = receiveRequest(call, filesOf(call, call.params.responseId), call.query.name);
    // A client that leaves cancels its request; the upload goes on to a clean end all the same.
    call.ports.waitUntil(received.catch(() => {}));
    const added = await received;
    if (!added.ok) return added;
    return Response.json({ ...added.value.file, version: added.value.version }, { status: 201 });
  },
});

/** Where files of a response go: the way of all uploads, by the limits of agents' files. */
function filesOf({ library, ports, options, service }: ServiceCall<unknown, unknown, unknown>, responseId: string) {
  const { jurisdiction, agentMaxFileSize, agentFileTypes } = options;
  const limits = { agentMaxFileSize, agentFileTypes, ...inspectionOf(options) };
  return {
    documents: ports.documents(jurisdiction),
    ledger: libraryLedger(library),
    reserve: (wish: Wish) => library.reserveFile({ service, jurisdiction }, responseId, wish, limits),
  };
}

const removeFile = route({
  ...EDITING,
  method: "DELETE",
  path: "/v1/admin/services/:service/standard-responses/:responseId/files/:documentId",
  operationId: "deleteLibraryFile",
  summary: "Take a file from a standard response; sessions that got it keep it",
  params: z.object({ ...RESPONSE.shape, documentId: z.string().max(64) }),
  answers: { 204: { description: "Taken away" } },
  refusals: ["unknown-response", "unknown-file"],
  handle: async ({ library, params }) => done(await library.deleteFile(params.responseId, params.documentId)),
});

const createCategory = route({
  ...EDITING,
  method: "POST",
  path: "/v1/admin/services/:service/standard-response-categories",
  operationId: "createStandardResponseCategory",
  summary: "Make a category of standard responses",
  params: SERVICE,
  body: wire.EditCategorySchema,
  answers: { 201: { description: "The category", schema: wire.CategorySchema } },
  refusals: ["unknown-category", "library-full"],
  async handle({ library, body: { name, parentId } }) {
    const category = { categoryId: randomId(), name, ...given("parentId", parentId) };
    const saved = await library.saveCategory(category, "create");
    return saved.ok ? Response.json(saved.value, { status: 201 }) : saved;
  },
});

const replaceCategory = route({
  ...EDITING,
  method: "PUT",
  path: "/v1/admin/services/:service/standard-response-categories/:categoryId",
  operationId: "replaceStandardResponseCategory",
  summary: "Rename or move a category",
  params: CATEGORY,
  body: wire.EditCategorySchema,
  answers: { 200: { description: "The category", schema: wire.CategorySchema } },
  refusals: ["unknown-category"],
  async handle({ library, params: { categoryId }, body: { name, parentId } }) {
    const saved = await library.saveCategory({ categoryId, name, ...given("parentId", parentId) }, "replace");
    return saved.ok ? Response.json(saved.value) : saved;
  },
});

const removeCategory = route({
  ...EDITING,
  method: "DELETE",
  path: "/v1/admin/services/:service/standard-response-categories/:categoryId",
  operationId: "deleteStandardResponseCategory",
  summary: "Delete a category in which nothing lies",
  params: CATEGORY,
  answers: { 204: { description: "Deleted" } },
  refusals: ["unknown-category", "category-in-use"],
  handle: async ({ library, params }) => done(await library.deleteCategory(params.categoryId)),
});

const exportLibrary = route({
  ...EDITING,
  method: "GET",
  path: "/v1/admin/services/:service/library/export",
  operationId: "exportLibrary",
  summary: "Texts, categories and the names of files, in parts that can be imported",
  params: SERVICE,
  query: z.object({ cursor: z.string().max(64).optional() }),
  answers: { 200: { description: "A part of the library", schema: wire.ExportedLibrarySchema } },
  refusals: [],
  async handle({ library, query }) {
    const { next, ...part } = await library.exportPart(query.cursor ?? "");
    return Response.json({ ...part, ...given("cursor", next) });
  },
});

const importLibrary = route({
  ...EDITING,
  method: "POST",
  path: "/v1/admin/services/:service/library/import",
  operationId: "importLibrary",
  summary: "Bring in a part of an exported library by its ids: all or nothing; a repeat changes nothing",
  params: SERVICE,
  body: wire.ImportLibrarySchema,
  bodyLimit: MAX_IMPORT_BYTES,
  answers: {
    200: { description: "What was done, and which files are to be uploaded", schema: wire.ImportReportSchema },
  },
  refusals: ["library-full"],
  async handle({ library, options, body }) {
    const responses = [];
    for (const [index, { responseId, files = [], ...written }] of body.responses.entries()) {
      const content = readContent(written, options.maxMessageLength, `responses.${index}.`);
      if (!content.ok) return refuse(content.refusal);
      responses.push({ responseId, ...content.value, files });
    }
    const categories = body.categories.map(({ categoryId, name, parentId }) => ({
      categoryId,
      name,
      ...given("parentId", parentId),
    }));
    const report = await library.importPart({ categories, responses });
    return report.ok ? Response.json(report.value) : report;
  },
});

/** The routes of this file. */
export const libraryAdminRoutes: readonly Route[] = [
  exportLibrary,
  importLibrary,
  create,
  replace,
  remove,
  upload,
  removeFile,
  createCategory,
  replaceCategory,
  removeCategory,
];

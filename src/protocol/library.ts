/** Standard responses as they travel: what agents find, what editors write, and a library as one document. */
import * as z from "zod";
import { NicknameSchema, SubjectSchema, TextSchema } from "./chat.ts";
import { LanguageSchema } from "./locale.ts";
import { MAX_RESPONSE_FILES, MAX_RESPONSE_TEXT, MAX_SERVICE_CATEGORIES, MAX_TRANSLATIONS } from "./wire.ts";

const IdSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, - or _");
const ResponseTextSchema = TextSchema.max(MAX_RESPONSE_TEXT, `at most ${MAX_RESPONSE_TEXT} characters`);
const VersionSchema = z.int().min(1).describe("Grows with each change of texts or files");

/** A word that finds exactly one response. */
const ShortcutSchema = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,31}$/u,
    "1 to 32 letters, digits, - or _, beginning with a letter or digit",
  );

const TranslationsSchema = z
  .record(LanguageSchema, ResponseTextSchema)
  .refine((all) => Object.keys(all).length <= MAX_TRANSLATIONS, `at most ${MAX_TRANSLATIONS} languages`)
  .describe("The text in other languages, by their tags");

const content = {
  title: SubjectSchema,
  language: LanguageSchema,
  text: ResponseTextSchema.describe("May hold variables such as {{customer.nickname}}"),
  translations: TranslationsSchema.optional(),
  categoryId: IdSchema.optional(),
  shortcut: ShortcutSchema.optional(),
};

const fileFacts = {
  name: z.string(),
  size: z.int().min(0).describe("Bytes"),
  type: z.string().describe("MIME type of the detected content"),
  sha256: z.string().describe("Lower-case hex"),
};

/** A file of a standard response. */
export const LibraryFileSchema = z
  .object({
    documentId: z.string(),
    ...fileFacts,
    scan: z.enum(["clean", "skipped"]).optional().describe("What the malware scan said"),
  })
  .meta({ id: "LibraryFile", description: "A file of a standard response." });

/** A response, whole. */
export const StandardResponseSchema = z
  .object({
    responseId: z.string(),
    title: z.string(),
    language: z.string(),
    text: z.string(),
    translations: z.record(z.string(), z.string()),
    categoryId: z.string().optional(),
    shortcut: z.string().optional(),
    files: z.array(LibraryFileSchema),
    version: VersionSchema,
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "StandardResponse" });

/** The same as one agent sees it. */
export const AgentResponseSchema = z
  .object({ ...StandardResponseSchema.shape, favourite: z.boolean() })
  .meta({ id: "AgentResponse" });

/** A page of what was found. */
export const ResponsePageSchema = z
  .object({
    responses: z.array(
      z.object({
        responseId: z.string(),
        title: z.string(),
        language: z.string(),
        preview: z.string().describe("The beginning of the text, in the language asked for where there is one"),
        categoryId: z.string().optional(),
        shortcut: z.string().optional(),
        files: z.array(LibraryFileSchema),
        version: VersionSchema,
        favourite: z.boolean(),
      }),
    ),
    cursor: z.string().optional().describe("For the next page; absent on the last"),
  })
  .meta({ id: "ResponsePage" });

/** Query of a search; a path names no service here, so it stands among the rest. */
export const ResponseQuerySchema = z.object({
  service: z.string(),
  q: z
    .string()
    .max(200, "at most 200 characters")
    .optional()
    .describe("Words, or beginnings of words; all must be found"),
  category: IdSchema.optional().describe("This category and all in it"),
  language: LanguageSchema.optional(),
  list: z.enum(["favourites", "recent"]).optional().describe("Your favourites, or what you sent last"),
  cursor: z
    .string()
    .regex(/^\d{1,5}$/, "a cursor of an earlier answer")
    .optional(),
});

/** A response under edit. `version` is the one it was made from; another one that is there by now refuses the edit. */
export const EditResponseSchema = z
  .strictObject({ ...content, version: VersionSchema.optional() })
  .meta({ id: "EditResponse" });

/** A new response. */
export const CreateResponseSchema = z.strictObject(content).meta({ id: "CreateResponse" });

/** A category. */
export const CategorySchema = z
  .object({ categoryId: z.string(), name: z.string(), parentId: z.string().optional() })
  .meta({ id: "Category" });

/** All categories, by name. */
export const CategoriesSchema = z.object({ categories: z.array(CategorySchema) }).meta({ id: "Categories" });

/** A category under edit. */
export const EditCategorySchema = z
  .strictObject({ name: NicknameSchema, parentId: IdSchema.optional() })
  .meta({ id: "EditCategory" });

/** Answer to an upload: the file, and its response's version. */
export const AddedFileSchema = z
  .object({ ...LibraryFileSchema.shape, version: VersionSchema })
  .meta({ id: "AddedFile" });

/** Most responses in one import. */
const MAX_IMPORTED = 1000;
const EXPORTED_FILE = z.strictObject(fileFacts);

/** A part of a library, to be imported: what an export answers. Files are named only; their bytes are uploaded. */
export const ImportLibrarySchema = z
  .strictObject({
    format: z.literal("satchel-standard-responses"),
    categories: z
      .array(z.strictObject({ categoryId: IdSchema, name: NicknameSchema, parentId: IdSchema.optional() }))
      .max(MAX_SERVICE_CATEGORIES),
    responses: z
      .array(
        z.strictObject({
          responseId: IdSchema,
          ...content,
          files: z.array(EXPORTED_FILE).max(MAX_RESPONSE_FILES).optional(),
        }),
      )
      .max(MAX_IMPORTED),
    cursor: z.string().optional().describe("Ignored: an export's own, for its next part"),
  })
  .meta({ id: "ImportLibrary" });

/** A part of a library as it is exported; each can be imported alone. */
export const ExportedLibrarySchema = z
  .object({
    format: z.literal("satchel-standard-responses"),
    categories: z.array(CategorySchema),
    responses: z.array(
      z.object({
        responseId: z.string(),
        title: z.string(),
        language: z.string(),
        text: z.string(),
        translations: z.record(z.string(), z.string()),
        categoryId: z.string().optional(),
        shortcut: z.string().optional(),
        files: z.array(z.object(fileFacts)),
      }),
    ),
    cursor: z.string().optional().describe("For the next part; absent on the last"),
  })
  .meta({ id: "ExportedLibrary" });

const CountSchema = z.object({ created: z.int(), updated: z.int(), unchanged: z.int() });

/** What an import did. */
export const ImportReportSchema = z
  .object({
    categories: CountSchema,
    responses: CountSchema,
    missingFiles: z
      .array(z.object({ responseId: z.string(), ...fileFacts }))
      .describe("Named by the import and not in the library: to be uploaded"),
  })
  .meta({ id: "ImportReport" });

/** A file of a standard response as it travels. */
export type WireLibraryFile = z.infer<typeof LibraryFileSchema>;
/** A response as one agent sees it, as it travels. */
export type WireAgentResponse = z.infer<typeof AgentResponseSchema>;
/** A page of found responses as it travels. */
export type WireResponsePage = z.infer<typeof ResponsePageSchema>;
/** A category as it travels. */
export type WireCategory = z.infer<typeof CategorySchema>;
/** A response as an editor writes it. */
export type WireEditedResponse = z.infer<typeof EditResponseSchema>;
/** A part of a library as it is exported. */
export type WireExportedLibrary = z.infer<typeof ExportedLibrarySchema>;
/** What an import did, as it travels. */
export type WireImportReport = z.infer<typeof ImportReportSchema>;

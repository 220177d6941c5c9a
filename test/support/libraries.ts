/** Real library objects inside workerd, for tests: each of its own name, ringing only when told to. Stop the clock first. */
import { env } from "cloudflare:workers";
import { type LibraryPort, libraryPort } from "../../durable/kit/objects.ts";
import { libraryLedger } from "../../src/api/library-ledger.ts";
import { receiveUpload } from "../../src/api/upload.ts";
import { PART_BYTES } from "../../src/backends/documents.ts";
import { inspectionOf } from "../../src/core/inspection.ts";
import type { AddedFile, LibraryPage, LibrarySearch, ResponseContent } from "../../src/core/library.ts";
import type { FileWish, LibraryDocument, LibraryReservation } from "../../src/core/library-documents.ts";
import type { Result } from "../../src/core/refusal.ts";
import { documents } from "./chats.ts";
import { accepted } from "./core-fixtures.ts";
import { TestObject } from "./test-object.ts";
import { bodyOf, textOf } from "./uploads.ts";

/** Limits of files in these tests, in bytes. */
export const LIMITS = { agentMaxFileSize: 20_000_000, agentFileTypes: ["txt", "pdf"], ...inspectionOf({}) } as const;
/** Who asks in these tests. */
export const AGENT = "agent-anna";

/** One library in an object of its own. */
export class TestLibrary extends TestObject {
  readonly service: string;
  readonly port: LibraryPort;

  /** The library of a service; of one that nobody else has unless told otherwise. */
  constructor(service = `shop-${crypto.randomUUID()}`) {
    super();
    this.service = service;
    this.port = libraryPort(env, { service, jurisdiction: "" });
  }

  get stub() {
    return env.LIBRARY.getByName(this.service);
  }

  /** The stored documents. */
  async documents(): Promise<LibraryDocument[]> {
    const rows = await this.rows("SELECT body FROM documents");
    return rows.map(({ body }) => JSON.parse(String(body)) as LibraryDocument);
  }

  /** Where one document is in its life; `forgotten` where it has no row. */
  async state(documentId: string): Promise<string> {
    const document = (await this.documents()).find((one) => one.documentId === documentId);
    return document?.phase.state ?? "forgotten";
  }

  /** Keys in the store under the library's prefix, tombstones too, without the prefix. */
  async keys(): Promise<string[]> {
    const prefix = `library/${this.service}/`;
    const { objects } = await env.FILES.list({ prefix });
    return objects.map(({ key }) => key.slice(prefix.length));
  }

  /** Writes a response; its id is made from its title unless the test says otherwise. */
  async add(title: string, more: Partial<ResponseContent> = {}, responseId = title): Promise<string> {
    const content = { title, language: "en", text: `Text of ${title}`, translations: {}, ...more };
    accepted(await this.port.saveResponse({ responseId, content, mode: "create" }));
    return responseId;
  }

  /** Titles of what is found. */
  async find(words: string | undefined, more: Partial<LibrarySearch> = {}): Promise<string[]> {
    const page = await this.search({ ...(words === undefined ? {} : { words }), ...more });
    return page.responses.map(({ title }) => title);
  }

  /** Looks for responses as Anna. */
  search(search: Partial<LibrarySearch>): Promise<LibraryPage> {
    return this.port.search(AGENT, { offset: 0, ...search });
  }

  /** Holds a place for a text file of 100 bytes, unless the test says otherwise. */
  async reserve(responseId: string, wish: Partial<FileWish> = {}): Promise<LibraryReservation> {
    const whole = { name: "a.txt", extension: "txt", size: 100, exact: true, ...wish };
    return accepted(
      await this.port.reserveFile({ service: this.service, jurisdiction: "" }, responseId, whole, LIMITS),
    );
  }

  /** Fills a place by the pipeline: what the sender promised is 100 bytes unless the test says otherwise. */
  receive(
    reservation: LibraryReservation,
    pieces: AsyncIterable<Uint8Array> = bodyOf(textOf(100)),
    size: number | "unknown" = 100,
  ): Promise<Result<AddedFile>> {
    const ledger = libraryLedger(this.port);
    const buffer = new Uint8Array(PART_BYTES);
    const now = () => Date.now();
    return receiveUpload({
      ledger,
      documents: documents(),
      reservation,
      extension: "txt",
      pieces,
      buffer,
      now,
      scanner: undefined,
      size: size === "unknown" ? undefined : size,
    });
  }

  /** Sends a text file of 100 bytes; the value is its document. */
  async send(responseId: string, name = "a.txt"): Promise<string> {
    return accepted(await this.receive(await this.reserve(responseId, { name }))).file.documentId;
  }
}

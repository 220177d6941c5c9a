/** Standard responses of one service: finding them, and, with `library:edit`, writing them. */
import type {
  WireAgentResponse,
  WireCategory,
  WireEditedResponse,
  WireExportedLibrary,
  WireImportReport,
  WireResponsePage,
} from "../../protocol/library.ts";
import type { Api, Outcome } from "./api.ts";
import { sendFile } from "./transfer.ts";

/** What is looked for; nothing of it means everything. */
export interface ResponseSearch {
  readonly q?: string;
  readonly category?: string;
  readonly language?: string;
  readonly list?: "favourites" | "recent";
  readonly cursor?: string;
}

/** The library of one service. */
export class LibraryClient {
  readonly #api: Api;
  readonly #service: string;

  constructor(api: Api, service: string) {
    this.#api = api;
    this.#service = service;
  }

  /** What fits, 50 at a time. */
  search(search: ResponseSearch): Promise<Outcome<WireResponsePage>> {
    return this.#api.ask({ method: "GET", path: this.#read("s", { ...search }) });
  }

  /** One response with all its texts. */
  response(responseId: string): Promise<Outcome<WireAgentResponse>> {
    return this.#api.ask({ method: "GET", path: this.#read(`s/${responseId}`) });
  }

  /** All categories, by name. */
  categories(): Promise<Outcome<{ readonly categories: readonly WireCategory[] }>> {
    return this.#api.ask({ method: "GET", path: this.#read("-categories") });
  }

  /** Makes it a favourite of the agent's, or takes it from them. */
  favour(responseId: string, favourite: boolean): Promise<Outcome<undefined>> {
    const method = favourite ? "PUT" : "DELETE";
    return this.#api.ask({ method, path: this.#read(`s/${responseId}/favourite`) });
  }

  /** The bytes of one of its files. */
  async file(responseId: string, documentId: string): Promise<Outcome<Blob>> {
    const path = this.#read(`s/${responseId}/files/${documentId}`);
    const answer = await this.#api.fetch({ method: "GET", path });
    return answer.ok ? { ok: true, value: await answer.value.blob() } : answer;
  }

  /** Writes a response; a new one where no id is named. With a `version` only while that is the newest. */
  write(responseId: string | undefined, json: WireEditedResponse): Promise<Outcome<WireAgentResponse>> {
    if (responseId === undefined)
      return this.#api.ask({ method: "POST", path: this.#edit("standard-responses"), json });
    return this.#api.ask({ method: "PUT", path: this.#edit(`standard-responses/${responseId}`), json });
  }

  /** Deletes a response. */
  delete(responseId: string, version: number): Promise<Outcome<undefined>> {
    return this.#api.ask({ method: "DELETE", path: this.#edit(`standard-responses/${responseId}?version=${version}`) });
  }

  /** Adds a file; one of the same name is replaced. */
  addFile(responseId: string, file: File, progressed: (sentBytes: number) => void): Promise<Outcome<unknown>> {
    const folder = this.#edit(`standard-responses/${responseId}`);
    return sendFile(this.#api, folder, { file, key: crypto.randomUUID() }, progressed).done;
  }

  /** Takes a file away. */
  removeFile(responseId: string, documentId: string): Promise<Outcome<undefined>> {
    return this.#api.ask({
      method: "DELETE",
      path: this.#edit(`standard-responses/${responseId}/files/${documentId}`),
    });
  }

  /** Writes a category; a new one where no id is named. */
  writeCategory(categoryId: string | undefined, name: string, parentId?: string): Promise<Outcome<WireCategory>> {
    const json = { name, ...(parentId === undefined ? {} : { parentId }) };
    if (categoryId === undefined)
      return this.#api.ask({ method: "POST", path: this.#edit("standard-response-categories"), json });
    return this.#api.ask({ method: "PUT", path: this.#edit(`standard-response-categories/${categoryId}`), json });
  }

  /** Deletes a category in which nothing lies. */
  deleteCategory(categoryId: string): Promise<Outcome<undefined>> {
    return this.#api.ask({ method: "DELETE", path: this.#edit(`standard-response-categories/${categoryId}`) });
  }

  /** The whole library; files are named, their bytes are not in it. */
  async export(): Promise<Outcome<WireExportedLibrary>> {
    const ask = (query: string) =>
      this.#api.ask<WireExportedLibrary>({ method: "GET", path: this.#edit(`library/export${query}`) });
    let part = await ask("");
    const responses: WireExportedLibrary["responses"] = [];
    while (part.ok) {
      responses.push(...part.value.responses);
      const { cursor, ...last } = part.value;
      if (cursor === undefined) return { ok: true, value: { ...last, responses } };
      part = await ask(`?cursor=${encodeURIComponent(cursor)}`);
    }
    return part;
  }

  /** Brings in one part of a library. */
  import(json: unknown): Promise<Outcome<WireImportReport>> {
    return this.#api.ask({ method: "POST", path: this.#edit("library/import"), json });
  }

  #read(rest: string, query: Readonly<Record<string, string | undefined>> = {}): string {
    const search = new URLSearchParams({ service: this.#service });
    for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") search.set(name, value);
    return `/v1/agent/standard-response${rest}?${search}`;
  }

  #edit(rest: string): string {
    return `/v1/admin/services/${encodeURIComponent(this.#service)}/${rest}`;
  }
}

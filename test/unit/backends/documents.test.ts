import { env } from "cloudflare:workers";
import { createDocumentStore } from "../../../src/backends/documents.ts";
import { describeDocumentStore } from "../../support/document-contract.ts";
import { MemoryDocuments } from "../../support/memory-documents.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const memory = new MemoryDocuments(new MemoryStore());

describeDocumentStore("documents in R2", () => createDocumentStore(env.FILES));
describeDocumentStore("documents in memory, where portable tests keep them", () => memory);

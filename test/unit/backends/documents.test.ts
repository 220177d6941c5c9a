import { env } from "cloudflare:workers";
import { createDocumentStore } from "../../../src/backends/documents.ts";
import { describeDocumentStore } from "../../support/document-contract.ts";

describeDocumentStore("documents in R2", () => createDocumentStore(env.FILES));

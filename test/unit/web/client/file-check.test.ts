/** Refusals before any byte travels: the same reasons, limits and order as the server's own. */
import { expect, it } from "vitest";
import { type Limits, limitsOf } from "../../../../src/core/quotas.ts";
import { checkFile, extensionOf } from "../../../../src/web/client/file-check.ts";
import { chatWithAnna, openChat, reserve } from "../../../support/core-chat.ts";

const BASE = { uploadMaxFiles: 3, uploadMaxFileSize: 1000, uploadMaxTotalSize: 2000, uploadFileTypes: ["pdf"] };
const NOTHING = { files: 0, bytes: 0 };
const wire = (limits: Limits) => ({ ...limits, uploadFileTypes: [...limits.uploadFileTypes] });

it.each([
  ["fits", {}, { name: "a.pdf", size: 1000 }],
  ["has its extension in capitals", {}, { name: "A.PDF", size: 1 }],
  ["is too large", {}, { name: "a.pdf", size: 1001 }],
  ["is of another type", {}, { name: "a.exe", size: 1 }],
  ["is both", {}, { name: "a.exe", size: 1001 }],
  ["comes where files are disabled by number", { uploadMaxFiles: 0 }, { name: "a.pdf", size: 1 }],
  ["comes where files are disabled by size", { uploadMaxFileSize: 0 }, { name: "a.pdf", size: 1 }],
  ["comes where files are disabled in total", { uploadMaxTotalSize: 0 }, { name: "a.pdf", size: 1 }],
  ["is more than is left in total", { uploadMaxTotalSize: 500 }, { name: "a.pdf", size: 501 }],
  ["comes while an agent is needed", { uploadNeedAgent: true }, { name: "a.pdf", size: 1 }],
])("a file that %s gets the server's answer", (_what, change, file) => {
  for (const chat of [openChat({ ...BASE, ...change }), chatWithAnna({ ...BASE, ...change })]) {
    if (chat.session === undefined) throw new Error("no session");
    const agentThere = chat.session.participants.some(({ type }) => type === "Agent");
    const said = checkFile(file, { limits: wire(limitsOf(chat.session)), agentThere, waiting: NOTHING });
    const server = reserve(chat, { ...file, extension: extensionOf(file.name) });
    if (server.ok) expect(said).toBeUndefined();
    else {
      const { reason: code, extension: _known, ...rest } = { extension: "", ...server.refusal };
      expect(said).toEqual({ code, ...rest });
    }
  }
});

it("files that wait for their turn count with what was sent", () => {
  const { session } = openChat(BASE);
  if (session === undefined) throw new Error("no session");
  const situation = { limits: wire(limitsOf(session)), agentThere: true };
  const file = { name: "a.pdf", size: 600 };
  expect(checkFile(file, { ...situation, waiting: { files: 2, bytes: 1400 } })).toBeUndefined();
  expect(checkFile(file, { ...situation, waiting: { files: 3, bytes: 0 } })).toEqual({
    code: "too-many-files",
    limit: 3,
  });
  const total = { code: "total-too-large", limit: 2000, left: 500 };
  expect(checkFile(file, { ...situation, waiting: { files: 1, bytes: 1500 } })).toEqual(total);
  expect(checkFile({ name: "a.pdf", size: 0 }, { ...situation, waiting: NOTHING })).toEqual({ code: "empty-file" });
});

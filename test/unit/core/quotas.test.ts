/** Limits of uploads: exactly the limit passes, one more is refused, and 0 disables. */
import { describe, expect, test } from "vitest";
import type { ServiceOptions } from "../../../src/core/options.ts";
import { limitsOf } from "../../../src/core/quotas.ts";
import { chatWithAnna, commit, openChat, reserve, reserved, upload } from "../../support/core-chat.ts";
import { ANNA, accepted, CUSTOMER, reasonOf } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

function usedOf(chat: MemorySession) {
  if (chat.session === undefined) throw new Error("there is no session");
  return limitsOf(chat.session).used;
}

describe("the number of files", () => {
  test("may reach the limit and not pass it, whether they are announced or on their way", () => {
    const chat = openChat({ uploadMaxFiles: 2 });
    upload(chat);
    reserved(chat);
    expect(reserve(chat)).toEqual({ ok: false, refusal: { reason: "too-many-files", limit: 2 } });
  });
});

describe("the size of a file", () => {
  test("may reach the limit and not pass it", () => {
    const chat = openChat({ uploadMaxFileSize: 1000 });
    expect(reasonOf(reserve(chat, { size: 1000 }))).toBe("accepted");
    expect(reserve(chat, { size: 1001 })).toEqual({ ok: false, refusal: { reason: "file-too-large", limit: 1000 } });
  });

  test("that is only bounded is held up to the limit of a file", () => {
    expect(reserved(openChat(), { size: 50_000, exact: false }).held).toBe(1000);
    expect(reserved(openChat(), { size: 400, exact: false }).held).toBe(400);
  });

  test("that is only bounded is held up to what remains of the total", () => {
    const chat = openChat();
    upload(chat, { size: 900 });
    upload(chat, { size: 800 });
    expect(reserved(chat, { size: 50_000, exact: false }).held).toBe(300);
  });

  test("that is at least too large is refused before anything is read", () => {
    const chat = openChat();
    const wish = { size: 50_000, exact: false, atLeast: 1001 };
    expect(reasonOf(reserve(chat, wish))).toBe("file-too-large");
    expect(reasonOf(reserve(chat, { ...wish, atLeast: 1000 }))).toBe("accepted");
  });
});

describe("the total of all files", () => {
  test("may reach the limit and not pass it", () => {
    const chat = openChat({ uploadMaxTotalSize: 1500 });
    upload(chat, { size: 1000 });
    expect(reserve(chat, { size: 501 })).toEqual({
      ok: false,
      refusal: { reason: "total-too-large", limit: 1500, left: 500 },
    });
    expect(reasonOf(reserve(chat, { size: 500 }))).toBe("accepted");
    expect(reasonOf(reserve(chat, { size: 1, exact: false }))).toBe("total-too-large");
  });

  test("counts an upload with what it holds, then with what it had", () => {
    const chat = openChat();
    const one = reserved(chat, { size: 1000, exact: false });
    expect(usedOf(chat)).toEqual({ files: 1, bytes: 1000, downloads: 0 });
    accepted(commit(chat, one, 10));
    expect(usedOf(chat)).toEqual({ files: 1, bytes: 10, downloads: 0 });
  });

  test("that shrank below what is used refuses the next file and takes nothing back", () => {
    const chat = openChat();
    upload(chat, { size: 800 });
    chat.changeOptions({ uploadMaxTotalSize: 500 });
    expect(reserve(chat)).toEqual({ ok: false, refusal: { reason: "total-too-large", limit: 500, left: 0 } });
    expect(usedOf(chat)).toMatchObject({ files: 1, bytes: 800 });
  });
});

describe("uploads", () => {
  test.each(["uploadMaxFiles", "uploadMaxFileSize", "uploadMaxTotalSize"] as const)(
    "are disabled by 0 in %s",
    (name) => {
      const options: Partial<ServiceOptions> = { [name]: 0 };
      expect(reasonOf(reserve(openChat(options)))).toBe("uploads-disabled");
    },
  );

  test("of a type that is not listed are refused with what is allowed", () => {
    expect(reserve(openChat(), { name: "a.exe", extension: "exe" })).toEqual({
      ok: false,
      refusal: { reason: "type-not-allowed", extension: "exe", allowed: ["pdf", "txt"] },
    });
  });

  test("wait for an agent where the service wants one", () => {
    const chat = openChat({ uploadNeedAgent: true });
    expect(reasonOf(reserve(chat))).toBe("agent-needed");
    accepted(chat.execute(ANNA, { type: "JoinSession" }));
    expect(reasonOf(reserve(chat))).toBe("accepted");
    accepted(chat.execute(ANNA, { type: "LeaveSession" }));
    expect(reasonOf(reserve(chat))).toBe("agent-needed");
  });

  test("follow new options at once", () => {
    const chat = openChat();
    chat.changeOptions({ uploadMaxFiles: 0 });
    expect(reasonOf(reserve(chat))).toBe("uploads-disabled");
  });
});

describe("agents", () => {
  test("are not bound by the customer's limits, and use nothing of them", () => {
    const chat = chatWithAnna({ uploadMaxFiles: 1, uploadNeedAgent: true });
    upload(chat, {}, CUSTOMER);
    upload(chat, { size: 3000 }, ANNA);
    upload(chat, { size: 3000 }, ANNA);
    expect(usedOf(chat)).toEqual({ files: 1, bytes: 100, downloads: 0 });
  });

  test("may upload where customers may not", () => {
    const chat = chatWithAnna({ uploadMaxFiles: 0 });
    expect(reasonOf(reserve(chat, {}, ANNA))).toBe("accepted");
  });

  test("have their own size, which may be reached and not passed", () => {
    const chat = chatWithAnna();
    expect(reasonOf(reserve(chat, { size: 5000 }, ANNA))).toBe("accepted");
    expect(reasonOf(reserve(chat, { size: 5001 }, ANNA))).toBe("file-too-large");
    expect(reserved(chat, { size: 90_000, exact: false }, ANNA).held).toBe(5000);
  });

  test.each([true, false])("may upload nothing where their size is 0 (size known: %s)", (exact) => {
    const chat = chatWithAnna({ agentMaxFileSize: 0 });
    expect(reserve(chat, { exact }, ANNA)).toEqual({ ok: false, refusal: { reason: "file-too-large", limit: 0 } });
  });

  test("have their own file types", () => {
    const chat = chatWithAnna();
    expect(reasonOf(reserve(chat, { extension: "docx" }, ANNA))).toBe("accepted");
    expect(reasonOf(reserve(chat, { extension: "docx" }))).toBe("type-not-allowed");
    expect(reasonOf(reserve(chat, { extension: "txt" }, ANNA))).toBe("type-not-allowed");
  });
});

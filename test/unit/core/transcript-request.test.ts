/** Requests for the transcript e-mail: one recipient, three sends, and when each is due. */
import { describe, expect, test } from "vitest";
import { openChat } from "../../support/core-chat.ts";
import { accepted, CUSTOMER, HOUR, reasonOf } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

const EMAIL = { email: "cleo@example.com" };

function ask(chat: MemorySession, to?: string) {
  return chat.execute(CUSTOMER, { type: "RequestTranscript", ...(to === undefined ? {} : { to }) });
}

function end(chat: MemorySession): void {
  accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
}

async function mailsAfter(chat: MemorySession): Promise<string[]> {
  await chat.runUntil(chat.world.now + HOUR);
  return chat.mails;
}

describe("a request before the end", () => {
  test("means: when it ends", async () => {
    const chat = openChat({}, EMAIL);
    accepted(ask(chat));
    await chat.alarm();
    expect(chat.mails).toEqual([]);
    end(chat);
    expect(await mailsAfter(chat)).toEqual([EMAIL.email]);
  });

  test("that is repeated asks for nothing more", async () => {
    const chat = openChat({}, EMAIL);
    for (let count = 0; count < 5; count += 1) accepted(ask(chat));
    end(chat);
    expect(await mailsAfter(chat)).toEqual([EMAIL.email]);
    expect(chat.session?.mail.requests).toBe(1);
  });

  test("may name the recipient once, and that one is then fixed", async () => {
    const chat = openChat();
    expect(reasonOf(ask(chat))).toBe("recipient-missing");
    accepted(ask(chat, "other@example.com"));
    accepted(ask(chat, "other@example.com"));
    expect(reasonOf(ask(chat, "third@example.com"))).toBe("recipient-fixed");
    end(chat);
    expect(await mailsAfter(chat)).toEqual(["other@example.com"]);
  });

  test("may name another recipient than the opening did", async () => {
    const chat = openChat({}, EMAIL);
    accepted(ask(chat, "other@example.com"));
    end(chat);
    expect(await mailsAfter(chat)).toEqual(["other@example.com"]);
  });
});

describe("a request after the end", () => {
  test("is sent at once, three in all, and never to somebody else", async () => {
    const chat = openChat({}, EMAIL);
    end(chat);
    for (let count = 0; count < 3; count += 1) accepted(ask(chat));
    expect(ask(chat)).toEqual({ ok: false, refusal: { reason: "too-many-emails", limit: 3 } });
    expect(reasonOf(ask(chat, "third@example.com"))).toBe("recipient-fixed");
    expect(await mailsAfter(chat)).toEqual([EMAIL.email, EMAIL.email, EMAIL.email]);
  });

  test("counts the mail that was sent at the end", () => {
    const chat = openChat({ transcriptEmail: "always" }, EMAIL);
    end(chat);
    accepted(ask(chat));
    accepted(ask(chat));
    expect(reasonOf(ask(chat))).toBe("too-many-emails");
  });
});

describe("the service's option", () => {
  test("never: every request is refused, and one made before is not sent", async () => {
    expect(reasonOf(ask(openChat({ transcriptEmail: "never" }, EMAIL)))).toBe("email-disabled");
    const chat = openChat({}, EMAIL);
    accepted(ask(chat));
    chat.changeOptions({ transcriptEmail: "never" });
    end(chat);
    expect(await mailsAfter(chat)).toEqual([]);
  });

  test("on-request: nothing is sent unasked", async () => {
    const chat = openChat({}, EMAIL);
    end(chat);
    expect(await mailsAfter(chat)).toEqual([]);
  });

  test("always: one mail is sent at the end, asked for or not", async () => {
    const unasked = openChat({ transcriptEmail: "always" }, EMAIL);
    end(unasked);
    expect(await mailsAfter(unasked)).toEqual([EMAIL.email]);
    const asked = openChat({ transcriptEmail: "always" }, EMAIL);
    accepted(ask(asked));
    end(asked);
    expect(await mailsAfter(asked)).toEqual([EMAIL.email]);
  });

  test("always: nothing is sent where no address is known", async () => {
    const chat = openChat({ transcriptEmail: "always" });
    end(chat);
    expect(await mailsAfter(chat)).toEqual([]);
  });
});

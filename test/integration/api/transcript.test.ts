/** The transcript in its four forms, and by mail: when it is sent, to whom, how often, and what stands in it. */
import PostalMime from "postal-mime";
import { beforeAll, describe, expect, test } from "vitest";
import { TranscriptSchema } from "../../../src/protocol/transcripts.ts";
import type { ApiClient } from "../../support/node/api-client.ts";
import { type Chat, eventsOf, openChat, openSession, sample, send, textOf } from "../../support/node/chats.ts";
import { awaitMails, headerOf, mailsOf, type ReceivedMail } from "../../support/node/mails.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer({
  bindings: {
    SERVICE_ALWAYS: { "transcript-email": "always", "transcript-email-from": "Support <support@example.com>" },
    SERVICE_WORDS: {
      "transcript-email-from": "support@example.com",
      "transcript-email-subject": "{service}: {subject}",
      "transcript-email-intro": "Thank you for your visit.",
      "transcript-email-footer": "Example Ltd, 1 Example Street",
      "transcript-email-languages": "de en",
    },
  },
});

const transcript = (who: ApiClient, accept: string): Promise<Response> =>
  fetch(who.address("getTranscript"), { headers: { Authorization: `Bearer ${who.token}`, Accept: accept } });

/** Text of a page, its markup taken off. */
const wordsOf = (html: string) => html.replaceAll(/<style>.*?<\/style>|<[^>]+>/gs, " ").replaceAll(/\s+/g, " ");
const FILE = "Ärger im Büro.pdf";

/** A chat with markup in a message, a file each way, and one that was deleted. */
async function eventful(service = "customer-support", body: object = {}): Promise<Chat> {
  const chat = await openChat(server, service, { subject: "Parcel", ...body });
  await chat.customer.must("sendMessage", { json: { text: "<img src=x onerror=alert(1)> & more" } });
  await send(chat.customer, FILE, await sample(FILE));
  await send(chat.agent, "Archiv.zip", await sample("Archiv.zip"));
  const { fileId } = await send(chat.customer, "oops.txt", textOf(1536));
  await chat.customer.must("deleteFile", { params: { fileId } });
  return chat;
}

describe("the transcript", () => {
  let chat: Chat;
  beforeAll(async () => {
    chat = await eventful();
  });

  test("is JSON where nothing else is asked for, and is what the events say", async () => {
    for (const accept of ["application/json", "*/*", "image/png", "application/*;q=0.5"]) {
      const response = await transcript(chat.customer, accept);
      expect(response.headers.get("Content-Type")).toBe("application/json");
      const { events, subject, service } = TranscriptSchema.parse(await response.json());
      expect({ subject, service }).toEqual({ subject: "Parcel", service: "customer-support" });
      expect(events).toEqual(await eventsOf(chat.customer));
    }
  });

  test("is text with the names and sizes of files", async () => {
    const response = await transcript(chat.customer, "text/plain");
    expect(response.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
    const text = await response.text();
    expect(text).toContain("<img src=x onerror=alert(1)> & more");
    expect(text).toMatch(/Ärger im Büro\.pdf\S*, 19\.4 kB \(19,418 bytes\)/);
    expect(text).toMatch(/oops\.txt/);
  });

  test("is a page in which nothing that was said is markup, and nothing runs", async () => {
    const response = await transcript(chat.customer, "text/html");
    expect(response.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("Content-Security-Policy")).toMatch(/^sandbox; default-src 'none'/);
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    const html = await response.text();
    expect(html).not.toMatch(/<(img|script|a|form|iframe|object)\b/i);
    expect(wordsOf(html)).toContain("&lt;img src=x onerror=alert(1)&gt; &amp; more");
    expect(html).toContain(FILE);
  });

  test("is a message that a mail program can read", async () => {
    const response = await transcript(chat.customer, "message/rfc822");
    expect(response.headers.get("Content-Type")).toBe("message/rfc822");
    const mail = await PostalMime.parse(await response.text());
    expect(mail.attachments).toEqual([]);
    expect(mail.text).toContain(FILE);
  });

  test("takes the form that is named first", async () => {
    const cases = [
      ["text/plain, application/json", "text/plain; charset=utf-8"],
      ["text/html, text/plain", "text/html; charset=utf-8"],
      ["message/rfc822, text/html", "message/rfc822"],
      ["image/png, TEXT/HTML;q=0.9", "text/html; charset=utf-8"],
    ];
    const given = await Promise.all(cases.map(([accept = ""]) => transcript(chat.customer, accept)));
    expect(given.map(({ headers }) => headers.get("Content-Type"))).toEqual(cases.map(([, type]) => type));
  });

  test("is not for caches", async () => {
    const response = await transcript(chat.agent, "text/plain");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });

  test("of a long session is whole", async () => {
    const { customer } = await openSession(server);
    const texts = Array.from({ length: 1100 }, (_, index) => `text ${index}.`);
    for (let from = 0; from < texts.length; from += 100) {
      await Promise.all(texts.slice(from, from + 100).map((text) => customer.must("sendMessage", { json: { text } })));
    }
    const { events } = await customer.must("getTranscript");
    const said = events.flatMap((event) => (event.type === "Message" ? [event.text] : []));
    expect(said.sort()).toEqual(texts.sort());
  });
});

/** Everything a transcript mail must and must not be. */
function expectTranscript(sent: ReceivedMail | undefined, to: string): void {
  if (sent === undefined) throw new Error("there is no mail");
  const { mail, raw } = sent;
  expect(mail.to).toMatchObject([{ address: to }]);
  expect(mail.from).toMatchObject({ address: "support@example.com" });
  expect(headerOf(sent, "auto-submitted")).toBe("auto-generated");
  expect(mail.attachments).toEqual([]);
  expect(raw).not.toMatch(/content-disposition|filename=|name=/i);
  for (const body of [mail.text, mail.html]) {
    expect(body).toMatch(/Ärger im Büro\.pdf/);
    expect(body).toMatch(/19,418 bytes/);
    expect(body).toMatch(/Archiv\.zip/);
    expect(body).not.toMatch(/https?:|\/v1\/|ticket|%PDF/);
  }
  expect(mail.html).not.toMatch(/<(a|img|script|link)\b|<[^>]+(href|src)=/i);
}

describe("the transcript mail", () => {
  test("asked for before the end comes at the end, once, with names and sizes and without the files", async () => {
    const { customer, agent, sessionId } = await eventful(undefined, { email: "ada@example.com" });
    for (let times = 0; times < 3; times++) await customer.must("requestTranscriptEmail");
    await customer.must("sendMessage", { json: { text: "one more thing" } });
    expect(await mailsOf(server().mailDir, sessionId)).toEqual([]);
    await agent.must("endSession");
    const [sent] = await awaitMails(server().mailDir, sessionId, 1);
    expectTranscript(sent, "ada@example.com");
    expect(sent?.mail.text).toContain("one more thing");
  });

  test("is the message that the transcript is as message/rfc822, byte for byte", async () => {
    const { customer, sessionId } = await eventful(undefined, { email: "ada@example.com" });
    await customer.must("endSession");
    await customer.must("requestTranscriptEmail");
    const [sent] = await awaitMails(server().mailDir, sessionId, 1);
    expect(await (await transcript(customer, "message/rfc822")).text()).toBe(sent?.raw);
  });

  test("is sent at once after the end, three times, every copy the same bytes, and no fourth", async () => {
    const { customer, sessionId } = await eventful();
    await customer.must("endSession");
    await customer.must("requestTranscriptEmail", { json: { to: "grace@example.com" } });
    expectTranscript((await awaitMails(server().mailDir, sessionId, 1))[0], "grace@example.com");
    for (const json of [undefined, { to: "grace@example.com" }])
      await customer.must("requestTranscriptEmail", { json });
    const mails = await awaitMails(server().mailDir, sessionId, 3);
    expect(new Set(mails.map(({ raw }) => raw)).size).toBe(1);
    const problem = await customer.refused("requestTranscriptEmail");
    expect(problem).toMatchObject({ status: 429, code: "too-many-emails", limit: 3 });
    expect(await mailsOf(server().mailDir, sessionId)).toHaveLength(3);
  });

  test("goes to the one recipient that was given first, before the end and after", async () => {
    const { customer, sessionId } = await openSession(server).then((one) => ({ ...one, ...one.opened }));
    await customer.must("requestTranscriptEmail", { json: { to: "first@example.com" } });
    const other = { json: { to: "second@example.com" } };
    expect(await customer.refused("requestTranscriptEmail", other)).toMatchObject({
      status: 409,
      code: "recipient-fixed",
    });
    await customer.must("endSession");
    expect(await customer.refused("requestTranscriptEmail", other)).toMatchObject({ code: "recipient-fixed" });
    const [sent] = await awaitMails(server().mailDir, sessionId, 1);
    expect(sent?.mail.to).toMatchObject([{ address: "first@example.com" }]);
  });

  test("without any recipient is refused, and the one of the opening may be replaced once", async () => {
    const nobody = await openSession(server);
    const problem = await nobody.customer.refused("requestTranscriptEmail");
    expect(problem).toMatchObject({ status: 422, code: "recipient-missing" });
    const { customer, opened } = await openSession(server, undefined, { email: "ada@example.com" });
    await customer.must("requestTranscriptEmail", { json: { to: "other@example.com" } });
    await customer.must("endSession");
    const [sent] = await awaitMails(server().mailDir, opened.sessionId, 1);
    expect(sent?.mail.to).toMatchObject([{ address: "other@example.com" }]);
  });

  test.each(["nobody", "a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com", "a@[127.0.0.1]", ""])(
    "to %j is refused by its field",
    async (to) => {
      const { customer } = await openSession(server);
      const problem = await customer.refused("requestTranscriptEmail", { json: { to } });
      expect(problem).toMatchObject({ status: 400, errors: [{ field: "to" }] });
    },
  );

  test("is not for agents to ask for", async () => {
    const { agent } = await openChat(server, undefined, { email: "ada@example.com" });
    const problem = await agent.refused("requestTranscriptEmail", { json: { to: "agent@example.com" } });
    expect(problem).toMatchObject({ status: 401, code: "unauthenticated" });
  });

  test("is never sent by a service that sends none, in no form", async () => {
    const { customer } = await openSession(server, "sales", { email: "ada@example.com" });
    expect(await customer.refused("requestTranscriptEmail")).toMatchObject({ status: 403, code: "email-disabled" });
    expect((await transcript(customer, "message/rfc822")).status).toBe(403);
    expect((await transcript(customer, "text/plain")).status).toBe(200);
  });

  test("is always sent where the service says so, once, and two more times on request", async () => {
    const { customer, sessionId } = await eventful("always", { email: "ada@example.com" });
    await customer.must("endSession");
    expectTranscript((await awaitMails(server().mailDir, sessionId, 1))[0], "ada@example.com");
    for (let times = 0; times < 2; times++) await customer.must("requestTranscriptEmail");
    expect(await customer.refused("requestTranscriptEmail")).toMatchObject({ code: "too-many-emails" });
    await awaitMails(server().mailDir, sessionId, 3);
  });

  test("speaks the customer's language where the service does, with the operator's own words", async () => {
    const body = { email: "ada@example.com", language: "de-AT", timeZone: "Europe/Vienna" };
    const { customer, sessionId } = await eventful("words", body);
    await customer.must("requestTranscriptEmail");
    await customer.must("endSession");
    const [sent] = await awaitMails(server().mailDir, sessionId, 1);
    expect(sent?.mail.subject).toBe("words: Parcel");
    expect(sent?.mail.text).toMatch(/Thank you for your visit\..*Beginn.*Example Ltd, 1 Example Street/s);
    expect(sent?.mail.text).toContain("19,4 kB");
    expect(sent?.mail.text).toContain("Europe/Vienna");
  });
});

/** What the platform's error codes mean, and its silence. The binding stands in here for faults that none produces locally. */
import { expect, test } from "vitest";
import { createMailer } from "../../../src/backends/mailer.ts";

const MESSAGE = { from: "chat@example.com", to: "customer@example.com", raw: "Subject: x\r\n\r\nx\r\n" };

function bindingThat(send: () => Promise<EmailSendResult>): SendEmail {
  return { send };
}

function mailerThatFails(code: string | undefined) {
  const error = Object.assign(new Error("customer@example.com is not wanted"), code === undefined ? {} : { code });
  return createMailer({ transport: "send_email", binding: bindingThat(() => Promise.reject(error)) });
}

test.each([
  ["E_RECIPIENT_SUPPRESSED", "recipient-refused"],
  ["E_RECIPIENT_NOT_ALLOWED", "recipient-refused"],
  ["E_SENDER_NOT_VERIFIED", "sender-refused"],
  ["E_SENDER_DOMAIN_NOT_AVAILABLE", "sender-refused"],
  ["E_VALIDATION_ERROR", "message-refused"],
  ["E_HEADER_NOT_ALLOWED", "message-refused"],
  ["E_CONTENT_TOO_LARGE", "message-too-large"],
])("gives up for good on %s", async (code, reason) => {
  const result = await mailerThatFails(code).sendMail(MESSAGE);
  expect(result).toEqual({ ok: false, permanent: true, reason, detail: `send_email: ${code}` });
});

test.each([
  ["E_RATE_LIMIT_EXCEEDED", "rate-limited"],
  ["E_DAILY_LIMIT_EXCEEDED", "rate-limited"],
  ["E_INTERNAL_SERVER_ERROR", "service-failed"],
  ["E_DELIVERY_FAILED", "service-failed"],
  ["E_OF_TOMORROW", "service-failed"],
])("asks for a later try on %s", async (code, reason) => {
  const result = await mailerThatFails(code).sendMail(MESSAGE);
  expect(result).toEqual({ ok: false, permanent: false, reason, detail: `send_email: ${code}` });
});

test.each([undefined, "E_customer@example.com", "ECONNRESET"])(
  "asks for a later try on the unknown code %j, without repeating it or the message",
  async (code) => {
    const result = await mailerThatFails(code).sendMail(MESSAGE);
    expect(result).toEqual({ ok: false, permanent: false, reason: "service-failed", detail: "send_email: no code" });
  },
);

test("gives the platform's own message id as the reply", async () => {
  const binding = bindingThat(() => Promise.resolve({ messageId: "<abc@example.com>" }));
  const result = await createMailer({ transport: "send_email", binding }).sendMail(MESSAGE);
  expect(result).toEqual({ ok: true, reply: "<abc@example.com>" });
});

test("answers 'later' at the deadline when the platform hangs", async () => {
  const binding = bindingThat(() => new Promise(() => {}));
  const result = await createMailer({ transport: "send_email", binding, deadline: 20 }).sendMail(MESSAGE);
  expect(result).toEqual({ ok: false, permanent: false, reason: "timed-out", detail: "no answer within 20 ms" });
});

test("answers 'later' when the caller gives up while the platform hangs", async () => {
  const caller = new AbortController();
  const binding = bindingThat(() => {
    caller.abort();
    return new Promise(() => {});
  });
  const mailer = createMailer({ transport: "send_email", binding });
  const result = await mailer.sendMail({ ...MESSAGE, signal: caller.signal });
  expect(result).toMatchObject({ ok: false, permanent: false, reason: "aborted" });
});

test("refuses a wrong SMTP URL with the reason and without the URL", () => {
  const url = "smtp://user:secret@mail.example.com:25";
  expect(() => createMailer({ transport: "smtp", url })).toThrow(/^SMTP URL: port 25 is closed/);
  expect(() => createMailer({ transport: "smtp", url })).not.toThrow(/secret|example/);
});

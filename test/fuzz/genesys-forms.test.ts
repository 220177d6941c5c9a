/** Requests of Genesys clients, mutated: forms of both kinds and whole starts and sends are answered in their envelope, never by a fault. */
import fc from "fast-check";
import { expect } from "vitest";
import { type Fields, languageOf, readFields, timeZoneOf } from "../../src/api/gms/read.ts";
import { chooseLanguage } from "../../src/backends/mail-language.ts";
import { fuzz } from "../support/fuzz.ts";
import { type MemoryApp, memoryApp } from "../support/memory-app.ts";
import { bytesOf, encodeMultipart } from "../support/multipart-bodies.ts";
import { mutatedBytes } from "../support/mutations.ts";

const FORM = {
  nickname: "Ada",
  subject: "An order",
  emailAddress: "ada@example.com",
  message: "né 😀",
  messageType: "text",
  transcriptPosition: "1",
  "userData[TimeZone]": "-480",
  "userData[GCTI_LanguageCode]": "de_AT",
  'userData["a"][b]': "x",
  verbose: "true",
};
const pairs = Object.entries(FORM);
const encoded = bytesOf(new URLSearchParams(FORM).toString());
const multipart = encodeMultipart(
  "b",
  pairs.map(([name, content]) => ({ name, content })),
);
const words = [
  ...Object.keys(FORM),
  "userData[",
  "userData[]",
  "][",
  "&",
  "=",
  "%00",
  "%ff",
  "%",
  "+",
  "\r\n--b\r\n",
  "secureKey=",
  "__proto__",
];

interface Sent {
  readonly type: string;
  readonly body: Uint8Array;
}

const forms: fc.Arbitrary<Sent> = fc.oneof(
  mutatedBytes([encoded], words).map((body) => ({ type: "application/x-www-form-urlencoded", body })),
  mutatedBytes([multipart], words).map((body) => ({ type: "multipart/form-data; boundary=b", body })),
);

const post = (path: string, { type, body }: Sent) =>
  new Request(`http://localhost/genesys/2/chat/shop${path}`, {
    method: "POST",
    body,
    headers: { "Content-Type": type },
  });

function readOut(fields: Fields): void {
  fields.position("transcriptPosition");
  expect(fields.shortened("subject", 20)?.isWellFormed()).not.toBe(false);
  const attached = fields.userData();
  if (!attached.ok) return expect(attached.refusal.reason).toBe("bad-request");
  const zone = timeZoneOf(attached.value);
  if (zone !== undefined) expect(() => new Intl.DateTimeFormat("en", { timeZone: zone })).not.toThrow();
  const language = languageOf(attached.value);
  expect(() => chooseLanguage(language, ["en", "de"])).not.toThrow();
}

fuzz("a form is fields, or refused with what is wrong", forms, async (sent) => {
  const fields = await readFields(post("", sent), Date.now);
  if (fields.ok) return readOut(fields.value);
  expect(["bad-request", "body-too-large"]).toContain(fields.refusal.reason);
});

const OPERATIONS = [
  "send",
  "refresh",
  "updateData",
  "updateNickname",
  "startTyping",
  "stopTyping",
  "readReceipt",
  "customNotice",
  "pushUrl",
  "file/limits",
];
const REQUESTS_PER_APP = 200;
let app: MemoryApp;
let chatId = "";
let secureKey = "";
let requests = 0;

/** The credentials, as the form's own kind writes them, before all else. */
function signed({ type, body }: Sent): Sent {
  const head = type.startsWith("multipart")
    ? bytesOf(`--b\r\nContent-Disposition: form-data; name="secureKey"\r\n\r\n${secureKey}\r\n`)
    : bytesOf(`secureKey=${secureKey}&`);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return { type, body: whole };
}

fuzz("no operation answers a form with a fault", fc.tuple(fc.nat(OPERATIONS.length), forms), async ([which, sent]) => {
  if (requests % REQUESTS_PER_APP === 0) {
    app = memoryApp();
    const body = bytesOf("nickname=Ada");
    const started = await app.fetch(post("", { type: "application/x-www-form-urlencoded", body }));
    ({ chatId, secureKey } = await started.json<{ chatId: string; secureKey: string }>());
  }
  requests += 1;
  const operation = OPERATIONS[which];
  const answer = await app.fetch(
    operation === undefined ? post("", sent) : post(`/${chatId}/${operation}`, signed(sent)),
  );
  expect(answer.status).toBeLessThan(500);
  expect(await answer.json()).toMatchObject({ statusCode: expect.any(Number) });
});

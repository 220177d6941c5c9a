/** The transcript as HTML, read by the platform's own HTML parser: nothing that people typed becomes an element. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderTranscriptHtml } from "../../../src/backends/transcript-html.ts";
import type { TranscriptEvent } from "../../../src/core/transcript.ts";
import { ANNA, event, MAX, message, OPTIONS, SYSTEM, transcript, upload } from "../../support/transcripts.ts";

/** Every element with its attributes in order, except line breaks inside messages; and all text as it stood. */
async function parse(html: string): Promise<{ elements: string[]; text: string; links: string[] }> {
  const elements: string[] = [];
  const links: string[] = [];
  let text = "";
  const rewriter = new HTMLRewriter().on("*", {
    element(element) {
      if (element.tagName === "br") return;
      const attributes = [...element.attributes].map(([name, value]) => (name === "href" ? name : `${name}=${value}`));
      elements.push([element.tagName, ...attributes].join(" "));
      const href = element.getAttribute("href");
      if (href !== null) links.push(href);
    },
    text(chunk) {
      text += chunk.text;
    },
    comments() {
      elements.push("comment");
    },
  });
  await rewriter.transform(new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8" } })).text();
  return { elements, text, links };
}

interface Typed {
  readonly nickname: string;
  readonly subject: string;
  readonly said: string;
  readonly name: string;
  readonly service: string;
  readonly own: string;
}

function render({ nickname, subject, said, name, service, own }: Typed): string {
  const customer = { ...MAX, nickname };
  const events = [
    event(customer, 0, { type: "ParticipantJoined" }),
    message(said, customer, 1),
    message(said, SYSTEM, 2),
    upload(name, 5),
    event(ANNA, 11, { type: "PushUrl", url: `javascript:${said}` }),
    event(customer, 12, { type: "NicknameUpdated", nickname: subject }),
  ];
  const options = { ...OPTIONS, transcriptEmailSubject: "{subject} {service}", transcriptEmailIntro: `x${own}` };
  return renderTranscriptHtml(transcript(events, { subject: `s${subject}`, service }), options);
}

const HARMLESS: Typed = { nickname: "a", subject: "a", said: "a", name: "a", service: "a", own: "a" };

const MARKUP = [
  "<script>",
  "</title>",
  "-->",
  "<!--",
  '" onload="',
  "'",
  "&#60;b&#62;",
  "</bdi>",
  "<svg/onload=x>",
  "\0<b>",
  "]]>",
];
const typed = fc
  .array(fc.oneof(fc.constantFrom(...MARKUP), fc.string({ unit: "binary", maxLength: 20 })))
  .map((parts) => parts.join(""));

test("whatever people type, the elements and attributes are those of a harmless chat", async () => {
  const { elements } = await parse(render(HARMLESS));
  expect(elements.length).toBeGreaterThan(40);
  // A nickname that is empty once cleaned leaves out its element, so names begin with a letter.
  const name = typed.map((text) => `n${text}`);
  const all = fc.record({ nickname: name, subject: typed, said: typed, name: typed, service: typed, own: typed });
  const property = fc.asyncProperty(all, async (input) => {
    expect((await parse(render(input))).elements).toEqual(elements);
  });
  await fc.assert(property, { numRuns: 200 });
});

test("is self-contained: no script, no style sheet, no image, no form, nothing to load", async () => {
  const { elements } = await parse(render(HARMLESS));
  const tags = new Set(elements.map((element) => element.split(" ")[0]));
  const allowed = [
    "html",
    "head",
    "meta",
    "title",
    "body",
    "main",
    "h1",
    "h2",
    "p",
    "table",
    "tbody",
    "tr",
    "th",
    "td",
  ];
  expect(
    [...tags].filter((tag) => ![...allowed, "ol", "ul", "li", "div", "time", "b", "bdi"].includes(tag ?? "")),
  ).toEqual([]);
  expect(elements.join("\n")).not.toMatch(/\b(?:src|href|on\w+|action|background)=|url\(|@import/);
});

test("names and texts are shown as they were typed, each isolated", async () => {
  const html = render({ ...HARMLESS, nickname: "<b>Max</b>", said: '1 < 2 & "x"\n  next', name: "it's.pdf" });
  expect(html).toContain("<bdi>&lt;b&gt;Max&lt;/b&gt;</bdi></b> (customer)");
  expect(html).toContain('dir="auto" style="white-space:pre-wrap">1 &lt; 2 &amp; &quot;x&quot;<br>  next</div>');
  expect(html).toContain("<bdi>it&#39;s.pdf</bdi>, 5 bytes");
});

describe("pushed pages", () => {
  const push = (url: string): TranscriptEvent => event(ANNA, 5, { type: "PushUrl", url });
  const links = async (url: string) => (await parse(renderTranscriptHtml(transcript([push(url)]), OPTIONS))).links;

  test("are links that show where they lead", async () => {
    const html = renderTranscriptHtml(transcript([push("https://bücher.example/?a=1&b=<x>")]), OPTIONS);
    const address = "https://xn--bcher-kva.example/?a=1&amp;b=%3Cx%3E";
    expect(html).toContain(`<a href="${address}" rel="noopener noreferrer nofollow"><bdi>${address}</bdi></a>`);
  });

  test.each([
    "javascript:alert(1)",
    " java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://bank.example@evil.example/",
    "//evil.example",
    "not an address",
    `https://example.com/${"x".repeat(3000)}`,
  ])("are text only when they are no plain web address (%s)", async (url) => {
    expect(await links(url)).toEqual([]);
  });
});

test.each([
  ["en", "ltr"],
  ["pt-BR", "ltr"],
  ["ar", "rtl"],
  ["he", "rtl"],
])("names its language (%s) and direction", (language, direction) => {
  expect(renderTranscriptHtml(transcript([], { language }), OPTIONS)).toContain(
    `<html lang="${language}" dir="${direction}"`,
  );
});

test("times carry the moment for machines", () => {
  const html = renderTranscriptHtml(transcript([message("x")], { timeZone: "Asia/Tokyo" }), OPTIONS);
  expect(html).toContain('<time datetime="2026-11-03T09:02:16Z"');
  expect(html).toContain(">18:02:16</time>");
});

/** The demo's judgement of a mail can fail: it is what stands between a wrong mail and exit code 0. */
import { expect, test } from "vitest";
import { faultsOf } from "../../../src/cli/demo-mail-check.ts";

const NAME = "Ein sehr langer Name.pdf";
const LINES = [
  "Files",
  `- \u2068${NAME}\u2069,`,
  "    1.2 MB (1,234,567 bytes) – Ada (customer)",
  "- b.txt, 12 bytes – Ada (customer)",
];
const mail = { text: LINES.join("\n"), attachments: [] };

test("a mail with every name and size, wrapped or not, has no faults", () => {
  const files = [
    { name: NAME, size: 1_234_567 },
    { name: "b.txt", size: 12 },
  ];
  expect(faultsOf(mail, files)).toEqual([]);
});

test.each([
  ["another size", { name: NAME, size: 1_234_568 }],
  ["a size that only begins alike", { name: "b.txt", size: 1 }],
  ["a name that is not there", { name: "c.txt", size: 12 }],
  ["the end of a name only", { name: "Name.pdf", size: 1_234_567 }],
])("%s is a fault", (_what, file) => {
  expect(faultsOf(mail, [file])).toEqual([`the mail does not list ${file.name} with its size`]);
});

test("an attachment is a fault", () => {
  const attachment = { filename: "b.txt", mimeType: "text/plain", disposition: null, content: "" };
  expect(faultsOf({ ...mail, attachments: [attachment] }, [])).toEqual(["the mail has attachments"]);
});

test("a mail without text lists nothing", () => {
  expect(faultsOf({ attachments: [] }, [{ name: "b.txt", size: 12 }])).toHaveLength(1);
});

/** The transcript as plain text: what stands at the start of a line is ours, what people typed is indented. */

import { hang, indented } from "./line-wrap.ts";
import {
  type Content,
  describeTranscript,
  type Entry,
  type FileLine,
  type Speaker,
  type Transcript,
  type TranscriptOptions,
} from "./transcript-content.ts";
import { isolate } from "./user-text.ts";

type Direction = "ltr" | "rtl";

/** The whole transcript as text with LF line ends. The same input gives the same text. */
export function renderTranscriptText(transcript: Transcript, options: TranscriptOptions): string {
  return frameText(describeTranscript(transcript, options));
}

/** Content as text with LF line ends; says how much was left out where something was. */
export function frameText(content: Content): string {
  const { words, direction } = content.language;
  const blocks = [hang(content.title), content.intro.join("\n"), factLines(content, direction)];
  if (content.entriesOmitted > 0) blocks.push(words.entriesOmitted.replace("{count}", `${content.entriesOmitted}`));
  let day = "";
  for (const entry of content.entries) {
    if (entry.day !== day) blocks.push(dayText(entry.day));
    day = entry.day;
    blocks.push(entryText(entry, direction));
  }
  if (content.files.length > 0) blocks.push(fileList(content, direction));
  blocks.push(content.footer.join("\n"));
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

/** The heading of a day. */
export function dayText(day: string): string {
  return `--- ${day} ---`;
}

/** One entry: a line of ours with time and speaker, and below it, indented, what was said. */
export function entryText(entry: Entry, direction: Direction): string {
  const { body } = entry;
  const head = `${entry.time}  ${speakerText(entry.speaker, direction)}`;
  if (body.kind === "message") return [hang(`${head}:`), ...body.lines.map(indented)].join("\n");
  if (body.detail === undefined) return hang(`${head} – ${body.label}`);
  const detail = isolate(body.detail, direction);
  return body.remark === undefined
    ? hang(`${head} – ${body.label}: `, detail)
    : hang(`${head} – ${body.label}: `, `${detail}, `, body.remark);
}

/** One line of the list of files. */
export function fileText(file: FileLine, direction: Direction): string {
  return hang(`- ${isolate(file.name, direction)}, `, `${file.remark} `, `– ${speakerText(file.speaker, direction)}`);
}

function fileList(content: Content, direction: Direction): string {
  const { words } = content.language;
  const lines = [words.files, ...content.files.map((file) => fileText(file, direction))];
  if (content.filesOmitted > 0) lines.push(words.filesOmitted.replace("{count}", `${content.filesOmitted}`));
  return [...lines, words.filesNote].join("\n");
}

function factLines(content: Content, direction: Direction): string {
  return content.facts.map(([label, value]) => hang(`${label}: `, isolate(value, direction))).join("\n");
}

function speakerText({ name, role }: Speaker, direction: Direction): string {
  return name === "" ? role : `${isolate(name, direction)} (${role})`;
}

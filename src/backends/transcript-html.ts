/** The transcript as one self-contained HTML page that mail clients and browsers show alike, light or dark. */
import {
  type Content,
  describeTranscript,
  type Entry,
  type FileLine,
  type Speaker,
  type Transcript,
  type TranscriptOptions,
} from "./transcript-content.ts";
import { escapeHtml } from "./user-text.ts";

/**
 * Inline styles only, because mail clients drop style sheets; no colour for text or background, so that the reader's own
 * light or dark scheme holds. Muted text is drawn by opacity, lines by a grey that shows on both.
 */
const STYLE = {
  page: "color-scheme:light dark",
  main:
    "max-width:42rem;margin:0 auto;padding:24px 16px;overflow-wrap:anywhere;word-break:break-word;" +
    "font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif",
  title: "margin:0 0 16px;font-size:24px;line-height:1.25",
  heading: "margin:32px 0 12px;font-size:16px;border-bottom:1px solid #888;padding-bottom:4px",
  facts: "border-collapse:collapse;margin:0 0 16px",
  label:
    "font-weight:normal;text-align:start;vertical-align:top;padding:2px 16px 2px 0;padding-inline:0 16px;opacity:.75",
  value: "vertical-align:top;padding:2px 0",
  list: "list-style:none;margin:0;padding:0",
  agent: "margin:0 0 14px;padding:0 12px;border-inline-start:3px solid #2f7de1",
  other: "margin:0 0 14px;padding:0 12px;border-inline-start:3px solid #888",
  notice: "margin:0 0 14px;padding:0 15px",
  time: "opacity:.75",
  said: "white-space:pre-wrap",
  files: "margin:0 0 12px;padding-inline-start:20px",
  hint: "border:1px solid #888;padding:8px 12px",
} as const;

/**
 * The whole transcript as an HTML document. No script, no style sheet, nothing remote; the only links are pages that were
 * pushed, shown as they are. Everything that people typed is escaped and isolated. The same input gives the same document.
 */
export function renderTranscriptHtml(transcript: Transcript, options: TranscriptOptions): string {
  return frameHtml(describeTranscript(transcript, options));
}

/** Content as HTML with LF line ends; says how much was left out where something was. */
export function frameHtml(content: Content): string {
  const { tag, direction, words } = content.language;
  const title = escapeHtml(content.title);
  const lines = [
    "<!DOCTYPE html>",
    `<html lang="${tag}" dir="${direction}" style="${STYLE.page}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    '<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">',
    `<title>${title}</title></head><body style="margin:0"><main style="${STYLE.main}">`,
    `<h1 style="${STYLE.title}" dir="auto">${title}</h1>`,
    ...paragraph(content.intro),
    factTable(content),
  ];
  if (content.entriesOmitted > 0) {
    lines.push(`<p style="${STYLE.hint}">${words.entriesOmitted.replace("{count}", `${content.entriesOmitted}`)}</p>`);
  }
  lines.push(
    ...dayLists(content.entries),
    ...fileList(content),
    ...paragraph(content.footer),
    "</main></body></html>",
    "",
  );
  return lines.join("\n");
}

/** The heading of a day, and the list it opens. */
export function dayHtml(day: string): string {
  return `<h2 style="${STYLE.heading}">${escapeHtml(day)}</h2><ol role="list" style="${STYLE.list}">`;
}

/** One entry as a list item. */
export function entryHtml(entry: Entry): string {
  const { body } = entry;
  const time = `<time datetime="${new Date(entry.at).toISOString().slice(0, 19)}Z" style="${STYLE.time}">${escapeHtml(entry.time)}</time>`;
  const head = `${speakerHtml(entry.speaker)} ${time}`;
  if (body.kind === "message") {
    const said = body.lines.map(escapeHtml).join("<br>");
    const style = entry.agent ? STYLE.agent : STYLE.other;
    return `<li style="${style}"><div>${head}</div><div dir="auto" style="${STYLE.said}">${said}</div></li>`;
  }
  const detail = body.detail === undefined ? "" : `: ${link(body.link, `<bdi>${escapeHtml(body.detail)}</bdi>`)}`;
  const remark = body.remark === undefined ? "" : `, ${escapeHtml(body.remark)}`;
  return `<li style="${STYLE.notice}">${head} – ${body.label}${detail}${remark}</li>`;
}

/** One item of the list of files. */
export function fileHtml(file: FileLine): string {
  return `<li><bdi>${escapeHtml(file.name)}</bdi>, ${escapeHtml(file.remark)} – ${speakerHtml(file.speaker)}</li>`;
}

/** Entries under their days. */
function dayLists(entries: readonly Entry[]): string[] {
  const lines: string[] = [];
  let day: string | undefined;
  for (const entry of entries) {
    if (entry.day !== day) lines.push(`${day === undefined ? "" : "</ol>"}${dayHtml(entry.day)}`);
    day = entry.day;
    lines.push(entryHtml(entry));
  }
  return day === undefined ? lines : [...lines, "</ol>"];
}

function fileList({ files, filesOmitted, language: { words } }: Content): string[] {
  if (files.length === 0) return [];
  const omitted = filesOmitted > 0 ? [`<p>${words.filesOmitted.replace("{count}", `${filesOmitted}`)}</p>`] : [];
  return [
    `<h2 style="${STYLE.heading}">${words.files}</h2><ul style="${STYLE.files}">`,
    ...files.map(fileHtml),
    "</ul>",
    ...omitted,
    `<p style="${STYLE.time}">${words.filesNote}</p>`,
  ];
}

function factTable({ facts }: Content): string {
  const rows = facts.map(
    ([label, value]) =>
      `<tr><th scope="row" style="${STYLE.label}">${label}</th>` +
      `<td style="${STYLE.value}"><bdi>${escapeHtml(value)}</bdi></td></tr>`,
  );
  return `<table style="${STYLE.facts}"><tbody>${rows.join("")}</tbody></table>`;
}

function speakerHtml({ name, role }: Speaker): string {
  return name === "" ? `<b>${role}</b>` : `<b><bdi>${escapeHtml(name)}</bdi></b> (${role})`;
}

function link(address: string | undefined, shown: string): string {
  if (address === undefined) return shown;
  return `<a href="${escapeHtml(address)}" rel="noopener noreferrer nofollow">${shown}</a>`;
}

/** The operator's own lines. */
function paragraph(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`<p dir="auto">${lines.map(escapeHtml).join("<br>")}</p>`];
}

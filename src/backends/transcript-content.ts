/** What a transcript tells, before it is text or HTML: who said what when, which files there were, and nothing private. */
import type { ServiceOptions } from "../core/options.ts";
import type { EventAuthor, FileReference, TranscriptEvent } from "../core/transcript.ts";
import { chooseLanguage, type MailLanguage } from "./mail-language.ts";
import type { MailWords } from "./mail-words.ts";
import { createTimes, type Times } from "./transcript-times.ts";
import { cleanLine, cleanLines, safeLink } from "./user-text.ts";

/** A session as its transcript sees it. Times are milliseconds since the epoch. */
export interface Transcript {
  readonly sessionId: string;
  /** The chat service's name. */
  readonly service: string;
  readonly subject?: string;
  /** BCP 47. */
  readonly language?: string;
  /** IANA name, offset such as `+02:00`, or minutes east of UTC; what is none of these means UTC. */
  readonly timeZone?: string;
  readonly startedAt: number;
  /** Absent while the chat goes on. */
  readonly endedAt?: number;
  /** In order of position; notes for agents may be among them, they are left out here. */
  readonly events: readonly TranscriptEvent[];
  /** Uploads and deletions of files before the first of `events`, where older events were left out. */
  readonly olderFiles?: readonly TranscriptEvent[];
  /** How many entries were left out there. */
  readonly entriesOmitted?: number;
}

/** Who an entry is from; the name is one clean line. */
export interface Speaker {
  /** Empty where the system speaks. */
  readonly name: string;
  /** In the transcript's language. Always shown, so that a customer cannot pose as an agent by name. */
  readonly role: string;
}

/** What one entry tells. User text is clean, but not escaped. */
export type EntryBody =
  | { readonly kind: "message"; readonly lines: readonly string[] }
  | {
      readonly kind: "notice";
      /** Our own words. */
      readonly label: string;
      /** One line of user text: a file's name, a URL, a new nickname. */
      readonly detail?: string;
      /** Set where the detail is an address that may be followed. */
      readonly link?: string;
      /** Our own words again, as the size of a file. */
      readonly remark?: string;
    };

/** One entry of the transcript, with its time already in words. */
export interface Entry {
  readonly at: number;
  readonly day: string;
  readonly time: string;
  readonly speaker: Speaker;
  readonly agent: boolean;
  readonly body: EntryBody;
}

/** One line of the list of files. */
export interface FileLine {
  readonly name: string;
  readonly remark: string;
  readonly speaker: Speaker;
}

/** Everything both renderings need. */
export interface Content {
  readonly language: MailLanguage;
  /** Title of the document and subject of the mail: one clean line. */
  readonly title: string;
  /** Label and value of each fact of the head; values may hold user text. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly intro: readonly string[];
  readonly footer: readonly string[];
  readonly entries: readonly Entry[];
  /** How many older entries were left out to keep the message small. */
  readonly entriesOmitted: number;
  readonly files: readonly FileLine[];
  readonly filesOmitted: number;
}

/** Longest title in code points; four bytes each in base64 stay below the 2 048 bytes that mail services take. */
const MAX_TITLE = 250;

/** The options that the transcript obeys. */
export type TranscriptOptions = Pick<
  ServiceOptions,
  | "transcriptEmailFrom"
  | "transcriptEmailSubject"
  | "transcriptEmailIntro"
  | "transcriptEmailFooter"
  | "transcriptEmailLanguages"
>;

/** Idle alerts ask and do not tell, of granted uploads the files tell, and custom notices carry data between programs. */
type Untold = "IdleAlert" | "UploadsGranted" | "CustomNotice" | "FileRejected";
const UNTOLD: ReadonlySet<string> = new Set<Untold>(["IdleAlert", "UploadsGranted", "CustomNotice", "FileRejected"]);

type Told = Exclude<TranscriptEvent, { type: Untold }>;

/** True for an event that people are told of. */
export function isTold(event: TranscriptEvent): event is Told {
  return event.visibility === "all" && !UNTOLD.has(event.type);
}

/**
 * The content of a transcript. Notes for agents and what tells people nothing are left out whatever the caller passes, and
 * so are ids, digests and types of files.
 */
export function describeTranscript(transcript: Transcript, options: TranscriptOptions): Content {
  const language = chooseLanguage(transcript.language, options.transcriptEmailLanguages);
  const times = createTimes(language.locale, transcript.timeZone);
  const { events, olderFiles = [], entriesOmitted = 0 } = transcript;
  const withOlderFiles = [...olderFiles, ...events].filter(isTold);
  const teller = new Teller(withOlderFiles, language.words, times);
  return {
    language,
    title: titleOf(transcript, options, language.words),
    facts: factsOf(transcript, language.words, times),
    intro: paragraphs(options.transcriptEmailIntro),
    footer: paragraphs(options.transcriptEmailFooter),
    entries: events.filter(isTold).map((event) => teller.entry(event)),
    entriesOmitted,
    files: withOlderFiles.flatMap((event) => teller.fileLine(event)),
    filesOmitted: 0,
  };
}

function titleOf(transcript: Transcript, options: TranscriptOptions, words: MailWords): string {
  const values: Readonly<Record<string, string>> = {
    "{subject}": cleanLine(transcript.subject ?? ""),
    "{service}": cleanLine(transcript.service),
  };
  // One pass, so that a subject which holds `{service}` stays as it is.
  const fill = (pattern: string) =>
    cleanLine(
      pattern.replace(/\{(?:subject|service)\}/gu, (key) => values[key] ?? ""),
      MAX_TITLE,
    );
  return fill(options.transcriptEmailSubject) || fill(words.title);
}

function factsOf(transcript: Transcript, words: MailWords, times: Times): [string, string][] {
  const { subject, startedAt, endedAt } = transcript;
  const facts: [string, string][] = subject ? [[words.subject, cleanLine(subject)]] : [];
  facts.push([words.started, times.full(startedAt)]);
  facts.push([words.duration, endedAt === undefined ? words.open : times.duration(endedAt - startedAt)]);
  facts.push([words.timeZone, times.zone(startedAt)]);
  return facts;
}

function paragraphs(text: string): string[] {
  return text.trim() === "" ? [] : cleanLines(text.trim());
}

/** Puts single events into words; knows all that are told, since a file's entry says whether it was deleted later. */
class Teller {
  readonly #words: MailWords;
  readonly #times: Times;
  readonly #files = new Map<string, FileReference>();
  readonly #deleted = new Set<string>();

  constructor(told: readonly Told[], words: MailWords, times: Times) {
    this.#words = words;
    this.#times = times;
    for (const event of told) {
      if (event.type === "FileUploaded") this.#files.set(event.file.fileId, event.file);
      if (event.type === "FileDeleted") this.#deleted.add(event.fileId);
    }
  }

  /** The entry of an event. */
  entry(event: Told): Entry {
    const body = this.#body(event);
    const { at } = event;
    const agent = event.from.type === "Agent" || event.from.type === "Supervisor";
    const speaker = this.#speaker(event.from);
    return { at, day: this.#times.day(at), time: this.#times.time(at), speaker, agent, body };
  }

  /** The line of an uploaded file in the list of files. */
  fileLine(event: Told): FileLine[] {
    if (event.type !== "FileUploaded") return [];
    return [{ name: cleanLine(event.file.name), remark: this.#remark(event.file), speaker: this.#speaker(event.from) }];
  }

  #body(event: Told): EntryBody {
    const words = this.#words;
    // biome-ignore lint/nursery/useExhaustiveSwitchCases: there are no others in this type, which the compiler checks
    switch (event.type) {
      case "Message":
      case "IdleClose":
        return { kind: "message", lines: cleanLines(event.text) };
      case "ParticipantJoined":
        return { kind: "notice", label: words.joined };
      case "ParticipantLeft":
        return { kind: "notice", label: words.left[event.reason] };
      case "NicknameUpdated":
        return { kind: "notice", label: words.newName, detail: cleanLine(event.nickname) };
      case "FileUploaded":
        return {
          kind: "notice",
          label: words.file,
          detail: cleanLine(event.file.name),
          remark: this.#remark(event.file),
        };
      case "FileDeleted": {
        const file = this.#files.get(event.fileId);
        return { kind: "notice", label: words.fileDeleted, ...(file && { detail: cleanLine(file.name) }) };
      }
      case "PushUrl": {
        const link = safeLink(event.url);
        // The text is the address itself, so that nobody is sent elsewhere than they read.
        return {
          kind: "notice",
          label: words.page,
          detail: link ?? cleanLine(event.url),
          ...(link !== undefined && { link }),
        };
      }
    }
  }

  #remark(file: FileReference): string {
    const size = this.#times.size(file.size);
    return this.#deleted.has(file.fileId) ? `${size}, ${this.#words.deleted}` : size;
  }

  #speaker(from: EventAuthor): Speaker {
    return { name: from.type === "System" ? "" : cleanLine(from.nickname), role: this.#words.roles[from.type] };
  }
}

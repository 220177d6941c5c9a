/** The transcript as it is shown: days, notices, and who wrote what, grouped. */
import type { WireEvent } from "../../protocol/chat.ts";
import type { ChatState } from "../client/chat-state.ts";

type EventOf<T extends WireEvent["type"]> = Extract<WireEvent, { type: T }>;

/** One thing that is shown. `first`: its author's name is said, since another's came before. */
export type TranscriptItem =
  | { readonly kind: "day"; readonly key: string; readonly time: string }
  | { readonly kind: "notice"; readonly key: string; readonly event: WireEvent }
  | {
      readonly kind: "message";
      readonly key: string;
      readonly event: EventOf<"Message" | "FileUploaded" | "PushUrl" | "CustomNotice">;
      readonly own: boolean;
      readonly first: boolean;
      /** A file that is not there any more. */
      readonly deleted?: true;
    };

/** What is shown of a chat; notes that only agents see never come here. */
export function itemsOf({ events, participantId }: Pick<ChatState, "events" | "participantId">): TranscriptItem[] {
  const deleted = new Set(events.flatMap((event) => (event.type === "FileDeleted" ? [event.fileId] : [])));
  const items: TranscriptItem[] = [];
  let day = "";
  let author: string | undefined;
  for (const event of events) {
    const item = itemOf(event, participantId, author, deleted);
    if (item === undefined) continue;
    const date = new Date(event.time).toDateString();
    if (date !== day) items.push({ kind: "day", key: `day ${event.position}`, time: event.time });
    const fresh = item.kind === "message" && date !== day ? { ...item, first: true } : item;
    day = date;
    items.push(fresh);
    author = item.kind === "message" ? authorOf(event) : undefined;
  }
  return items;
}

/** Position of the customer's newest message or file, and whether another has read it; undefined where there is none. */
export function newestOwn(state: ChatState): { readonly position: number; readonly read: boolean } | undefined {
  const own = state.events.findLast((event) => event.from.participantId === state.participantId && isSaid(event));
  if (own === undefined) return undefined;
  const read = [...state.read].some(([reader, position]) => reader !== state.participantId && position >= own.position);
  return { position: own.position, read };
}

/** How much others have said since a position. */
export function unreadAfter({ events, participantId }: ChatState, position: number): number {
  return events.filter(
    (event) => event.position > position && event.from.participantId !== participantId && isSaid(event),
  ).length;
}

/** The alert that nobody has answered yet; undefined where there is none. Whoever does something answers it. */
export function openAlert({ events, phase }: ChatState): EventOf<"IdleAlert"> | undefined {
  const last = events.findLast(({ type }) => type !== "ParticipantLeft");
  return phase === "open" && last?.type === "IdleAlert" ? last : undefined;
}

function isSaid({ type }: WireEvent): boolean {
  return type === "Message" || type === "FileUploaded" || type === "PushUrl" || type === "CustomNotice";
}

function itemOf(
  event: WireEvent,
  me: number,
  author: string | undefined,
  deleted: ReadonlySet<string>,
): TranscriptItem | undefined {
  const key = String(event.position);
  switch (event.type) {
    case "Message":
    case "FileUploaded":
    case "PushUrl":
    case "CustomNotice": {
      const gone = event.type === "FileUploaded" && deleted.has(event.file.fileId) ? { deleted: true as const } : {};
      if (event.type === "CustomNotice" && event.text === "") return undefined;
      const own = event.from.participantId === me;
      return { kind: "message", key, event, own, first: authorOf(event) !== author, ...gone };
    }
    case "ParticipantJoined":
      return event.from.participantId === me ? undefined : { kind: "notice", key, event };
    case "FileDeleted":
      return undefined;
    default:
      return { kind: "notice", key, event };
  }
}

function authorOf({ from }: WireEvent): string {
  return `${from.participantId} ${from.nickname}`;
}

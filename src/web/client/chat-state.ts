/** What a page knows of a chat: a value that is made anew with each thing that happens, so that it can be shown and compared. */
import type { WireEvent, WireLimits, WireSession } from "../../protocol/chat.ts";
import type { ServerFrame } from "../../protocol/frames.ts";
import type { Problem } from "../../protocol/problem.ts";

/** How news arrive. `offline`: nothing can be reached now, and it is tried again by itself. */
export type Connection = "connecting" | "live" | "polling" | "offline";

/** A message that this page sent, as long as the transcript does not have it. */
export interface UnsentMessage {
  readonly clientId: string;
  readonly text: string;
  /** A note that only agents see. */
  readonly visibility?: "agents" | undefined;
  /** `failed` is not tried again by itself. */
  readonly delivery: "sending" | "failed";
  /** Why it was refused. */
  readonly problem?: Problem;
}

/** Where the session stands in its queue; undefined while an agent serves it. */
export type QueuePlace = Omit<Extract<ServerFrame, { type: "queue" }>, "type">;

/** One chat as its customer sees it. */
export interface ChatState {
  readonly phase: "open" | "closing" | "ended";
  /** The session cannot be reached with the token any more: it was erased, or the token revoked. */
  readonly lost: boolean;
  readonly connection: Connection;
  readonly participantId: number;
  /** The transcript in order; no event twice. */
  readonly events: readonly WireEvent[];
  /** Position of the newest event, or beyond it. */
  readonly position: number;
  readonly unsent: readonly UnsentMessage[];
  /** Who types now, by participant id, with their nickname. */
  readonly typing: ReadonlyMap<number, string>;
  /** Up to where each participant has read; the customer's own as far as it was told when the session was reached. */
  readonly read: ReadonlyMap<number, number>;
  readonly queue?: QueuePlace;
  readonly limits?: WireLimits;
  /** Whether the transcript is mailed on request, and where to; undefined until it is known. */
  readonly transcriptEmail?: WireSession["transcriptEmail"];
}

/** What can happen to it. */
export type Happening =
  | { readonly happened: "connection"; readonly connection: Connection }
  | { readonly happened: "events"; readonly events: readonly WireEvent[]; readonly position: number }
  | { readonly happened: "frame"; readonly frame: ServerFrame }
  | { readonly happened: "session"; readonly session: WireSession }
  | { readonly happened: "typing ceased"; readonly participantId: number }
  | { readonly happened: "limits"; readonly limits: WireLimits }
  | {
      readonly happened: "written";
      readonly clientId: string;
      readonly text: string;
      readonly visibility?: "agents" | undefined;
    }
  | { readonly happened: "delivery failed"; readonly clientId: string; readonly problem: Problem }
  | { readonly happened: "tried again"; readonly clientId: string }
  | { readonly happened: "discarded"; readonly clientId: string }
  | { readonly happened: "lost" };

/** A chat of which nothing is known yet but who asks. */
export function newState(participantId: number, unsent: readonly UnsentMessage[] = []): ChatState {
  return {
    phase: "open",
    lost: false,
    connection: "connecting",
    participantId,
    events: [],
    position: 0,
    unsent,
    typing: new Map(),
    read: new Map(),
  };
}

/** The state after something happened. Pure; what changes nothing gives the same value back. */
export function reduce(state: ChatState, happening: Happening): ChatState {
  switch (happening.happened) {
    case "connection":
      return happening.connection === state.connection ? state : { ...state, connection: happening.connection };
    case "events":
      return withEvents(state, happening.events, happening.position);
    case "frame":
      return withFrame(state, happening.frame);
    case "session":
      return withSession(state, happening.session);
    case "typing ceased": {
      const typing = without(state.typing, happening.participantId);
      return typing === state.typing ? state : { ...state, typing };
    }
    case "limits":
      return { ...state, limits: happening.limits };
    case "written": {
      const { clientId, text, visibility } = happening;
      return { ...state, unsent: [...state.unsent, { clientId, text, visibility, delivery: "sending" }] };
    }
    case "delivery failed": {
      const { clientId, problem } = happening;
      return withUnsent(state, clientId, (one) => ({ ...one, delivery: "failed", problem }));
    }
    case "tried again":
      return withUnsent(state, happening.clientId, ({ problem: _old, ...message }) => ({
        ...message,
        delivery: "sending",
      }));
    case "discarded":
      return { ...state, unsent: state.unsent.filter(({ clientId }) => clientId !== happening.clientId) };
    case "lost":
      return { ...state, lost: true };
  }
}

/** What is told of a session once it is reached: reading that was done meanwhile comes in no frame. */
function withSession(state: ChatState, { participants, limits, transcriptEmail }: WireSession): ChatState {
  const read = new Map(participants.map(({ participantId, readPosition }) => [participantId, readPosition]));
  return { ...state, read, limits, transcriptEmail };
}

/** Nicknames of the agents who are in the session, as the events tell. */
export function agentsIn({ events }: Pick<ChatState, "events">): string[] {
  const there = new Map<number, string>();
  for (const event of events) {
    const { type, nickname, participantId } = event.from;
    if (type !== "Agent") continue;
    if (event.type === "ParticipantLeft") there.delete(participantId);
    if (event.type === "ParticipantJoined") there.set(participantId, nickname);
    if (event.type === "NicknameUpdated") there.set(participantId, event.nickname);
  }
  return [...there.values()];
}

/** True while an agent is in the session. */
export function agentThere(state: Pick<ChatState, "events">): boolean {
  return agentsIn(state).length > 0;
}

/** True while news arrive, whichever way. */
export function isReached({ connection }: Pick<ChatState, "connection">): boolean {
  return connection === "live" || connection === "polling";
}

/** Events may come twice (an answer and the socket both tell them) and never out of order within one answer. */
function withEvents(state: ChatState, events: readonly WireEvent[], upTo: number): ChatState {
  const known = new Set(state.events.map(({ position }) => position));
  const fresh = events.filter(({ position }) => !known.has(position));
  const position = Math.max(state.position, upTo, ...fresh.map((event) => event.position));
  if (fresh.length === 0) return position === state.position ? state : { ...state, position };
  const sent = new Set(fresh.filter((one) => isOwn(state, one)).map(({ clientId }) => clientId));
  return fresh.reduce(withNews, {
    ...state,
    position,
    events: [...state.events, ...fresh].sort((a, b) => a.position - b.position),
    unsent: sent.size === 0 ? state.unsent : state.unsent.filter(({ clientId }) => !sent.has(clientId)),
  });
}

/** What an event means beside standing in the transcript. */
function withNews(state: ChatState, event: WireEvent): ChatState {
  const typing = without(state.typing, event.from.participantId);
  if (event.type === "ParticipantJoined" && event.from.type === "Agent") {
    const { queue: _left, ...served } = state;
    return { ...served, typing };
  }
  const over = event.type === "ParticipantLeft" && event.from.participantId === state.participantId;
  return over ? { ...state, typing, phase: "ended" } : { ...state, typing };
}

function withFrame(state: ChatState, frame: ServerFrame): ChatState {
  switch (frame.type) {
    case "welcome":
      return { ...state, phase: frame.phase, participantId: frame.participantId };
    case "typing": {
      const { participantId, nickname } = frame.from;
      const others = without(state.typing, participantId);
      return { ...state, typing: frame.typing ? new Map([...others, [participantId, nickname]]) : others };
    }
    case "read":
      return { ...state, read: new Map([...state.read, [frame.participantId, frame.position]]) };
    case "queue": {
      const { type: _queue, ...queue } = frame;
      return { ...state, queue };
    }
    case "refused": {
      const { clientId, problem } = frame;
      return clientId === undefined ? state : reduce(state, { happened: "delivery failed", clientId, problem });
    }
    case "ended": {
      const { queue: _over, ...rest } = state;
      return { ...rest, phase: "ended", typing: new Map() };
    }
    default:
      return state;
  }
}

function isOwn({ participantId }: ChatState, { from, clientId }: WireEvent): boolean {
  return clientId !== undefined && from.participantId === participantId;
}

function withUnsent(state: ChatState, clientId: string, change: (one: UnsentMessage) => UnsentMessage): ChatState {
  return { ...state, unsent: state.unsent.map((one) => (one.clientId === clientId ? change(one) : one)) };
}

function without<V>(map: ReadonlyMap<number, V>, key: number): ReadonlyMap<number, V> {
  return map.has(key) ? new Map([...map].filter(([other]) => other !== key)) : map;
}

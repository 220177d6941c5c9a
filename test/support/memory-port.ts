/** Sessions in memory behind the port that the HTTP layer calls, so that it runs where there are no objects. */
import type { SessionPort } from "../../durable/kit/objects.ts";
import type { Principal } from "../../src/core/principal.ts";
import { resolveReader } from "../../src/core/principal.ts";
import { FACES } from "../../src/core/problem.ts";
import { ok, type Result, refuse } from "../../src/core/refusal.ts";
import type { Session } from "../../src/core/session.ts";
import {
  type EventPage,
  type Reader,
  viewLimits,
  viewPage,
  viewPoll,
  viewSession,
  viewTranscript,
} from "../../src/core/views.ts";
import { MAX_EVENTS_PER_PAGE } from "../../src/protocol/wire.ts";
import { MemorySession, type World } from "./memory-session.ts";

/** Every session of one world, by its id. */
export class MemorySessions {
  readonly #world: World;
  readonly #sessions = new Map<string, MemorySession>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The session with this id, opened or not. */
  session(sessionId: string): MemorySession {
    const session = this.#sessions.get(sessionId) ?? new MemorySession(this.#world);
    this.#sessions.set(sessionId, session);
    return session;
  }

  /** The way the HTTP layer reaches it. Long polls answer at once; there are no sockets. */
  port({ sessionId }: { sessionId: string }): SessionPort {
    const memory = this.session(sessionId);
    const page = (session: Session, reader: Reader, after: number) =>
      viewPage(session, pageOf(memory, after), reader, after);
    return {
      execute: async (principal, command) => memory.execute(principal, command),
      view: async (principal) => read(memory, principal, viewSession),
      limits: async (principal) => read(memory, principal, viewLimits),
      events: async (principal, after) => read(memory, principal, (session, reader) => page(session, reader, after)),
      poll: async (principal, after) =>
        read(memory, principal, (session, reader) =>
          viewPoll(session, pageOf(memory, after), memory.typing, reader, after, this.#world.now),
        ),
      transcript: async (principal, before) =>
        read(memory, principal, (session) => viewTranscript(session, pageBefore(memory, before))),
      frozenMail: async (principal) => read(memory, principal, () => undefined),
      earlier: async () => {
        throw new Error("there are no directories in memory");
      },
      connect: async (principal, { kind, after }) => {
        if (kind === "live") throw new Error("there are no sockets in memory");
        const answer = read(memory, principal, (session, reader) => page(session, reader, after));
        if (answer.ok) return Response.json(answer.value);
        return Response.json(answer.refusal, { status: FACES[answer.refusal.reason].status });
      },
    };
  }
}

function pageOf(memory: MemorySession, after: number): EventPage {
  const events = memory.events(after);
  return { events: events.slice(0, MAX_EVENTS_PER_PAGE), more: events.length > MAX_EVENTS_PER_PAGE };
}

function pageBefore(memory: MemorySession, before = Number.MAX_SAFE_INTEGER): EventPage {
  const events = memory.events().filter(({ position }) => position < before);
  return { events: events.slice(-MAX_EVENTS_PER_PAGE), more: events.length > MAX_EVENTS_PER_PAGE };
}

function read<R>(
  memory: MemorySession,
  principal: Principal,
  view: (session: Session, reader: Reader) => R,
): Result<R> {
  const { session } = memory;
  if (session === undefined || session.phase.name === "erasing") return refuse({ reason: "unknown-session" });
  const reader = resolveReader(session, principal);
  return reader.ok ? ok(view(session, reader.value)) : reader;
}

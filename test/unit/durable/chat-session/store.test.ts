import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SessionStore } from "../../../../durable/chat-session/store.ts";
import { decide, type Named } from "../../../../src/core/chat.ts";
import type { CommandType } from "../../../../src/core/commands.ts";
import { performDuties } from "../../../../src/core/duties.ts";
import type { Principal } from "../../../../src/core/principal.ts";
import type { Change, Session } from "../../../../src/core/session.ts";
import { ANNA, CUSTOMER, DAY, MINUTE, openCommand, SECOND, START, SYSTEM } from "../../../support/core-fixtures.ts";

/** A session decided in memory and stored as the object stores it. */
class StoredSession {
  readonly store: SessionStore;
  session: Session | undefined;
  now = START;
  #lastId = 0;

  constructor(storage: DurableObjectStorage) {
    this.store = new SessionStore(storage);
    this.store.migrate();
    this.give(SYSTEM, openCommand({ timeoutAlert2: 30 * SECOND }, { email: "cleo@example.com" }));
  }

  give<T extends CommandType>(principal: Principal, command: Named<T>): void {
    const decision = decide(this.session, principal, command, this.#context());
    if (decision.session !== undefined) this.#keep(decision.changes, decision.session);
  }

  ring(customerConnected: boolean): void {
    if (this.session === undefined) return;
    const { changes, session } = performDuties(this.session, { customerConnected }, this.#context());
    this.#keep(changes, session);
  }

  #keep(changes: readonly Change[], session: Session): void {
    if (changes.length > 0) this.store.apply(changes, session);
    this.session = session;
  }

  #context() {
    const newId = () => {
      this.#lastId += 1;
      return `id-${String(this.#lastId).padStart(6, "0")}`;
    };
    return { now: this.now, newId };
  }
}

/** What may happen to a session, and how much time passes before. */
const STEPS: Readonly<Record<string, (chat: StoredSession, pick: number) => void>> = {
  say: (chat) => chat.give(CUSTOMER, { type: "SendMessage", text: "hello", visibility: "all" }),
  note: (chat) => chat.give(ANNA, { type: "SendMessage", text: "a note", visibility: "agents" }),
  join: (chat) => chat.give(ANNA, { type: "JoinSession" }),
  leave: (chat) => chat.give(ANNA, { type: "LeaveSession" }),
  read: (chat, pick) => chat.give(ANNA, { type: "MarkRead", position: pick }),
  rename: (chat, pick) => chat.give(CUSTOMER, { type: "UpdateNickname", nickname: `Cleo ${pick}` }),
  attach: (chat, pick) => chat.give(CUSTOMER, { type: "UpdateUserData", userData: { order: String(pick) } }),
  rotate: (chat) => chat.give(CUSTOMER, { type: "RotateToken" }),
  ask: (chat) => chat.give(CUSTOMER, { type: "RequestTranscript" }),
  ring: (chat) => chat.ring(true),
  ringAlone: (chat) => chat.ring(false),
  wait: (chat, pick) => {
    chat.now += pick * 10 * SECOND;
  },
  waitLong: (chat, pick) => {
    chat.now += (pick % 2) * 31 * DAY + 5 * MINUTE;
  },
  reserve: (chat, pick) => {
    const wish = { name: `${pick % 3}.txt`, extension: "txt", size: 100 + (pick % 3), exact: true };
    chat.give(CUSTOMER, { type: "ReserveUpload", ...wish, uploadKey: `key-${pick % 3}` });
  },
  renew: (chat, pick) => withDocument(chat, pick, (ref) => chat.give(SYSTEM, { type: "RenewLease", ...ref })),
  multipart: (chat, pick) =>
    withDocument(chat, pick, (ref) => chat.give(SYSTEM, { type: "AttachMultipart", ...ref, multipartId: "m" })),
  commit: (chat, pick) =>
    withDocument(chat, pick, (ref) =>
      chat.give(SYSTEM, { type: "CommitUpload", ...ref, size: 100, sha256: "ab", contentType: "text/plain" }),
    ),
  release: (chat, pick) =>
    withDocument(chat, pick, (ref) =>
      chat.give(SYSTEM, { type: "ReleaseUpload", ...ref, reason: "aborted", rejected: false, object: "unknown" }),
    ),
  fetch: (chat, pick) =>
    withDocument(chat, pick, (_ref, fileId) => chat.give(CUSTOMER, { type: "OpenDownload", fileId, method: "get" })),
  delete: (chat, pick) =>
    withDocument(chat, pick, (_ref, fileId) => chat.give(CUSTOMER, { type: "DeleteFile", fileId })),
  finish: (chat, pick) => {
    const effect = [...(chat.session?.effects.values() ?? [])][pick];
    const outcome = pick % 2 === 0 ? ({ outcome: "done" } as const) : ({ outcome: "later", failure: "f" } as const);
    if (effect !== undefined) chat.give(SYSTEM, { type: "FinishEffect", effectId: effect.effectId, outcome });
  },
  end: (chat) => chat.give(CUSTOMER, { type: "EndSession" }),
};

type Ref = { readonly documentId: string; readonly attempt: number };

function withDocument(chat: StoredSession, pick: number, act: (ref: Ref, fileId: string) => void): void {
  const document = [...(chat.session?.documents.values() ?? [])][pick];
  if (document !== undefined) act({ documentId: document.documentId, attempt: document.attempt }, document.fileId);
}

const steps = fc.array(fc.tuple(fc.constantFrom(...Object.keys(STEPS)), fc.nat(6)), { maxLength: 60 });

function onEmptyStorage(code: (storage: DurableObjectStorage) => void | Promise<void>): Promise<void> {
  return runInDurableObject(env.SESSIONS.getByName(crypto.randomUUID()), (_instance, { storage }) => code(storage));
}

describe("what a session's storage gives back", () => {
  it("is what was in memory, whatever happened to the session", async () => {
    await onEmptyStorage(async (storage) => {
      await fc.assert(
        fc
          .asyncProperty(steps, async (happened) => {
            const chat = new StoredSession(storage);
            for (const [step, pick] of happened) {
              STEPS[step]?.(chat, pick);
              expect(new SessionStore(storage).load()).toEqual({ ...chat.session, paces: {} });
            }
          })
          .afterEach(() => storage.deleteAll()),
        { numRuns: 60 },
      );
    });
  });

  it("is what was in memory between the alerts of the inactivity control and after its close", async () => {
    await onEmptyStorage((storage) => {
      const chat = new StoredSession(storage);
      const seen: (number | undefined)[] = [];
      for (const wait of [255, 30, 45]) {
        chat.now += wait * SECOND;
        chat.ring(true);
        const loaded = new SessionStore(storage).load();
        expect(loaded).toEqual(chat.session === undefined ? undefined : { ...chat.session, paces: {} });
        seen.push(loaded?.alerts);
      }
      expect(seen).toEqual([1, 2, 0]);
      expect(chat.session?.phase.name).toBe("ended");
    });
  });

  it("is the transcript in pages, each event once", async () => {
    await onEmptyStorage((storage) => {
      const chat = new StoredSession(storage);
      for (let count = 0; count < 10; count += 1) STEPS.say?.(chat, count);
      const first = chat.store.events(0, 6);
      const second = chat.store.events(first.events.at(-1)?.position ?? 0, 6);
      expect([first.more, second.more]).toEqual([true, false]);
      const positions = [...first.events, ...second.events].map(({ position }) => position);
      expect(positions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    });
  });

  it("is a mail of any length, as it was frozen", async () => {
    await onEmptyStorage((storage) => {
      const { store } = new StoredSession(storage);
      expect(store.mail()).toBeUndefined();
      const raw = "0123456789".repeat(250_000);
      store.freezeMail(raw);
      expect(store.mail()).toBe(raw);
      expect(() => store.freezeMail("another")).toThrow();
      expect(store.mail()).toBe(raw);
    });
  });

  it("is nothing of a change whose storing fails", async () => {
    await onEmptyStorage((storage) => {
      const chat = new StoredSession(storage);
      STEPS.say?.(chat, 0);
      const before = chat.store.load();
      const event = chat.store.events(0, 10).events[1];
      if (event === undefined || chat.session === undefined) throw new Error("there is no message");
      const changes: Change[] = [
        { change: "SessionChanged", patch: { userData: { lost: "yes" } } },
        { change: "EventAppended", event },
      ];
      expect(() => chat.store.apply(changes, { ...chat.session, userData: { lost: "yes" } } as Session)).toThrow();
      expect(chat.store.load()).toEqual(before);
    });
  });
});

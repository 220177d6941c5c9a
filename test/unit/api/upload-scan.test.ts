/** Uploads of a service that scans: nobody can open a file before its verdict, and every verdict has its end. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { RENEW_MS, scanStored } from "../../../src/api/scan.ts";
import { receiveUpload, sessionLedger } from "../../../src/api/upload.ts";
import type { Scanner } from "../../../src/backends/scanner.ts";
import { inspectionOf } from "../../../src/core/inspection.ts";
import { ok, refuse } from "../../../src/core/refusal.ts";
import type { NotScanned, ScanVerdict } from "../../../src/core/scan.ts";
import type { Chat } from "../../support/chats.ts";
import { documents, openedChat, pass, type Reserved, stopClock } from "../../support/chats.ts";
import { ANNA, accepted, CUSTOMER, MINUTE, reasonOf, SYSTEM } from "../../support/core-fixtures.ts";
import { bodyOf, digestOf, FREE, PATIENT, receive, textOf } from "../../support/uploads.ts";

beforeAll(stopClock);

const REQUIRED = { ...PATIENT, scan: "required" } as const;
const BEST_EFFORT = { ...PATIENT, scan: "best-effort" } as const;
const INFECTED: ScanVerdict = { verdict: "infected", signature: "Eicar-Test-Signature" };
const NONE = ["down", "slow", "nonsense", "busy"] as const satisfies readonly NotScanned[];

/** A scanner that reads the whole file and then says what the test wants; keeps what it read. */
class ScriptedScanner implements Scanner {
  readonly seen: string[] = [];
  verdict: ScanVerdict | Promise<ScanVerdict>;

  constructor(verdict: ScanVerdict | Promise<ScanVerdict>) {
    this.verdict = verdict;
  }

  async scan({ open }: Parameters<Scanner["scan"]>[0]): Promise<ScanVerdict> {
    const content = await open();
    if (content === undefined) throw new Error("the file is gone");
    this.seen.push(await digestOf(new Uint8Array(await new Response(content).arrayBuffer())));
    return this.verdict;
  }

  async state() {
    return { version: "scripted", signaturesAt: undefined };
  }
}

/** Sends 100 bytes of text by a scanner. */
function send(chat: Chat, reservation: Reserved, scanner: Scanner) {
  return receive(chat, reservation, bodyOf(textOf(100)), { scanner });
}

/** Events as one reader sees them, those of files alone. */
async function fileEvents(chat: Chat, who: typeof CUSTOMER | typeof ANNA) {
  const { events } = accepted(await chat.port.events(who, 0));
  return events.filter(({ type }) => type.startsWith("File"));
}

describe("a file of a service that scans", () => {
  it("is announced when it is clean, and says so", async () => {
    const chat = await openedChat(REQUIRED);
    const scanner = new ScriptedScanner({ verdict: "clean" });
    const { file } = accepted(await send(chat, await chat.reserve(), scanner));
    expect(file.scan).toBe("clean");
    expect(scanner.seen).toEqual([await digestOf(textOf(100))]);
  });

  it("can be opened by nobody, and is told to nobody, before the verdict", async () => {
    const chat = await (await openedChat(REQUIRED)).join();
    const { promise, resolve } = Promise.withResolvers<ScanVerdict>();
    const scanner = new ScriptedScanner(promise);
    const reservation = await chat.reserve();
    const received = send(chat, reservation, scanner);
    await vi.waitFor(() => expect(scanner.seen).toHaveLength(1));
    const { fileId } = reservation;
    for (const who of [CUSTOMER, ANNA]) {
      const opened = await chat.port.execute(who, { type: "OpenDownload", fileId, method: "get" });
      expect(reasonOf(opened)).toBe("unknown-file");
      expect(await fileEvents(chat, who)).toEqual([]);
    }
    resolve({ verdict: "clean" });
    accepted(await received);
    expect(reasonOf(await chat.port.execute(ANNA, { type: "OpenDownload", fileId, method: "get" }))).toBe("accepted");
  });

  it("is never scanned where the service does not want it", async () => {
    const chat = await openedChat(PATIENT);
    const scanner = new ScriptedScanner(INFECTED);
    expect(accepted(await send(chat, await chat.reserve(), scanner)).file).not.toHaveProperty("scan");
    expect(scanner.seen).toEqual([]);
  });

  it.each(NONE)("is refused for now while the scanner is %s, and nothing is charged or kept", async (why) => {
    const chat = await openedChat(REQUIRED);
    const reservation = await chat.reserve();
    const refused = await send(chat, reservation, new ScriptedScanner({ verdict: "none", why }));
    expect(reasonOf(refused)).toBe("scanner-unavailable");
    expect(await chat.state(reservation)).toBe("released");
    await chat.settle();
    expect(await chat.used()).toEqual(FREE);
    expect(await chat.keys()).toEqual([]);
  });

  it("is refused for now where there is no scanner at all", async () => {
    const chat = await openedChat(REQUIRED);
    expect(reasonOf(await receive(chat, await chat.reserve(), bodyOf(textOf(100))))).toBe("scanner-unavailable");
  });

  it.each(NONE)("is announced with a mark where scans may be left out, while the scanner is %s", async (why) => {
    const chat = await openedChat(BEST_EFFORT);
    const { file } = accepted(await send(chat, await chat.reserve(), new ScriptedScanner({ verdict: "none", why })));
    expect(file.scan).toBe("skipped");
  });

  it.each([REQUIRED, BEST_EFFORT])("is refused where the scanner cannot look into it (%j)", async (options) => {
    const chat = await openedChat(options);
    const reservation = await chat.reserve();
    const refused = await send(chat, reservation, new ScriptedScanner({ verdict: "none", why: "too-large" }));
    expect(reasonOf(refused)).toBe("not-scannable");
    expect(await chat.state(reservation)).toBe("rejected");
    expect(await chat.used()).toEqual(FREE);
  });

  it("is not asked for before the form that brought it is whole", async () => {
    const chat = await openedChat(REQUIRED);
    const scanner = new ScriptedScanner(INFECTED);
    const reservation = await chat.reserve();
    const ledger = sessionLedger(chat.port);
    const known = {
      ledger,
      documents: documents(),
      reservation,
      extension: "txt",
      size: 100,
      buffer: undefined,
      scanner,
    };
    const upload = { ...known, pieces: bodyOf(textOf(100)), now: () => Date.now() };
    expect(reasonOf(await receiveUpload(upload, async () => refuse({ reason: "bad-token" })))).toBe("bad-token");
    expect(scanner.seen).toEqual([]);
    expect(await chat.used()).toEqual(FREE);
  });

  it("gives its quota back where the store fails while the scanner reads", async () => {
    const chat = await openedChat(REQUIRED);
    const reservation = await chat.reserve();
    const scanner = new ScriptedScanner({ verdict: "clean" });
    scanner.scan = () => Promise.reject(new Error("the file's stream broke"));
    expect(reasonOf(await send(chat, reservation, scanner))).toBe("store-unavailable");
    expect(await chat.used()).toEqual(FREE);
  });
});

describe("a file with malware", () => {
  async function rejected() {
    const chat = await (await openedChat(REQUIRED)).join();
    const reservation = await chat.reserve();
    const refused = await send(chat, reservation, new ScriptedScanner(INFECTED));
    return { chat, reservation, refused };
  }

  it("is refused, gives its quota back, and its bytes go", async () => {
    const { chat, reservation, refused } = await rejected();
    expect(reasonOf(refused)).toBe("malware-found");
    expect(await chat.state(reservation)).toBe("rejected");
    await chat.settle();
    expect(await chat.used()).toEqual(FREE);
    expect(await chat.keys()).toEqual([]);
  });

  it("is told to agents by the signature's name, and to the customer not at all", async () => {
    const { chat, reservation } = await rejected();
    const { fileId } = reservation;
    expect(await fileEvents(chat, ANNA)).toMatchObject([
      { type: "FileRejected", fileId, name: "a.txt", signature: "Eicar-Test-Signature", visibility: "agents" },
    ]);
    expect(await fileEvents(chat, CUSTOMER)).toEqual([]);
  });

  it("is in the audit, without its name", async () => {
    const { chat, reservation } = await rejected();
    const audit = (await chat.rows("SELECT body FROM audit")).map(({ body }) => JSON.parse(String(body)));
    const record = {
      participantId: 1,
      action: "file-rejected",
      fileId: reservation.fileId,
      signature: "Eicar-Test-Signature",
    };
    expect(audit.at(-1)).toEqual({ at: Date.now(), ...record });
  });
});

describe("a scan that takes its time", () => {
  afterEach(() => stopClock());

  it("keeps the lease running, and ends where the lease is lost", async () => {
    vi.useFakeTimers();
    const ended: boolean[] = [];
    const patient: Scanner = {
      scan: (_file, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => {
            ended.push(true);
            reject(new Error("ended"));
          });
        }),
      state: () => Promise.reject(new Error("not asked")),
    };
    let renewals = 0;
    const renew = async () => (++renewals < 3 ? ok(undefined) : refuse({ reason: "upload-expired" }));
    const file = { size: 1, open: async () => undefined };
    const scanned = scanStored(patient, inspectionOf({ scan: "required" }), file, renew);
    await vi.advanceTimersByTimeAsync(2 * RENEW_MS);
    expect(renewals).toBe(2);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(RENEW_MS);
    expect(reasonOf(await scanned)).toBe("upload-expired");
    expect(ended).toEqual([true]);
  });
});

describe("a rescued upload without a verdict of the scanner", () => {
  /** Stored in full, and its worker is gone. There is no scanner in these tests' configuration. */
  async function abandoned(options: typeof REQUIRED | typeof BEST_EFFORT) {
    const chat = await openedChat(options);
    const reservation = await chat.reserve();
    await documents().put(reservation.key, textOf(100));
    return { chat, reservation };
  }

  it("waits while a scan is required, and is given up ten minutes after it began", async () => {
    const { chat, reservation } = await abandoned(REQUIRED);
    pass(MINUTE);
    await chat.alarm();
    expect(await chat.state(reservation)).toBe("reserved");
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
    pass(10 * MINUTE);
    await chat.settle();
    expect(await chat.state(reservation)).toBe("released");
    expect(await chat.used()).toEqual(FREE);
    expect(await chat.keys()).toEqual([]);
  });

  it("holds up no session that ends", async () => {
    const { chat, reservation } = await abandoned(REQUIRED);
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    pass(MINUTE);
    await chat.settle();
    expect(await chat.state(reservation)).not.toBe("available");
    expect(await chat.phase()).toBe("ended");
  });

  it("is announced with its mark where scans may be left out", async () => {
    const { chat } = await abandoned(BEST_EFFORT);
    pass(MINUTE);
    await chat.settle();
    const { events } = accepted(await chat.port.events(SYSTEM, 0));
    expect(events.at(-1)).toMatchObject({ type: "FileUploaded", file: { scan: "skipped" } });
  });

  it("is left to the rescue that works on it, whose lease runs", async () => {
    const { chat, reservation } = await abandoned(BEST_EFFORT);
    pass(MINUTE);
    const { documentId, attempt } = reservation;
    accepted(await chat.port.execute(SYSTEM, { type: "BeginRescue", documentId, attempt }));
    expect(reasonOf(await chat.port.execute(SYSTEM, { type: "BeginRescue", documentId, attempt }))).toBe(
      "upload-superseded",
    );
    await chat.alarm();
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
    pass(MINUTE);
    await chat.alarm();
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "FileUploaded"]);
  });
});

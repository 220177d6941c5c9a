/** Who may give which command: every rule holds for every kind of principal, with and without its privilege. */
import { describe, expect, test } from "vitest";
import type { Named } from "../../../src/core/chat.ts";
import { type CommandType, RULES } from "../../../src/core/commands.ts";
import { chatWithAnna, newWorld, openChat, phaseName } from "../../support/core-chat.ts";
import {
  ANNA,
  accepted,
  agent,
  agentWithout,
  BERT,
  CUSTOMER,
  OPTIONS,
  openCommand,
  reasonOf,
  SYSTEM,
} from "../../support/core-fixtures.ts";
import { MemorySession } from "../../support/memory-session.ts";

const REF = { documentId: "d", attempt: 1 };
const FILE = { size: 1, sha256: "s", contentType: "application/pdf" };

/** One example of each command; complete, or it does not compile. */
const EXAMPLES: { readonly [T in CommandType]: Named<T> } = {
  OpenSession: openCommand(),
  JoinSession: { type: "JoinSession" },
  LeaveSession: { type: "LeaveSession" },
  TransferSession: { type: "TransferSession" },
  EndSession: { type: "EndSession" },
  SendMessage: { type: "SendMessage", text: "hi", visibility: "all" },
  PushUrl: { type: "PushUrl", url: "https://example.com" },
  SendNotice: { type: "SendNotice", text: "n" },
  SetTyping: { type: "SetTyping", typing: true },
  Stay: { type: "Stay" },
  MarkRead: { type: "MarkRead", position: 1 },
  UpdateNickname: { type: "UpdateNickname", nickname: "n" },
  UpdateUserData: { type: "UpdateUserData", userData: {} },
  RotateToken: { type: "RotateToken" },
  MarkSeen: { type: "MarkSeen", always: true },
  RequestTranscript: { type: "RequestTranscript", to: "a@example.com" },
  ReserveUpload: { type: "ReserveUpload", name: "a.pdf", extension: "pdf", size: 1, exact: true },
  GrantUploads: { type: "GrantUploads", files: 1, bytes: 1 },
  BeginStandardResponse: { type: "BeginStandardResponse" },
  SendStandardResponse: { type: "SendStandardResponse", response: { text: "hi", files: [] } },
  CancelUpload: { type: "CancelUpload", uploadKey: "k" },
  ClaimUpload: { type: "ClaimUpload", ...REF, ...FILE },
  DeleteFile: { type: "DeleteFile", fileId: "f" },
  OpenDownload: { type: "OpenDownload", fileId: "f", method: "get" },
  TakeTicket: { type: "TakeTicket", fileId: "f" },
  HoldUpload: { type: "HoldUpload", name: "a.pdf", extension: "pdf" },
  RenewLease: { type: "RenewLease", ...REF },
  AttachMultipart: { type: "AttachMultipart", ...REF, multipartId: "m" },
  CommitUpload: { type: "CommitUpload", ...REF, ...FILE },
  ReleaseUpload: { type: "ReleaseUpload", ...REF, reason: "aborted", rejected: false, object: "unknown" },
  BeginRescue: { type: "BeginRescue", ...REF },
  ListFiles: { type: "ListFiles" },
  WithdrawFile: { type: "WithdrawFile", fileId: "f", signature: "s" },
  ReturnDownload: { type: "ReturnDownload", fileId: "f", countedAt: 1 },
  FinishEffect: { type: "FinishEffect", effectId: "e", outcome: { outcome: "done" } },
};
const COMMANDS = Object.values(EXAMPLES);
const INSIDE = COMMANDS.filter(({ type }) => type !== "OpenSession");
const by = (giver: string) => INSIDE.filter(({ type }) => RULES[type].by === giver);
/** Reasons that say: not you. */
const NOT_YOU = ["bad-token", "token-revoked", "not-joined", "missing-privilege"];

describe("commands that need a privilege", () => {
  const privileged = INSIDE.flatMap((command) => {
    const { privilege } = RULES[command.type];
    return privilege === undefined ? [] : [{ command, type: command.type, privilege }];
  });

  test("are exactly these", () => {
    expect(Object.fromEntries(privileged.map(({ type, privilege }) => [type, privilege]))).toEqual({
      JoinSession: "chat:take",
      TransferSession: "chat:take",
      GrantUploads: "chat:take",
      PushUrl: "chat:push-url",
      ReserveUpload: "chat:transfer-file-from-file-system",
      BeginStandardResponse: "chat:transfer-file-from-standard-response",
      SendStandardResponse: "chat:transfer-file-from-standard-response",
      OpenDownload: "chat:save-files",
      TakeTicket: "chat:save-files",
    });
  });

  test.each(privileged)(
    "$type is refused to an agent without $privilege, and changes nothing",
    ({ command, privilege }) => {
      const chat = chatWithAnna();
      const before = chat.session;
      const refused = chat.execute(agentWithout("anna", privilege), command);
      expect(refused).toEqual({ ok: false, refusal: { reason: "missing-privilege", privilege } });
      expect(chat.session).toBe(before);
    },
  );

  test.each(privileged)("$type needs no other privilege than $privilege", ({ command, privilege }) => {
    const chat = chatWithAnna();
    expect(NOT_YOU).not.toContain(reasonOf(chat.execute(agent("anna", [privilege]), command)));
  });
});

describe("who may give a command", () => {
  test.each(by("system"))("$type is for Satchel alone", (command) => {
    const chat = chatWithAnna();
    expect(reasonOf(chat.execute(CUSTOMER, command))).toBe("bad-token");
    expect(reasonOf(chat.execute(ANNA, command))).toBe("bad-token");
    expect(NOT_YOU).not.toContain(reasonOf(chat.execute(SYSTEM, command)));
  });

  test.each(by("customer"))("$type is for the customer alone", (command) => {
    const chat = chatWithAnna();
    expect(reasonOf(chat.execute(ANNA, command))).toBe("bad-token");
    expect(reasonOf(chat.execute(SYSTEM, command))).toBe("bad-token");
    expect(NOT_YOU).not.toContain(reasonOf(chat.execute(CUSTOMER, command)));
  });

  test.each(by("agent"))("$type is for agents, joined or not", (command) => {
    const chat = chatWithAnna();
    expect(reasonOf(chat.execute(CUSTOMER, command))).toBe("bad-token");
    expect(reasonOf(chat.execute(SYSTEM, command))).toBe("bad-token");
    expect(reasonOf(chat.execute(BERT, command))).toBe("accepted");
  });

  test.each(by("colleague"))("$type is for agents who are in the session", (command) => {
    const chat = chatWithAnna();
    expect(reasonOf(chat.execute(CUSTOMER, command))).toBe("bad-token");
    expect(reasonOf(chat.execute(SYSTEM, command))).toBe("bad-token");
    expect(reasonOf(chat.execute(BERT, command))).toBe("not-joined");
    expect(NOT_YOU).not.toContain(reasonOf(chat.execute(ANNA, command)));
  });

  test.each(by("participant"))("$type is for those who are in the session", (command) => {
    const chat = chatWithAnna();
    expect(reasonOf(chat.execute(SYSTEM, command))).toBe("not-joined");
    expect(reasonOf(chat.execute(BERT, command))).toBe("not-joined");
    expect(NOT_YOU).not.toContain(reasonOf(chat.execute(CUSTOMER, command)));
    expect(NOT_YOU).not.toContain(reasonOf(chatWithAnna().execute(ANNA, command)));
  });

  test.each([...by("participant"), ...by("customer")])(
    "$type is refused to strangers and revoked tokens",
    (command) => {
      const chat = chatWithAnna();
      const stranger = (participantId: number, tokenVersion = 1) =>
        reasonOf(chat.execute({ kind: "customer", participantId, tokenVersion }, command));
      expect(stranger(7)).toBe("bad-token");
      // A customer's token never acts as an agent, though the participant exists.
      expect(stranger(2)).toBe("bad-token");
      expect(stranger(1, 2)).toBe("token-revoked");
    },
  );
});

describe("the phases", () => {
  test.each(INSIDE)("$type finds no session that was never opened, or is erased", (command) => {
    const chat = new MemorySession(newWorld());
    expect(reasonOf(chat.execute(SYSTEM, command))).toBe("unknown-session");
    expect(chat.rows.log).toEqual([]);
  });

  test.each(INSIDE.filter(({ type }) => !RULES[type].during.includes("ended")))(
    "$type is refused after the end",
    (command) => {
      const chat = chatWithAnna();
      accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
      const before = chat.session;
      const givers = { system: SYSTEM, agent: ANNA, colleague: ANNA, customer: CUSTOMER, participant: CUSTOMER };
      const giver = givers[RULES[command.type].by];
      expect(reasonOf(chat.execute(giver, command))).toBe("session-ended");
      expect(chat.session).toBe(before);
    },
  );

  test("of a session that closes leave only what settles uploads, and what changes nothing for others", () => {
    const closing = COMMANDS.filter(({ type }) => RULES[type].during.includes("closing")).map(({ type }) => type);
    const reading = [
      "OpenDownload",
      "TakeTicket",
      "ReturnDownload",
      "MarkSeen",
      "RotateToken",
      "RequestTranscript",
      "ListFiles",
    ];
    const settling = [
      "CancelUpload",
      "ClaimUpload",
      "AttachMultipart",
      "RenewLease",
      "CommitUpload",
      "ReleaseUpload",
      "BeginRescue",
      "WithdrawFile",
      "FinishEffect",
    ];
    expect(closing.toSorted()).toEqual([...reading, ...settling, "OpenSession", "EndSession"].toSorted());
  });
});

test("new options are in force at the next command, and a refused one leaves no trace", () => {
  const chat = openChat();
  chat.changeOptions({ maxMessageLength: 1 });
  expect(chat.session?.options).toEqual({ ...OPTIONS, maxMessageLength: 1 });
  const rows = chat.rows.log.length;
  expect(reasonOf(chat.execute(CUSTOMER, EXAMPLES.SendMessage))).toBe("message-too-long");
  expect(chat.rows.log).toHaveLength(rows);
  expect(phaseName(chat)).toBe("open");
});

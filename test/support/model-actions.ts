/** Random sequences of what can happen to two chats, weighted so that uploads, alarms and faults meet often. */
import * as fc from "fast-check";
import type { ServiceOptions } from "../../src/core/options.ts";
import { HOUR, MAIL_BUSY, MAIL_REFUSED, MINUTE, SECOND } from "./core-fixtures.ts";
import type { Action, Who } from "./model-chat.ts";
import { WORK_STEPS } from "./model-worker.ts";

/** An action in one of the two chats. */
export interface Step {
  readonly which: 0 | 1;
  readonly action: Action;
}

const who = fc.constantFrom<Who>("customer", "customer", "customer", "anna", "bert");
/** Mostly the latest. */
const pick = fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 5);
const uploadKey = fc.constantFrom("key-1", "key-2");
const size = fc.constantFrom(1, 10, 500, 999, 1000, 1001);
const maybe = (text: fc.Arbitrary<string>) => fc.option(text, { nil: undefined });

const options = fc.constantFrom<Partial<ServiceOptions>>(
  { uploadMaxFiles: 0 },
  { uploadMaxFiles: 1, uploadMaxTotalSize: 2000 },
  { uploadMaxFiles: 20, uploadMaxTotalSize: 1500 },
  { uploadMaxFileSize: 500 },
  { uploadMaxFileSize: 1000, uploadMaxFiles: 3 },
  { uploadNeedAgent: true },
  { uploadNeedAgent: false },
  { deleteFile: "off" },
  { deleteFile: "keep-quota" },
  { deleteFile: "return-quota" },
  { downloadAttempts: 1 },
  { downloadAttempts: 5 },
  { timeoutAlert2: 30 * SECOND },
  { messageAlert: "", timeoutAlert: 20 * SECOND },
  { transcriptEmail: "always" },
  { transcriptEmail: "never" },
);

const answers = fc.constantFrom(
  [MAIL_BUSY],
  [MAIL_REFUSED],
  Array.from({ length: 9 }, () => MAIL_BUSY),
);

/** Mostly short; sometimes past a lease, a day, or backwards. */
const ms = fc.constantFrom(
  1,
  SECOND,
  5 * SECOND,
  11 * SECOND,
  30 * SECOND,
  MINUTE,
  MINUTE,
  10 * MINUTE,
  -5 * SECOND,
  25 * HOUR,
);

const weighted: { arbitrary: fc.Arbitrary<Action>; weight: number }[] = [
  { weight: 4, arbitrary: fc.record({ do: fc.constant("say"), who, clientId: maybe(fc.constantFrom("m-1", "m-2")) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("join", "join", "watch", "leave", "transfer"), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("end"), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("type"), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("stay"), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("rotate", "visit of strangers") }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("evict", "begin alarm", "alarm", "alarm") }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("ask for transcript"), to: fc.constantFrom("a@b.c", "a@b.c", "d@e.f") }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("reserve"),
      who,
      name: fc.constantFrom("a.pdf", "a.pdf", "b.pdf"),
      size,
      exact: fc.boolean(),
      uploadKey: maybe(uploadKey),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("hold") }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("upload"), who, size: fc.constantFrom(1, 500, 1000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("mail fails"), answers }) },
  {
    weight: 24,
    arbitrary: fc.record({
      do: fc.constant("work"),
      pick,
      step: fc.constantFrom(...WORK_STEPS),
      size,
      acceptable: fc.constantFrom(true, true, false),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("grant"),
      who,
      files: fc.constantFrom(0, 1, 2),
      bytes: fc.constantFrom(0, 500, 1000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel"), who, uploadKey }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("send response"),
      who: fc.constantFrom("anna", "anna", "bert", "customer"),
      until: fc.constantFrom("announced", "taken", "sent", "sent"),
      clientId: maybe(fc.constantFrom("r-1", "r-2")),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("delete"), who, pick }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant("download"), who, pick, ticket: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("return download"), pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("set options"), options }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("connect"), connected: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("store"), down: fc.constantFrom(true, false, false) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("step effect"), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("time out", "step late effect"), pick }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("hanging alarm"), pick, halts: fc.nat(7) }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant("wait"), ms }) },
];

/** Longest waits are rare: a day ends most chats. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ which: fc.constantFrom(0, 0, 1), action: fc.oneof(...weighted) }),
  { maxLength: 80, size: "max" },
);

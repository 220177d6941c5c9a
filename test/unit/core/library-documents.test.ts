/** Files of a library: admitted by the agents' limits, kept while somebody needs them, and forgotten only once they are gone. */
import { describe, expect, it } from "vitest";
import type { ObjectState } from "../../../src/core/attempts.ts";
import {
  afterEffect,
  committed,
  detached,
  gone,
  isUnused,
  type LibraryDocument,
  type LibraryEffect,
  libraryKey,
  renewed,
  reserveFile,
  type StoringDocument,
  storing,
} from "../../../src/core/library-documents.ts";
import { accepted, DAY, MINUTE, OPTIONS, reasonOf, SECOND, START } from "../../support/core-fixtures.ts";

let ids = 0;
const newId = () => `id-${++ids}`;
const PLACE = { service: "shop", jurisdiction: "" } as const;
const PDF = { name: "a.pdf", extension: "pdf", size: 100, exact: true };
const FILE = { size: 100, sha256: "ab", contentType: "application/pdf" };
const DONE = { outcome: "done" } as const;

const reserve = (wish: Partial<typeof PDF> = {}, present: readonly LibraryDocument[] = []) =>
  reserveFile(PLACE, "r1", present, { ...PDF, ...wish }, OPTIONS, { now: START, newId });
const opened = (): StoringDocument => accepted(storing(accepted(reserve()).document, START, { late: false }));
const stored = () => accepted(committed(opened(), FILE, START));

function effectOf(document: LibraryDocument): LibraryEffect {
  if (document.effect === undefined) throw new Error("nothing is to be done");
  return document.effect;
}

describe("a reservation", () => {
  it("holds the exact size under a lease, at a key that no session has", () => {
    const { document, reservation } = accepted(reserve());
    expect(reservation).toMatchObject({ held: 100, attempt: 1, key: libraryKey("shop", document.documentId) });
    expect(reservation.key).toMatch(/^library\/shop\//);
    expect(document.phase).toEqual({ state: "storing", held: 100, leaseUntil: START + MINUTE });
    expect(document.effect).toMatchObject({ kind: "SettleUpload", dueAt: START + MINUTE });
  });

  it.each([
    [{ size: 0 }, "empty-file"],
    [{ size: 5001 }, "file-too-large"],
    [{ name: "a.exe", extension: "exe" }, "type-not-allowed"],
    [{ name: "a.txt", extension: "txt" }, "type-not-allowed"],
  ])("of %j is refused with %s", (wish, reason) => {
    expect(reasonOf(reserve(wish))).toBe(reason);
  });

  it("of unknown size holds what one file may have", () => {
    const unsized = { size: Number.MAX_SAFE_INTEGER, exact: false };
    expect(accepted(reserve(unsized)).reservation).toMatchObject({
      held: 5000,
      overflow: { reason: "file-too-large", limit: 5000 },
    });
  });

  it("counts uploads that are going on, and not the file it replaces", () => {
    const present = Array.from({ length: 10 }, (_, index) => accepted(reserve({ name: `${index}.pdf` })).document);
    expect(reasonOf(reserve({ name: "new.pdf" }, present))).toBe("library-full");
    accepted(reserve({ name: "3.pdf" }, present));
  });
});

describe("an upload", () => {
  it("lasts while it is renewed, and is late afterwards", () => {
    const longer = renewed(opened(), START + 30 * SECOND);
    expect(effectOf(longer).dueAt).toBe(START + 90 * SECOND);
    accepted(storing(longer, START + 89 * SECOND, { late: false }));
    expect(reasonOf(storing(longer, START + 90 * SECOND, { late: false }))).toBe("upload-expired");
    accepted(storing(longer, START + DAY, { late: true }));
  });

  it("ends once, with what is held at most", () => {
    expect(stored()).toMatchObject({ phase: { state: "available", size: 100, sha256: "ab" }, responseId: "r1" });
    expect(stored().effect).toBeUndefined();
    expect(reasonOf(storing(stored(), START, { late: true }))).toBe("upload-expired");
    expect(reasonOf(storing(undefined, START, { late: true }))).toBe("unknown-upload");
    expect(reasonOf(committed(opened(), { ...FILE, size: 101 }, START))).toBe("file-too-large");
    expect(reasonOf(committed(opened(), { ...FILE, size: 0 }, START))).toBe("empty-file");
  });
});

describe("a document whose response has it no more", () => {
  it("stays while a session refers to it, and goes when none does", () => {
    const kept = detached(stored(), true, START, newId);
    expect(kept.responseId).toBeUndefined();
    expect(kept).toMatchObject({ phase: { state: "available" } });
    expect(kept.effect).toBeUndefined();
    expect([isUnused(kept, true), isUnused(kept, false), isUnused(stored(), false)]).toEqual([false, true, false]);
    const purged = detached(stored(), false, START, newId);
    expect(purged).toMatchObject({ phase: { state: "gone" }, effect: { kind: "RetireObject", sealed: false } });
  });

  it("is given up while its upload is going on, and sealed since bytes may still come", () => {
    expect(detached(opened(), false, START, newId)).toMatchObject({
      phase: { state: "gone" },
      effect: { kind: "RetireObject", sealed: true },
    });
  });
});

describe("a row", () => {
  const retired = (object: ObjectState) => gone(opened(), "aborted", object, START, newId);

  it("is forgotten as soon as an object that was there is gone", () => {
    const document = retired("stored");
    expect(afterEffect(document, effectOf(document), DONE, START, newId)).toBeUndefined();
  });

  it("stays with its tombstone for a day where bytes might still have come", () => {
    const document = retired("unknown");
    const sealed = afterEffect(document, effectOf(document), DONE, START, newId);
    if (sealed === undefined) throw new Error("forgotten too early");
    expect(effectOf(sealed)).toMatchObject({ kind: "ForgetObject", dueAt: START + DAY });
    expect(afterEffect(sealed, effectOf(sealed), DONE, START + DAY, newId)).toBeUndefined();
    expect(effectOf(retired("sealed"))).toMatchObject({ kind: "ForgetObject", dueAt: START + DAY });
  });

  it("waits longer after each failure, for ever", () => {
    let document = retired("stored");
    const waits = [];
    for (let tries = 0; tries < 9; tries += 1) {
      const next = afterEffect(document, effectOf(document), { outcome: "later", failure: "Error" }, START, newId);
      if (next === undefined) throw new Error("forgotten");
      document = next;
      waits.push((effectOf(document).dueAt - START) / SECOND);
    }
    expect(waits).toEqual([2, 5, 15, 60, 300, 900, 3600, 3600, 3600]);
    expect(effectOf(document).parkedAt).toBeUndefined();
  });

  it("is what others made of it while its effect ran", () => {
    const settling = opened();
    const meanwhile = stored();
    expect(afterEffect(meanwhile, effectOf(settling), DONE, START, newId)).toBe(meanwhile);
  });
});

/** Right inputs made wrong: bit flips, cuts, repeats, splices of two, and words that mean something in the format. */
import fc from "fast-check";

/** Inputs do not grow beyond so many characters or bytes, however often a piece of them is repeated. */
const MOST = 32 * 1024;

const KINDS = ["flip", "set", "insert", "remove", "repeat", "fill", "word", "overwrite", "splice", "truncate"] as const;

/** One change; every number is taken modulo what there is. */
interface Mutation {
  readonly kind: (typeof KINDS)[number];
  readonly at: number;
  readonly to: number;
  readonly size: number;
  readonly value: number;
}

const place = fc.nat(0x7fffffff);
const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom(...KINDS),
  at: place,
  to: place,
  size: fc.oneof(fc.nat(8), fc.nat(256), fc.nat(8192)),
  value: fc.nat(0xffff),
});

/** What changes are made of. */
interface Material {
  readonly seeds: readonly string[];
  readonly words: readonly string[];
  /** Bits of a unit: 8 for bytes, 16 for UTF-16. */
  readonly bits: 8 | 16;
}

function apply(text: string, { kind, at, to, size, value }: Mutation, { seeds, words, bits }: Material): string {
  const from = text.length === 0 ? 0 : at % (text.length + 1);
  const unit = String.fromCharCode(value % 2 ** bits);
  const word = words[value % words.length] ?? "";
  const head = text.slice(0, from);
  switch (kind) {
    case "flip":
      return head + String.fromCharCode((text.charCodeAt(from) || 0) ^ (1 << (value % bits))) + text.slice(from + 1);
    case "set":
      return head + unit + text.slice(from + 1);
    case "insert":
      return head + unit + text.slice(from);
    case "remove":
      return head + text.slice(from + size);
    case "repeat": {
      const there = to % (text.length + 1);
      return text.slice(0, there) + text.slice(from, from + size) + text.slice(there);
    }
    case "fill":
      return head + unit.repeat(size) + text.slice(from + size);
    case "word":
      return head + word + text.slice(from);
    case "overwrite":
      return head + word + text.slice(from + word.length);
    case "splice": {
      const other = seeds[value % seeds.length] ?? "";
      return head + other.slice(to % (other.length + 1));
    }
    case "truncate":
      return head;
  }
}

function mutated(material: Material): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...material.seeds), fc.array(mutation, { maxLength: 8 }))
    .map(([seed, changes]) =>
      changes.reduce((text, change) => apply(text, change, material).slice(0, Math.max(MOST, seed.length)), seed),
    );
}

/** Texts that were right, in any state; lone surrogates among them. */
export function mutatedText(seeds: readonly string[], words: readonly string[]): fc.Arbitrary<string> {
  return mutated({ seeds, words: ["\0", "\r\n", "\ud800", "\u202e", "e\u0301", "😀", ...words], bits: 16 });
}

/** Each byte as one character, which is how bytes are mutated. */
export function toBinary(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Bytes that were right, in any state; words are written one byte a character. A fault shows them as base64. */
export function mutatedBytes(
  seeds: readonly Uint8Array[],
  words: readonly string[],
): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const edges = ["\0", "\r\n", "\x7f\xff\xff\xff", "\xff\xff\xff\x7f", "\xff\xff\xff\xff", "\0\0\0\0", "\xed\xa0\x80"];
  return mutated({ seeds: seeds.map(toBinary), words: [...edges, ...words], bits: 8 }).map((binary) => {
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    Object.defineProperty(bytes, fc.toStringMethod, { value: () => `bytes of base64 ${btoa(binary)}` });
    return bytes;
  });
}

/** A right JSON value of which some parts, at any depth, are replaced, left out or joined by any other JSON value. */
export function mutatedJson(seeds: readonly unknown[], words: readonly string[]): fc.Arbitrary<unknown> {
  const other = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(...words), fc.string({ unit: "binary" }));
  const change = fc.record({
    at: place,
    key: fc.oneof(fc.constantFrom(...words), fc.string()),
    other,
    remove: fc.boolean(),
  });
  return fc.tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 4 })).map(([seed, changes]) => {
    const root = { root: structuredClone(seed) };
    for (const { at, key, other: value, remove } of changes) {
      const places = placesIn(root);
      const found = places[at % places.length];
      if (found === undefined) continue;
      // Defined and not set, so that `__proto__` becomes a key like any other, as it does in JSON.
      const own = { value: structuredClone(value), enumerable: true, configurable: true, writable: true };
      if (remove && found.of !== root) Reflect.deleteProperty(found.of, found.key);
      else Reflect.defineProperty(found.of, at % 3 === 0 && !Array.isArray(found.of) ? key : found.key, own);
    }
    return root.root;
  });
}

interface Place {
  readonly of: object;
  readonly key: string;
}

/** Every property of a JSON value, at any depth. */
function placesIn(value: object): Place[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => [
    { of: value, key },
    ...(typeof inner === "object" && inner !== null ? placesIn(inner) : []),
  ]);
}

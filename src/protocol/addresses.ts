/** What a mail address is to Satchel, decided once for the API, the configuration and the mail. */

/** A mailbox whose parts are safe in an envelope; the name still has to be encoded before it goes into a header. */
export interface Address {
  /** Display name as people read it, in any script; empty where none was given. */
  readonly name: string;
  /** `local@domain` in ASCII: domain in lower case and punycode, local part as it was written. */
  readonly address: string;
}

/** An address, or what was expected instead, in words that do not repeat the input. */
export type ParsedAddress = ({ readonly ok: true } & Address) | { readonly ok: false; readonly problem: string };

/** Longest address in characters: the path of RFC 5321 4.5.3.1.3 without its angle brackets (RFC 3696 erratum 1690). */
export const MAX_ADDRESS = 254;

/** Longest local part in characters (RFC 5321 4.5.3.1.1). */
export const MAX_LOCAL_PART = 64;

/** Longest display name in UTF-16 code units. */
export const MAX_DISPLAY_NAME = 200;

/** A name (perhaps between quotes), then the address in angle brackets. Length is checked before, so this stays cheap. */
const NAMED = /^(?:"((?:[^"\\]|\\["\\])*)"|([^<>"]*))\s*<([^<>\s]+)>$/u;

/** RFC 5322 dot-atom. Quoted local parts are lawful, but nobody has one and each is a way to smuggle parameters. */
const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/iu;

/** Letters, marks, digits and hyphens only, so that the URL parser sees no port, path, escape or user. */
const DOMAIN = /^[\p{L}\p{M}\p{N}-]+(?:\.[\p{L}\p{M}\p{N}-]+)+$/u;

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/u;

/** Line ends and controls could begin another header; bidi controls make a name read as another. */
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/**
 * Parses `address` or `Name <address>`, exactly one of them. An internationalised domain is converted to punycode.
 * Refused, though lawful: local parts that are quoted or not ASCII (they travel only where every server on the way
 * speaks SMTPUTF8, RFC 6531, so that the mail would be lost later instead of refused now), address literals, hosts
 * without a dot, comments and groups.
 */
export function parseAddress(text: string): ParsedAddress {
  if (text.length > MAX_ADDRESS + MAX_DISPLAY_NAME + 5) return wrong("a mail address that is not so long");
  if (UNSAFE.test(text)) return wrong("a mail address without control characters or line ends");
  const trimmed = text.trim();
  const named = NAMED.exec(trimmed);
  const name = (named?.[1]?.replaceAll(/\\(.)/gu, "$1") ?? named?.[2] ?? "").trim();
  if (name.length > MAX_DISPLAY_NAME) return wrong(`a name of at most ${MAX_DISPLAY_NAME} characters`);
  // An address inside the name is a second recipient, or a sender that is not the sender.
  if (name.includes("@")) return wrong("one address, with no other address in its name");
  const address = parseSpec(named?.[3] ?? trimmed);
  return address.ok ? { ...address, name } : address;
}

function parseSpec(spec: string): ParsedAddress {
  const at = spec.indexOf("@");
  if (at < 1 || at !== spec.lastIndexOf("@")) return wrong("one mail address, such as name@example.com");
  const local = spec.slice(0, at);
  if (/[^\p{ASCII}]/u.test(local)) return wrong("a mail address with only ASCII characters before the @");
  if (local.length > MAX_LOCAL_PART) return wrong(`at most ${MAX_LOCAL_PART} characters before the @`);
  if (!LOCAL_PART.test(local)) return wrong("letters, digits, dots and simple signs before the @");
  const domain = toAsciiDomain(spec.slice(at + 1));
  if (domain === undefined) return wrong("a host name after the @, such as example.com");
  const address = `${local}@${domain}`;
  return address.length > MAX_ADDRESS
    ? wrong(`an address of at most ${MAX_ADDRESS} characters`)
    : { ok: true, name: "", address };
}

/** The domain as DNS knows it, or undefined. The URL parser does IDNA (UTS 46), and turns numbers into IPv4: refused. */
function toAsciiDomain(domain: string): string | undefined {
  if (!DOMAIN.test(domain) || !URL.canParse(`http://${domain}`)) return undefined;
  const host = new URL(`http://${domain}`).hostname;
  const labels = host.split(".");
  const numeric = /^[0-9]+$/u.test(labels.at(-1) ?? "");
  return labels.length > 1 && !numeric && labels.every((label) => LABEL.test(label)) ? host : undefined;
}

function wrong(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}

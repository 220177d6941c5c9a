/** What a malware scanner says of a file, and what a service makes of it (design sections 3 and 6). */

/** A service's choice: no scan; nothing available without a clean verdict; or announced with the scan named as left out. */
export type ScanPolicy = "off" | "required" | "best-effort";

/** Why there is no verdict. Everything but `too-large` may be otherwise at the next try. */
export type NotScanned =
  /** Larger than the scanner takes, in itself or in what it holds. */
  | "too-large"
  /** Not reached, or closed early. */
  | "down"
  /** Did not answer in time. */
  | "slow"
  /** Answered what no scanner answers. */
  | "nonsense"
  /** The file waited too long for its turn. */
  | "busy";

/** What a scanner says of one file. */
export type ScanVerdict =
  | { readonly verdict: "clean" }
  /** `signature`: the malware's name, 1 to 200 printable ASCII characters. For agents and the audit, never for customers. */
  | { readonly verdict: "infected"; readonly signature: string }
  | { readonly verdict: "none"; readonly why: NotScanned };

/** A scanner's name for a signature as it may be shown and stored: printable ASCII, at most 200 characters, never empty. */
export function signatureName(name: string): string {
  const printable = name.replace(/[^\x20-\x7e]/g, "?").trim();
  return printable === "" ? "unnamed" : printable.slice(0, 200);
}

/** Where a request comes from, as far as limits need it: the address that the platform saw, and never one that a client tells. */
import { isLoopbackHost } from "../protocol/origins.ts";

/**
 * What requests of one address are counted under: an IPv4 address, or the /64 of an IPv6 one, since that much is one household's or
 * machine's. Undefined on a machine of one's own, where nobody sets the header; elsewhere a request without it counts
 * with all others like it.
 */
export function addressKey(headers: Headers, url: URL): string | undefined {
  const address = headers.get("CF-Connecting-IP")?.trim().toLowerCase();
  if (address === undefined || address === "") return isLoopbackHost(url.hostname) ? undefined : "unknown";
  return address.includes(":") ? network(address) : address;
}

/** The first four groups, the zeros written out; of an address with an IPv4 part (RFC 4291, 2.2) that part. */
function network(address: string): string {
  const embedded = /(?:^|:)(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (embedded !== undefined) return embedded;
  const [before = "", after] = address.split("::");
  const head = before.split(":").filter(Boolean);
  const tail = (after ?? "").split(":").filter(Boolean);
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...Array.from({ length: zeros }, () => "0"), ...tail];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}

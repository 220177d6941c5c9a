/**
 * Stands in for the `send_email` binding of a local server. It runs in workerd beside the worker (which strips the types)
 * and keeps every message as it was given: the simulator's own binding puts another Message-ID into it and deletes it when
 * it stops.
 */
import { WorkerEntrypoint } from "cloudflare:workers";

/** What `new EmailMessage(from, to, raw)` is in the simulator once it has crossed to another worker. */
interface CaughtMessage {
  readonly from: string;
  readonly to: string;
  readonly "EmailMessage::raw"?: ReadableStream<Uint8Array> | string;
}

/** Under the name `EMAIL` the worker finds this in place of the platform's binding. */
export class MailCatcher extends WorkerEntrypoint<{ MAILBOX: Fetcher }> {
  /**
   * Resolves when the message lies on disk. Throws with a `code` of the platform's for what the platform refuses: a
   * message without Message-ID, or whose From is not the envelope's sender.
   */
  async send(message: CaughtMessage): Promise<{ messageId: string }> {
    const raw = message["EmailMessage::raw"];
    if (raw === undefined) throw refused("only raw messages are taken: new EmailMessage(from, to, raw)");
    const bytes = await new Response(raw).arrayBuffer();
    const header = new TextDecoder().decode(bytes).split("\r\n\r\n", 1)[0] ?? "";
    const messageId = field(header, "Message-ID");
    if (messageId === undefined) throw refused("the message has no Message-ID");
    if (!field(header, "From")?.includes(message.from)) throw refused("From is not the envelope's sender");
    const stored = await this.env.MAILBOX.fetch("http://mailbox/", { method: "POST", body: bytes });
    if (!stored.ok) throw new Error(await stored.text());
    return { messageId };
  }
}

/** The unfolded value of a header field (RFC 5322 section 2.2.3), or undefined. */
function field(header: string, name: string): string | undefined {
  const match = new RegExp(`^${name}:((?:.|\\r\\n[ \\t])*)`, "im").exec(header);
  return match?.[1]?.replaceAll("\r\n", "").trim();
}

function refused(reason: string): Error {
  return Object.assign(new Error(reason), { code: "E_VALIDATION_ERROR" });
}

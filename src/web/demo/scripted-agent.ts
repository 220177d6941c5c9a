/** An agent who follows a script, for a first look on a development server. Works by the agent API as any desktop would. */
import type { WireEvent, WireEventPage } from "../../protocol/chat.ts";
import { MAX_WAIT_SECONDS, PRIVILEGES } from "../../protocol/wire.ts";
import { Api } from "../client/api.ts";

const SERVICE = "customer-support";
const NAME = "Robin (script)";
const NOTE = "Thank you for trying Satchel.\n\nThis file was sent by a script, as an agent would send one.\n";

/** Joins, greets, sends a file and answers until the chat is over. Resolves with how it went, in words. */
export async function joinAsAgent(sessionId: string, tell: (text: string) => void): Promise<string> {
  const api = new Api(location.origin);
  const token = await api.ask<{ token: string }>({
    method: "POST",
    path: "/v1/dev/agent-token",
    json: { name: NAME, privileges: { [SERVICE]: PRIVILEGES } },
  });
  if (!token.ok) return "There is no development agent on this server: it has no DEV_ISSUER_KEY.";
  api.token = token.value.token;
  const session = `/v1/sessions/${sessionId}`;
  const joined = await api.ask<{ position: number }>({
    method: "POST",
    path: `/v1/agent/sessions/${sessionId}/join`,
    json: {},
  });
  if (!joined.ok) return joined.problem.title;
  tell(`${NAME} is in the chat.`);
  const say = (text: string) => api.ask({ method: "POST", path: `${session}/messages`, json: { text } });
  await say("Hello! I am a script, but the rest is real. Here is a file for you:");
  await sendNote(api, session);
  await say("Send me something, or write a few words.");
  let position = joined.value.position;
  for (;;) {
    const path = `${session}/events?after=${position}&wait=${MAX_WAIT_SECONDS}`;
    const page = await api.ask<WireEventPage>({ method: "GET", path });
    if (!page.ok) return "The chat cannot be reached any more.";
    for (const event of page.value.events) {
      const reply = replyTo(event);
      if (reply !== undefined) await say(reply);
    }
    if (page.value.ended) return "The chat is over.";
    position = page.value.position;
    void api.ask({ method: "POST", path: `${session}/read`, json: { position } });
  }
}

async function sendNote(api: Api, session: string): Promise<void> {
  await fetch(`${api.baseUrl}${session}/files?name=welcome.txt`, {
    method: "POST",
    headers: { ...api.headers, "Content-Type": "text/plain" },
    body: NOTE,
  });
}

function replyTo(event: WireEvent): string | undefined {
  if (event.from.type !== "Client") return undefined;
  if (event.type === "FileUploaded")
    return `Got it: ${event.file.name}, ${event.file.size} bytes, SHA-256 ${event.file.sha256.slice(0, 12)}…`;
  return event.type === "Message" ? `You wrote: “${event.text.slice(0, 200)}”` : undefined;
}

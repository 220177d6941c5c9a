/** The page that shows the widget. On a development server a button lets a scripted agent join the chat. */
import type { Chat } from "../client/chat.ts";
import { joinAsAgent } from "./scripted-agent.ts";

const section = document.querySelector<HTMLElement>("#agent");
const button = document.querySelector<HTMLButtonElement>("#agent-join");
const status = document.querySelector<HTMLElement>("#agent-status");

// The route that makes agents' tokens exists on loopback only, and only where the server has a development key.
if (section !== null && ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) section.hidden = false;

button?.addEventListener("click", () => void join());

async function join(): Promise<void> {
  if (button === null || status === null) return;
  const sessionId = document.querySelector<HTMLElement & { readonly chat?: Chat }>("satchel-chat")?.chat?.sessionId;
  if (sessionId === undefined) {
    status.textContent = "Open the chat in the corner and start it first.";
    return;
  }
  button.disabled = true;
  status.textContent = "The agent is on the way…";
  const stayed = await joinAsAgent(sessionId, (text) => {
    status.textContent = text;
  });
  status.textContent = stayed;
  button.disabled = false;
}

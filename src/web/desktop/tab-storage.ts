/** What a tab keeps while an agent works in it, and for that agent alone: drafts, unsent messages, chats that are supervised. */

/** All keys of ours begin so; another page of this origin may have keys of its own. */
const PREFIX = "satchel:";
const OWNER = `${PREFIX}owner`;
/** Who is signed in, and on the way to a provider: the sign-in's own. */
const CREDENTIALS: readonly string[] = [`${PREFIX}agent`, `${PREFIX}sign-in`];

/** Says who works here now. What the tab kept for somebody else goes: they may have been a colleague at the same machine. */
export function claimTab(agentId: string): void {
  const owner = sessionStorage.getItem(OWNER);
  if (owner !== null && owner !== agentId) forgetTab();
  sessionStorage.setItem(OWNER, agentId);
}

/** Keeps nothing of anybody's work any more. */
export function forgetTab(): void {
  for (const key of Object.keys(sessionStorage))
    if (key.startsWith(PREFIX) && !CREDENTIALS.includes(key)) sessionStorage.removeItem(key);
}

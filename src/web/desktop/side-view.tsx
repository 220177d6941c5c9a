/** What stands beside a chat: what is known of the customer, or the standard responses. */
import { useEffect, useState } from "preact/hooks";
import type { WireEarlierChats } from "../../protocol/agent.ts";
import { sizeText, timeText } from "../view/format.ts";
import type { OpenChat } from "./open-chat.ts";
import { ResponsesView } from "./responses-view.tsx";
import type { Scene } from "./scene.ts";
import { Button, Tool } from "./tool.tsx";

type InChat = Scene & { readonly open: OpenChat };

/** The right side. */
export function SideView(scene: InChat) {
  const { page, open, desk, say } = scene;
  const responses = desk.may("chat:transfer-file-from-standard-response", open.service);
  const side = page.side;
  return (
    <aside class="side" aria-label={say(side)}>
      <div class="tabs">
        <Tool icon="back" kind="narrow" label={say("chats")} onClick={() => page.go("chats")} />
        <button type="button" aria-pressed={side === "customer"} onClick={() => page.goToSide("customer")}>
          {say("customer")}
        </button>
        <button type="button" aria-pressed={side === "responses"} onClick={() => page.goToSide("responses")}>
          {say("responses")}
        </button>
      </div>
      {side === "customer" ? <CustomerView key={open.sessionId} {...scene} /> : null}
      {side === "responses" && responses ? <ResponsesView key={open.service} {...scene} /> : null}
      {side === "responses" && !responses ? <p class="hint pad">{say("mayNotRespond")}</p> : null}
    </aside>
  );
}

function CustomerView(scene: InChat) {
  const { open, say, language } = scene;
  const { session } = open.chat;
  if (session === undefined) return <p class="hint pad">{say("connecting")}</p>;
  const { email, language: speaks, timeZone, userData = {} } = session.customer ?? {};
  const facts: (readonly [string, string | undefined])[] = [
    [say("name"), open.customer],
    [say("email"), email],
    [say("subject"), session.subject],
    [say("language"), speaks === undefined ? undefined : languageText(speaks, language)],
    [say("timeZone"), timeZone === undefined ? undefined : `${timeZone} (${localTime(timeZone, language)})`],
  ];
  const data = Object.entries(userData);
  return (
    <div class="pad">
      <p class="hint">{say("unverified")}</p>
      <dl>
        {facts.map(([name, value]) => (value === undefined ? null : <Fact key={name} name={name} value={value} />))}
      </dl>
      {data.length === 0 ? null : (
        <>
          <h3>{say("userData")}</h3>
          <dl>
            {data.map(([name, value]) => (
              <Fact key={name} name={name} value={value} />
            ))}
          </dl>
        </>
      )}
      <Limits {...scene} />
      {scene.desk.may("chat:take", open.service) && email !== undefined ? <Earlier {...scene} /> : null}
    </div>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt dir="auto">{name}</dt>
      <dd dir="auto">{value}</dd>
    </>
  );
}

function Limits({ open, say, language }: InChat) {
  const { limits } = open.state;
  if (limits === undefined) return null;
  const { used, uploadMaxFiles, uploadMaxTotalSize, downloadAttempts } = limits;
  const bytes = (size: number) => sizeText(size, language);
  return (
    <>
      <h3>{say("files")}</h3>
      <ul class="plain-list">
        <li>{say("filesUsed", { used: used.files, limit: uploadMaxFiles })}</li>
        <li>{say("bytesUsed", { used: bytes(used.bytes), limit: bytes(uploadMaxTotalSize) })}</li>
        <li>{say("downloadsUsed", { used: used.downloads, limit: downloadAttempts })}</li>
      </ul>
    </>
  );
}

/** Earlier chats under the same address, which anybody could have typed. */
function Earlier({ open, say, language }: InChat) {
  const [found, setFound] = useState<WireEarlierChats>();
  const more = async (cursor?: string) => {
    const page = await open.chat.earlier(cursor);
    if (page.ok) setFound({ ...page.value, chats: [...(found?.chats ?? []), ...page.value.chats] });
  };
  useEffect(() => void more(), []);
  return (
    <>
      <h3>{say("earlier")}</h3>
      <p class="warn">{say("unverifiedAddress")}</p>
      {found?.chats.length === 0 ? <p class="hint">{say("noEarlier")}</p> : null}
      <ul class="plain-list">
        {found?.chats.map(({ sessionId, startedAt, endedAt }) => (
          <li key={sessionId}>
            {new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(startedAt))}{" "}
            {timeText(startedAt, language)}
            {endedAt === undefined ? "" : `–${timeText(endedAt, language)}`}
          </li>
        ))}
      </ul>
      {found?.cursor === undefined ? null : <Button onClick={() => void more(found.cursor)}>{say("older")}</Button>}
    </>
  );
}

function languageText(tag: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

function localTime(timeZone: string, language: string): string {
  try {
    return new Intl.DateTimeFormat(language, { timeStyle: "short", timeZone }).format(new Date());
  } catch {
    return "";
  }
}

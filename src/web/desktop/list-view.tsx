/** The left side: what is offered, the agent's chats, and who waits. */
import type { WireLobbySession } from "../../protocol/lobby.ts";
import { durationText, timeText } from "../view/format.ts";
import type { OpenChat } from "./open-chat.ts";
import type { Scene } from "./scene.ts";
import { Button } from "./tool.tsx";

/** The list. */
export function ListView(scene: Scene) {
  const { desk, say } = scene;
  return (
    <section class="list" aria-label={say("chats")}>
      <Offers {...scene} />
      <h2>{say("yourChats")}</h2>
      {desk.chats.length === 0 ? <p class="hint">{say("noChats")}</p> : null}
      <ul class="chats">
        {desk.chats.map((open) => (
          <ChatRow key={open.sessionId} {...scene} open={open} />
        ))}
      </ul>
      <Waiting {...scene} />
    </section>
  );
}

function Offers(scene: Scene) {
  const { desk, page, now, say, language } = scene;
  return (
    <div class="offers" role="status">
      {desk.offers.map(({ service, session, expiresAt }) => {
        const left = Math.max(0, Math.ceil((Date.parse(expiresAt) - now) / 1000));
        const take = () => {
          page.go("chats");
          void desk.take(service, session);
        };
        return (
          <article key={session.sessionId} class="offer" aria-label={say("offer", { name: session.nickname })}>
            <h2 dir="auto">{say("offer", { name: session.nickname })}</h2>
            <SessionFacts {...scene} service={service} session={session} />
            <p class="hint" aria-live="off">
              {say("offerEnds", { time: durationText(left, language) })}
            </p>
            <div class="choices">
              <Button onClick={() => void desk.decline(service, session)}>{say("decline")}</Button>
              <Button kind="primary" onClick={take}>
                {say("accept")}
              </Button>
            </div>
          </article>
        );
      })}
    </div>
  );
}

function ChatRow(scene: Scene & { readonly open: OpenChat }) {
  const { desk, page, open, say, language } = scene;
  const { unread, state, customer, role } = open;
  const last = state.events.at(-1);
  const said = state.events.findLast(({ type }) => type === "Message" || type === "FileUploaded");
  const line = said?.type === "Message" ? said.text : said?.type === "FileUploaded" ? said.file.name : "";
  const typing = [...state.typing.keys()].length > 0;
  const status = open.over ? say("ended") : typing ? say("typingShort") : role === "serve" ? "" : say(role);
  return (
    <li>
      <button
        type="button"
        class="chat-row"
        aria-current={page.place === "chats" && desk.active === open ? "true" : undefined}
        onClick={() => page.goToChat(open.sessionId)}
      >
        <span class="row-name" dir="auto">
          {customer}
        </span>
        <span class="row-time">{last === undefined ? "" : timeText(last.time, language)}</span>
        <span class="row-line" dir="auto">
          {status === "" ? line : <em>{status}</em>}
        </span>
        {unread === 0 ? null : (
          <span class="badge">
            <span aria-hidden="true">{unread}</span>
            <span class="unseen">{say("unread", { count: unread })}</span>
          </span>
        )}
      </button>
    </li>
  );
}

function Waiting(scene: Scene) {
  const { desk, page, say } = scene;
  const offered = new Set(desk.offers.map(({ session }) => session.sessionId));
  const all = desk.services
    .flatMap(({ service, lobby }) => lobby.waiting.map((session) => ({ service, session })))
    .filter(({ session }) => !offered.has(session.sessionId));
  const total = desk.services.reduce((sum, { lobby }) => sum + lobby.totalWaiting, 0);
  return (
    <>
      <h2>{say("waiting", { count: total })}</h2>
      <ul class="waiting">
        {all.map(({ service, session }) => (
          <li key={session.sessionId}>
            <p class="row-name" dir="auto">
              {session.nickname}
            </p>
            <SessionFacts {...scene} service={service} session={session} />
            {desk.may("chat:take", service) ? (
              <Button
                onClick={() => {
                  page.go("chats");
                  void desk.take(service, session);
                }}
              >
                {say("take", { name: session.nickname })}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </>
  );
}

/** What is known of a session that is not open: subject, service, language and how long it waits. */
function SessionFacts(scene: Scene & { readonly service: string; readonly session: WireLobbySession }) {
  const { desk, service, session, now, say, language } = scene;
  const seconds = Math.max(0, Math.round((now - Date.parse(session.since)) / 1000));
  const facts = [
    desk.services.length > 1 ? service : undefined,
    session.language,
    say("waits", { time: durationText(seconds, language) }),
  ].filter((fact) => fact !== undefined);
  return (
    <>
      {session.subject === undefined ? null : <p dir="auto">{session.subject}</p>}
      <p class="hint">{facts.join(" · ")}</p>
    </>
  );
}

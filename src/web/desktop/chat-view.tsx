/** One chat: its transcript, and what the agent can do in it. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useDrop } from "../view/drop.ts";
import { durationText, listText } from "../view/format.ts";
import { Composer } from "./composer.tsx";
import type { OpenChat } from "./open-chat.ts";
import { mayAttach, type Scene } from "./scene.ts";
import { Button, Tool } from "./tool.tsx";
import { TranscriptView } from "./transcript-view.tsx";

/** So near to its end, in pixels, somebody reads what comes. */
const NEAR = 48;

/** The chat. */
export function ChatView(scene: Scene & { readonly open: OpenChat }) {
  const { open, page, say } = scene;
  const { dragged, ...drop } = useDrop(mayAttach(scene), (files) => open.outgoing.add(files));
  return (
    <main class="middle chat" {...drop}>
      <ChatHead {...scene} />
      <Log {...scene} />
      {open.over ? (
        <footer class="over">
          <p role="status">{say(open.state.lost ? "lost" : "ended")}</p>
          <Button
            kind="primary"
            onClick={() => {
              scene.desk.dismiss(open.sessionId);
              page.go("chats", "list");
            }}
          >
            {say("dismiss")}
          </Button>
        </footer>
      ) : (
        <Composer {...scene} />
      )}
      {dragged ? <p class="drop">{say("dropFiles", { name: open.customer })}</p> : null}
    </main>
  );
}

function ChatHead(scene: Scene & { readonly open: OpenChat }) {
  const { open, page, say } = scene;
  return (
    <div class="chat-head">
      <Tool icon="back" kind="narrow" label={say("chats")} onClick={() => page.go("chats", "list")} />
      <div class="titles">
        <h2 dir="auto">{open.customer}</h2>
        <p class="hint" dir="auto">
          {statusText(scene)}
        </p>
      </div>
      {open.over ? null : <Actions {...scene} />}
      <Tool icon="person" kind="narrow" label={say("customer")} onClick={() => page.goToSide("customer")} />
    </div>
  );
}

function Actions({ open, desk, ask, say }: Scene & { readonly open: OpenChat }) {
  const { sessionId, service, role } = open;
  const takes = desk.may("chat:take", service);
  const silent = role === "silent";
  return (
    <div class="actions">
      {desk.may("chat:push-url", service) && !silent ? (
        <Tool icon="link" label={say("pushUrl")} onClick={() => ask({ name: "push-url", sessionId })} />
      ) : null}
      {takes && !silent ? (
        <Tool icon="grant" label={say("grant")} onClick={() => ask({ name: "grant", sessionId })} />
      ) : null}
      {takes && role === "serve" ? (
        <Tool icon="give" label={say("transfer")} onClick={() => ask({ name: "transfer", sessionId })} />
      ) : null}
      <Tool icon="leave" label={say("leave")} onClick={() => ask({ name: "leave", sessionId })} />
      {silent ? null : <Button onClick={() => ask({ name: "end", sessionId })}>{say("end")}</Button>}
    </div>
  );
}

/** Who else is there, and since when. */
function statusText({ open, now, say, language, desk }: Scene & { readonly open: OpenChat }): string {
  const { session } = open.chat;
  if (open.state.connection === "connecting" && open.state.events.length === 0) return say("connecting");
  if (session === undefined) return "";
  const others = session.participants.filter(
    ({ type, leftAt, participantId }) =>
      type !== "Client" && leftAt === undefined && participantId !== open.state.participantId,
  );
  const seconds = Math.max(0, Math.round((now - Date.parse(session.startedAt)) / 1000));
  const names = others.map(({ nickname, silent }) => (silent === true ? `${nickname} (${say("silent")})` : nickname));
  return [
    desk.services.length > 1 ? open.service : "",
    open.role === "serve" ? "" : say(open.role),
    session.subject ?? "",
    say("since", { time: durationText(seconds, language) }),
    names.length === 0 ? "" : say("alsoThere", { names: listText(names, language) }),
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

function Log(scene: Scene & { readonly open: OpenChat }) {
  const { open, say } = scene;
  const log = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const toEnd = () => log.current?.scrollTo({ top: 0 });
  useLayoutEffect(toEnd, [open.state.unsent.length, open.outgoing.files.length]);
  return (
    <div class="conversation">
      <div
        class="log"
        role="log"
        aria-label={say("conversation")}
        aria-live={open.chat.session === undefined ? "off" : "polite"}
        ref={log}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard (WCAG 2.1.1)
        tabIndex={0}
        // It is laid out from its end, so that is where the zero is.
        onScroll={() => setAtEnd((log.current?.scrollTop ?? 0) > -NEAR)}
      >
        <div class="lines">
          <TranscriptView {...scene} />
        </div>
      </div>
      {atEnd ? null : (
        <button class="latest" type="button" onClick={toEnd}>
          {say("latest")}
        </button>
      )}
    </div>
  );
}

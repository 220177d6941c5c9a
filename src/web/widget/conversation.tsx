/** The transcript: what was said, by whom, and how far it came. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type ChatState, isReached } from "../client/chat-state.ts";
import { dayText } from "../view/format.ts";
import { itemsOf, newestOwn } from "../view/transcript-items.ts";
import { EventView, Notice, UnsentView } from "./event-view.tsx";
import { Icon } from "./icons.tsx";
import { OutgoingList } from "./outgoing-view.tsx";
import type { Scene } from "./scene.ts";

/** So near to its end, in pixels, somebody reads what comes. */
const NEAR = 48;

/** The conversation, kept at its end while its reader is there. */
export function Conversation(scene: Scene & { onRead(position: number): void }) {
  const { state, outgoing, looking, onRead, say } = scene;
  const { files } = outgoing;
  const log = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const polite = useCaughtUp(state);
  const toEnd = () => log.current?.scrollTo({ top: 0 });
  useLayoutEffect(toEnd, [state.unsent.length, files.length]);
  useEffect(() => {
    if (looking && atEnd) onRead(state.position);
  }, [looking, atEnd, state.position]);
  // It is laid out from its end, so that is where the zero is.
  const scrolled = () => setAtEnd((log.current?.scrollTop ?? 0) > -NEAR);
  return (
    <div class="conversation">
      <div
        class="log"
        part="log"
        role="log"
        aria-label={say("conversation")}
        aria-live={polite ? "polite" : "off"}
        ref={log}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard (WCAG 2.1.1)
        tabIndex={0}
        onScroll={scrolled}
      >
        <div class="lines">
          <Items {...scene} />
          {state.unsent.map((message) => (
            <UnsentView key={message.clientId} {...scene} message={message} />
          ))}
          <OutgoingList {...scene} />
          <Typing {...scene} />
        </div>
      </div>
      {atEnd ? null : (
        <button class="latest" type="button" onClick={toEnd}>
          <Icon name="close" />
          {say("latest")}
        </button>
      )}
    </div>
  );
}

function Items(scene: Scene) {
  const { state, language } = scene;
  const newest = newestOwn(state);
  return itemsOf(state).map((item) => {
    if (item.kind === "day")
      return (
        <p class="day" key={item.key}>
          {dayText(item.time, Date.now(), language)}
        </p>
      );
    if (item.kind === "notice") return <Notice key={item.key} {...scene} event={item.event} />;
    const delivery = item.event.position === newest?.position ? (newest.read ? "read" : "delivered") : undefined;
    return <EventView key={item.key} {...scene} item={item} delivery={delivery} />;
  });
}

function Typing({ state, say }: Scene) {
  return [...state.typing.values()].map((name) => (
    <p class="typing" key={name} dir="auto">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {say("typing", { name })}
    </p>
  ));
}

/** False until what was said before is there: a screen reader shall not read a whole transcript out. */
function useCaughtUp(state: ChatState): boolean {
  const [caughtUp, setCaughtUp] = useState(false);
  const reached = isReached(state);
  useEffect(() => {
    if (!reached || caughtUp) return;
    const timer = setTimeout(() => setCaughtUp(true), 500);
    return () => clearTimeout(timer);
  }, [reached, caughtUp, state.events.length]);
  return caughtUp;
}

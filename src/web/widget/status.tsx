/** What stands above the conversation: whether anything can be reached, the place in the queue, and an alert that wants an answer. */
import { useEffect, useState } from "preact/hooks";
import { agentsIn, agentThere } from "../client/chat-state.ts";
import { durationText, listText } from "../view/format.ts";
import { openAlert } from "../view/transcript-items.ts";
import type { Scene, Speech } from "./scene.ts";

/** One line below the title: who is in the chat, or what it waits for. */
export function statusText({ state, say, language }: Scene): string {
  if (state.lost) return "";
  if (state.phase !== "open") return say("session-ended");
  if (state.connection === "connecting" && state.events.length === 0) return say("connecting");
  const names = agentsIn(state);
  return names.length === 0 ? say("waiting") : say("inChat", { names: listText(names, language) });
}

/** The lines, said politely when they change. */
export function StatusLines(scene: Scene) {
  const { state, say } = scene;
  const offline = state.connection === "offline" && state.phase === "open";
  return (
    <>
      <div class="status" role="status">
        {offline ? <p class="offline">{say("offline")}</p> : null}
        {state.lost ? <p class="offline">{say("lost")}</p> : null}
        {!offline && !state.lost && state.phase === "open" && !agentThere(state) ? <Queue {...scene} /> : null}
      </div>
      <IdleAlert {...scene} />
    </>
  );
}

function Queue({ state: { queue }, say, language }: Scene) {
  if (queue === undefined) return null;
  const { position, estimatedWait, agentsReady } = queue;
  const time = estimatedWait === undefined ? undefined : durationText(Math.ceil(estimatedWait / 1000), language);
  return (
    <p class="queue">
      {agentsReady ? "" : `${say("busy")} `}
      {say("place", { position })}
      {time === undefined ? "" : ` ${say("wait", { time })}`}
    </p>
  );
}

/** The alert of a silent chat, until somebody does something. */
function IdleAlert(scene: Scene) {
  const { chat, state, say } = scene;
  const [answered, setAnswered] = useState(0);
  const alert = openAlert(state);
  if (alert === undefined || alert.position === answered) return null;
  const stay = async () => {
    if ((await chat.stay()).ok) setAnswered(alert.position);
  };
  return (
    <div class="idle" part="idle">
      <p>
        <span role="alert">{alert.text}</span>{" "}
        {alert.next === "close" ? (
          <Countdown key={alert.position} {...scene} seconds={alert.seconds} since={alert.time} />
        ) : null}
      </p>
      <button class="primary" type="button" onClick={() => void stay()}>
        {say("stay")}
      </button>
    </div>
  );
}

/** Counts down by this page's own clock, which may differ from the server's: never longer than the alert said. */
function Countdown({ seconds, since, say, language }: Speech & { readonly seconds: number; readonly since: string }) {
  const [now, setNow] = useState(Date.now());
  const [end] = useState(Math.min(now, Date.parse(since)) + seconds * 1000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const time = durationText(Math.max(0, Math.ceil((end - now) / 1000)), language);
  return <span aria-live="off">{say("idle", { time })}</span>;
}

/** The whole window: title, what the chat is at, and the conversation or the form before it. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { WireOpening } from "../../protocol/chat.ts";
import { useDrop } from "../view/drop.ts";
import type { Pictures } from "../view/pictures.ts";
import { Composer, canSend } from "./composer.tsx";
import { Conversation } from "./conversation.tsx";
import type { FormField } from "./form-fields.ts";
import type { WidgetModel } from "./model.ts";
import type { Question, Scene, Speech } from "./scene.ts";
import { Sheet } from "./sheets.tsx";
import { StartForm } from "./start-form.tsx";
import { StatusLines, statusText } from "./status.tsx";
import { Tool } from "./tool.tsx";

/** What the window is made of. */
export interface WidgetProps extends Speech {
  readonly model: WidgetModel;
  readonly pictures: Pictures;
  readonly heading: string | null;
  readonly fields: readonly FormField[];
  readonly customer: Partial<WireOpening>;
  readonly uploadsEnabled: boolean;
  /** Somebody looks at it. */
  readonly looking: boolean;
  onRead(position: number): void;
  onHide(): void;
}

/** The window. */
export function WidgetView(props: WidgetProps) {
  const { model, heading, say } = props;
  const { chat, state, outgoing } = model;
  const [asked, setAsked] = useState<{ readonly question: Question; readonly of: typeof chat }>();
  const opener = useRef<HTMLElement | undefined>(undefined);
  useKeptFocus(opener);
  const ask = (question: Question) => {
    opener.current = focused();
    setAsked({ question, of: chat });
  };
  const scene =
    chat === undefined || state === undefined || outgoing === undefined
      ? undefined
      : { ...props, chat, state, outgoing, ask };
  return (
    <>
      <div class="head" part="header">
        <div class="titles">
          <h2 dir="auto">{heading ?? say("title")}</h2>
          <p class="subtitle" dir="auto">
            {scene === undefined ? "" : statusText(scene)}
          </p>
        </div>
        {scene === undefined || scene.state.lost ? null : <Actions {...scene} />}
        <Tool icon="close" label={say("close")} part="close" onClick={props.onHide} />
      </div>
      {scene === undefined ? (
        <StartForm
          {...props}
          busy={model.opening}
          problem={model.problem}
          onStart={(opening) => void model.start(opening)}
        />
      ) : (
        <ChatView key={scene.chat.sessionId} {...scene} />
      )}
      {scene === undefined || asked === undefined || asked.of !== chat ? null : (
        <Sheet {...scene} question={asked.question} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}

function Actions({ state, ask, say }: Scene) {
  return (
    <>
      {state.transcriptEmail?.offered ? (
        <Tool icon="mail" label={say("transcript")} onClick={() => ask({ name: "transcript" })} />
      ) : null}
      {state.phase === "open" ? <Tool icon="end" label={say("end")} onClick={() => ask({ name: "end" })} /> : null}
    </>
  );
}

function ChatView(scene: Scene & WidgetProps) {
  const { model, state, outgoing, uploadsEnabled, say } = scene;
  const over = state.phase === "ended" || state.lost;
  const take = (files: readonly File[]) => outgoing.add(files);
  const { dragged, ...drop } = useDrop(uploadsEnabled && !over && canSend(state), take);
  return (
    <div class="chat" {...drop}>
      <StatusLines {...scene} />
      <Conversation {...scene} />
      {over ? (
        <footer class="over">
          <p role="status">{state.lost ? "" : say("session-ended")}</p>
          <button class="primary" type="button" data-first onClick={() => model.startAnew()}>
            {say("startAnew")}
          </button>
        </footer>
      ) : (
        <Composer {...scene} onFiles={uploadsEnabled ? take : undefined} />
      )}
      {dragged ? <p class="drop">{say("drop")}</p> : null}
    </div>
  );
}

/** What has the focus inside an element that has a tree of its own. */
function focused(): HTMLElement | undefined {
  const element = document.activeElement?.shadowRoot?.activeElement;
  return element instanceof HTMLElement ? element : undefined;
}

/** Who had the focus in something that is gone now gets it in `next`, or where people write first. */
function useKeptFocus(next: { readonly current: HTMLElement | undefined }): void {
  const held = focused();
  const root = held?.getRootNode();
  useLayoutEffect(() => {
    if (held?.isConnected !== false || !(root instanceof ShadowRoot)) return;
    const first = root.querySelector<HTMLElement>("[data-first=true]");
    (next.current?.isConnected ? next.current : first)?.focus();
  });
}

/** The transcript as agents see it: messages, notes, files and what happened, and what is on its way. */

import type { WireEvent } from "../../protocol/chat.ts";
import type { UnsentMessage } from "../client/chat-state.ts";
import { dayText, sizeText, timeText } from "../view/format.ts";
import { Text } from "../view/text.tsx";
import { itemsOf, newestOwn, type TranscriptItem } from "../view/transcript-items.ts";
import { FileCard } from "./file-card.tsx";
import type { OpenChat } from "./open-chat.ts";
import { OutgoingList } from "./outgoing-view.tsx";
import { problemText } from "./problems.ts";
import type { Scene } from "./scene.ts";
import { Button } from "./tool.tsx";

type InChat = Scene & { readonly open: OpenChat };
type MessageItem = Extract<TranscriptItem, { kind: "message" }>;

/** Everything, in order. */
export function TranscriptView(scene: InChat) {
  const { open, say, language, now } = scene;
  const { state } = open;
  const newest = newestOwn(state);
  return (
    <>
      {itemsOf(state).map((item) => {
        if (item.kind === "day")
          return (
            <p class="day" key={item.key}>
              {dayText(item.time, now, language)}
            </p>
          );
        if (item.kind === "notice") return <Notice key={item.key} {...scene} event={item.event} />;
        const mark = item.event.position === newest?.position ? say(newest.read ? "read" : "delivered") : "";
        return <Said key={item.key} {...scene} item={item} mark={mark} />;
      })}
      {state.unsent.map((message) => (
        <Unsent key={message.clientId} {...scene} message={message} />
      ))}
      <OutgoingList {...scene} />
      {[...state.typing].map(([id, name]) => (
        <p class="typing" key={id} dir="auto">
          {say("typing", { name })}
        </p>
      ))}
    </>
  );
}

function Said(props: InChat & { readonly item: MessageItem; readonly mark: string }) {
  const { item, mark, say, language } = props;
  const { event, own, first } = item;
  const note = event.visibility === "agents";
  const side = `${own ? "own" : "other"} from-${event.from.type.toLowerCase()}`;
  return (
    <div class={`message ${side} ${first ? "first" : ""} ${note ? "is-note" : ""}`}>
      {first || note ? (
        <p class={own && !note ? "unseen" : "author"} dir="auto">
          {own ? say("you") : event.from.nickname}
          {note ? ` · ${say("noteMark")}` : ""}
        </p>
      ) : null}
      <div class="bubble">
        {event.type === "FileUploaded" ? (
          <FileCard {...props} file={event.file} own={own} deleted={item.deleted === true} />
        ) : (
          <Text text={event.type === "PushUrl" ? event.url : event.text} whole={event.type === "PushUrl"} />
        )}
      </div>
      <p class="meta">
        <time dateTime={event.time}>{timeText(event.time, language)}</time>
        {mark === "" ? null : <span>{mark}</span>}
      </p>
    </div>
  );
}

function Unsent(props: InChat & { readonly message: UnsentMessage }) {
  const { open, say } = props;
  const { clientId, text, delivery, problem, visibility } = props.message;
  return (
    <div class={`message own unsent ${visibility === undefined ? "" : "is-note"}`}>
      <div class="bubble">
        <Text text={text} />
      </div>
      <p class="meta">{say(delivery === "sending" ? "sending" : "notSent")}</p>
      {delivery === "sending" ? null : (
        <div class="fault">
          {problem === undefined ? "" : problemText(problem, props)}
          <Button onClick={() => open.chat.tryAgain(clientId)}>{say("again")}</Button>
          <Button onClick={() => open.chat.discard(clientId)}>{say("discard")}</Button>
        </div>
      )}
    </div>
  );
}

function Notice(scene: InChat & { readonly event: WireEvent }) {
  const text = noticeText(scene);
  return text === "" ? null : (
    <p class={`notice ${scene.event.type === "FileRejected" ? "alarm" : ""}`} dir="auto">
      {text}
    </p>
  );
}

function noticeText({ event, say, language }: InChat & { readonly event: WireEvent }): string {
  const name = event.from.nickname;
  switch (event.type) {
    case "ParticipantJoined":
      return say("joined", { name });
    case "ParticipantLeft":
      return say(event.reason === "disconnected" ? "disconnected" : "left", { name });
    case "NicknameUpdated":
      return say("renamed", { name, nickname: event.nickname });
    case "FileRejected":
      return say("malware", { name: event.name, signature: event.signature });
    case "UploadsGranted":
      return say("granted", { files: event.files, size: sizeText(event.bytes, language) });
    case "IdleAlert":
    case "IdleClose":
      return event.text;
    default:
      return "";
  }
}

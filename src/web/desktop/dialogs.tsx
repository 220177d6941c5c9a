/** What is asked before it is done: giving a chat on, leaving, ending, granting files, showing an address; and the list of keys. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../../protocol/problem.ts";
import { MAX_URL } from "../../protocol/wire.ts";
import type { Outcome } from "../client/api.ts";
import { hrefOf } from "../view/links.ts";
import type { OpenChat } from "./open-chat.ts";
import type { Dialog } from "./page.ts";
import { problemText } from "./problems.ts";
import type { Scene } from "./scene.ts";
import { SHORTCUTS } from "./shortcuts.ts";
import { Button } from "./tool.tsx";

type Asked = Scene & { readonly open: OpenChat };
const MIB = 1024 * 1024;

/** The dialog that is open, if any. */
export function Dialogs(scene: Scene) {
  const { page, desk } = scene;
  const { dialog } = page;
  if (dialog === undefined) return null;
  if (dialog.name === "shortcuts") return <Shortcuts {...scene} />;
  const open = desk.chats.find(({ sessionId }) => sessionId === dialog.sessionId);
  if (open === undefined) return null;
  return <ChatDialog key={`${dialog.name} ${dialog.sessionId}`} {...scene} open={open} name={dialog.name} />;
}

function ChatDialog(props: Asked & { readonly name: Exclude<Dialog["name"], "shortcuts"> }) {
  const { name } = props;
  if (name === "transfer") return <Transfer {...props} />;
  if (name === "grant") return <Grant {...props} />;
  if (name === "push-url") return <PushUrl {...props} />;
  return <Over {...props} name={name} />;
}

function Over(props: Asked & { readonly name: "end" | "leave" }) {
  const { open, desk, name, say } = props;
  const asking = useAsking(props, async () => {
    const done = await (name === "end" ? open.chat.end() : open.chat.leave());
    if (done.ok && name === "leave") desk.dismiss(open.sessionId);
    return done;
  });
  return (
    <Frame {...props} {...asking} title={say(name)} action={say(name)}>
      <p dir="auto">{say(name === "end" ? "endQuestion" : "leaveQuestion", { name: open.customer })}</p>
    </Frame>
  );
}

function Transfer(props: Asked) {
  const { open, desk, say } = props;
  const [to, setTo] = useState("");
  const colleagues = desk
    .service(open.service)
    .lobby.agents.filter(({ agentId, connected }) => connected && agentId !== desk.self.agentId);
  const asking = useAsking(props, async () => {
    const done = await open.chat.transfer(to === "" ? undefined : to);
    if (done.ok) desk.dismiss(open.sessionId);
    return done;
  });
  const choices = [
    { id: "", label: say("backToQueue") },
    ...colleagues.map(({ agentId, nickname, ready, serving, capacity }) => ({
      id: agentId,
      label: say(ready ? "colleagueReady" : "colleagueNotReady", { name: nickname, serving, capacity }),
    })),
  ];
  return (
    <Frame {...props} {...asking} title={say("transfer")} action={say("transfer")}>
      <fieldset>
        <legend dir="auto">{say("transferQuestion", { name: open.customer })}</legend>
        {choices.map(({ id, label }, index) => (
          <label key={id} class="check">
            <input type="radio" name="to" checked={to === id} data-focus={index === 0} onChange={() => setTo(id)} />
            <span dir="auto">{label}</span>
          </label>
        ))}
      </fieldset>
    </Frame>
  );
}

function Grant(props: Asked) {
  const { open, say } = props;
  const [files, setFiles] = useState(1);
  const [megabytes, setMegabytes] = useState(5);
  const asking = useAsking(props, () => open.chat.grant(files, megabytes * MIB));
  return (
    <Frame {...props} {...asking} title={say("grant")} action={say("grant")}>
      <label>
        {say("grantFiles")}
        <input
          type="number"
          min={0}
          max={100}
          value={files}
          data-focus
          onInput={({ currentTarget }) => setFiles(Number(currentTarget.value))}
        />
      </label>
      <label>
        {say("grantSize")}
        <input
          type="number"
          min={0}
          max={1024}
          value={megabytes}
          onInput={({ currentTarget }) => setMegabytes(Number(currentTarget.value))}
        />
      </label>
    </Frame>
  );
}

function PushUrl(props: Asked) {
  const { open, say } = props;
  const [url, setUrl] = useState("https://");
  const [wrong, setWrong] = useState(false);
  const asking = useAsking(props, () => open.chat.pushUrl(url.trim()));
  const run = () => {
    const good = hrefOf(url.trim()) !== undefined;
    setWrong(!good);
    if (good) asking.run();
  };
  return (
    <Frame {...props} {...asking} run={run} title={say("pushUrl")} action={say("send")}>
      <label>
        {say("address")}
        <input
          type="url"
          maxLength={MAX_URL}
          value={url}
          data-focus
          aria-invalid={wrong}
          aria-describedby="url-fault"
          onInput={({ currentTarget }) => setUrl(currentTarget.value)}
        />
      </label>
      <p class="fault" id="url-fault">
        {wrong ? say("addressWrong") : ""}
      </p>
    </Frame>
  );
}

function Shortcuts(props: Scene) {
  const { say, page } = props;
  return (
    <Frame
      {...props}
      busy={false}
      fault=""
      title={say("shortcuts")}
      run={() => page.ask(undefined)}
      action={say("close")}
      only
    >
      <dl class="keys">
        {SHORTCUTS.map(({ keys, word }) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{say(word)}</dd>
          </div>
        ))}
      </dl>
    </Frame>
  );
}

/** A modal dialog, which keeps the focus and gives it back by itself. */
function Frame(
  props: Scene & {
    readonly title: string;
    readonly action: string;
    readonly busy: boolean;
    readonly fault: string;
    /** There is nothing to choose. */
    readonly only?: boolean;
    readonly children: ComponentChildren;
    run(): void;
  },
) {
  const { title, action, busy, fault, only = false, children, run, page, say } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [asked] = useState(page.dialog);
  // The browser says a little later that it was closed; another one may be asked by then.
  const closed = () => {
    if (page.dialog === asked) page.ask(undefined);
  };
  useEffect(() => {
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>("[data-focus=true]")?.focus();
  }, []);
  return (
    <dialog class="dialog" ref={dialog} aria-label={title} onClose={closed}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) run();
        }}
        noValidate
      >
        <h2>{title}</h2>
        {children}
        <p class="fault" role="alert">
          {fault}
        </p>
        <div class="choices">
          {only ? null : <Button onClick={() => page.ask(undefined)}>{say("cancel")}</Button>}
          <Button kind="primary" submit disabled={busy}>
            {action}
          </Button>
        </div>
      </form>
    </dialog>
  );
}

/** One request after a click, with what went wrong in words; it closes the dialog where it worked. */
function useAsking(scene: Scene, act: () => Promise<Outcome<unknown>>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const ask = async () => {
    setBusy(true);
    const outcome = await act();
    setBusy(false);
    if (outcome.ok) scene.page.ask(undefined);
    else setProblem(outcome.problem);
  };
  return { busy, fault: problem === undefined ? "" : problemText(problem, scene), run: () => void ask() };
}

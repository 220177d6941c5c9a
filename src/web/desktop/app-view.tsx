/** The page: the form to sign in, or the desk. */
import { useEffect, useRef } from "preact/hooks";
import { ChatView } from "./chat-view.tsx";
import { Dialogs } from "./dialogs.tsx";
import { HeadView } from "./head-view.tsx";
import { LibraryView } from "./library-view.tsx";
import { ListView } from "./list-view.tsx";
import type { Page } from "./page.ts";
import { problemText } from "./problems.ts";
import type { Scene, Speech } from "./scene.ts";
import { SideView } from "./side-view.tsx";
import { SignInView } from "./sign-in-view.tsx";
import { SuperviseView } from "./supervise-view.tsx";
import { Tool } from "./tool.tsx";

/** Everything. */
export function AppView(props: Speech & { readonly page: Page }) {
  const { page, say } = props;
  const { desk, signIn } = page;
  if (desk === undefined) {
    if (signIn.ways === undefined && signIn.problem === undefined)
      return (
        <main class="alone">
          <p role="status">{say("connecting")}</p>
        </main>
      );
    return <SignInView {...props} />;
  }
  const scene: Scene = { ...props, desk, now: Date.now(), ask: (dialog) => page.ask(dialog) };
  return (
    <div class={`desk on-${page.place} pane-${page.pane}`}>
      <HeadView {...scene} />
      <ListView {...scene} />
      <Middle {...scene} />
      <Refused {...scene} />
      <Dialogs {...scene} />
    </div>
  );
}

function Middle(scene: Scene) {
  const { page, desk, say } = scene;
  if (page.place === "library") return <LibraryView {...scene} />;
  if (page.place === "supervise") return <SuperviseView {...scene} />;
  const { active } = desk;
  if (active === undefined)
    return (
      <main class="middle empty">
        <p>{say(desk.ready ? "emptyReady" : "emptyNotReady")}</p>
      </main>
    );
  return (
    <>
      <ChatView key={active.sessionId} {...scene} open={active} />
      <SideView {...scene} open={active} />
    </>
  );
}

/** What was refused last, until it is read. */
function Refused(scene: Scene) {
  const { desk, say } = scene;
  const { problem } = desk;
  const shown = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problem === undefined) return;
    const timer = setTimeout(() => desk.fail(undefined), 15_000);
    return () => clearTimeout(timer);
  }, [problem]);
  return (
    <div class="refused" role="alert" ref={shown}>
      {problem === undefined ? null : (
        <>
          <p>{problemText(problem, scene)}</p>
          <Tool icon="remove" label={say("close")} onClick={() => desk.fail(undefined)} />
        </>
      )}
    </div>
  );
}

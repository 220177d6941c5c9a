/** What supervisors see: every chat of their services, and who of the agents is there. */
import type { WireLobbySession } from "../../protocol/lobby.ts";
import { durationText, listText } from "../view/format.ts";
import type { ServiceDesk } from "./desk.ts";
import type { Role } from "./open-chat.ts";
import type { Scene } from "./scene.ts";
import { Button } from "./tool.tsx";

/** The lists, live. */
export function SuperviseView(scene: Scene) {
  const { desk, say } = scene;
  const services = desk.services.filter(({ privileges }) => privileges.includes("chat:supervise"));
  return (
    <main class="middle wide pad">
      <h2>{say("supervise")}</h2>
      {services.map((one) => (
        <section key={one.service} aria-label={one.service}>
          <h3>{one.service}</h3>
          <Chats {...scene} of={one} />
          <Agents {...scene} of={one} />
        </section>
      ))}
    </main>
  );
}

function Chats(scene: Scene & { readonly of: ServiceDesk }) {
  const { of, say } = scene;
  const all = [...of.lobby.waiting, ...of.lobby.served];
  if (all.length === 0) return <p class="hint">{say("noChatsAtAll")}</p>;
  return (
    <div class="scrolls">
      <table>
        <thead>
          <tr>
            <th scope="col">{say("customer")}</th>
            <th scope="col">{say("state")}</th>
            <th scope="col">{say("for")}</th>
            <th scope="col">{say("agents")}</th>
            <th scope="col">{say("files")}</th>
            <th scope="col">{say("join")}</th>
          </tr>
        </thead>
        <tbody>
          {all.map((session) => (
            <Row key={session.sessionId} {...scene} session={session} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(scene: Scene & { readonly of: ServiceDesk; readonly session: WireLobbySession }) {
  const { of, session, page, desk, now, say, language } = scene;
  const seconds = Math.max(0, Math.round((now - Date.parse(session.since)) / 1000));
  const names = session.agents.map(
    (id) => of.lobby.agents.find(({ agentId }) => agentId === id)?.nickname ?? say("somebody"),
  );
  const join = async (role: Role) => {
    await desk.open(of.service, session.sessionId, role);
    if (desk.chats.some(({ sessionId }) => sessionId === session.sessionId)) page.goToChat(session.sessionId);
  };
  const { nickname: name } = session;
  return (
    <tr>
      <th scope="row" dir="auto">
        {name}
        {session.subject === undefined ? null : <span class="hint"> {session.subject}</span>}
      </th>
      <td data-name={say("state")}>{say(session.state === "waiting" ? "stateWaiting" : "stateServed")}</td>
      <td data-name={say("for")}>{durationText(seconds, language)}</td>
      <td data-name={say("agents")} dir="auto">
        {listText(names, language)}
      </td>
      <td data-name={say("files")}>{session.files}</td>
      <td class="choices">
        {session.agents.includes(desk.self.agentId) ? null : (
          <Joins name={name} say={say} onJoin={(role) => void join(role)} />
        )}
      </td>
    </tr>
  );
}

function Joins({ name, say, onJoin }: Pick<Scene, "say"> & { readonly name: string; onJoin(role: Role): void }) {
  return (
    <>
      <Button onClick={() => onJoin("silent")}>
        {say("joinSilently")} <span class="unseen">{name}</span>
      </Button>
      <Button onClick={() => onJoin("supervise")}>
        {say("joinOpenly")} <span class="unseen">{name}</span>
      </Button>
    </>
  );
}

function Agents({ of, say }: Scene & { readonly of: ServiceDesk }) {
  if (of.lobby.agents.length === 0) return null;
  return (
    <div class="scrolls">
      <table>
        <thead>
          <tr>
            <th scope="col">{say("agent")}</th>
            <th scope="col">{say("state")}</th>
            <th scope="col">{say("load")}</th>
          </tr>
        </thead>
        <tbody>
          {of.lobby.agents.map(({ agentId, nickname, ready, connected, serving, capacity }) => (
            <tr key={agentId}>
              <th scope="row" dir="auto">
                {nickname}
              </th>
              <td data-name={say("state")}>{say(connected ? (ready ? "ready" : "notReady") : "away")}</td>
              <td data-name={say("load")}>{say("loadOf", { serving, capacity })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What stands above everything: whether the agent is ready, how the connection is, and where else one can go. */
import { MAX_CAPACITY } from "../../protocol/wire.ts";
import type { Scene } from "./scene.ts";
import { Tool } from "./tool.tsx";

/** Most chats at once that the list offers; what was chosen elsewhere is offered too. */
const CAPACITIES = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20];

/** The head. */
export function HeadView(scene: Scene) {
  const { page, desk, say } = scene;
  const libraries = desk.may("library:edit");
  const supervises = desk.may("chat:supervise");
  return (
    <header class="head">
      <h1>{say("title")}</h1>
      {desk.may("chat:take") ? <Ready {...scene} /> : <p class="hint">{say("mayNotTake")}</p>}
      <Connection {...scene} />
      <nav aria-label={say("places")}>
        <Tool
          icon="chats"
          label={say("chats")}
          pressed={page.place === "chats"}
          onClick={() => page.go("chats", "list")}
        />
        {supervises ? (
          <Tool
            icon="eye"
            label={say("supervise")}
            pressed={page.place === "supervise"}
            onClick={() => page.go("supervise")}
          />
        ) : null}
        {libraries ? (
          <Tool
            icon="book"
            label={say("library")}
            pressed={page.place === "library"}
            onClick={() => page.go("library")}
          />
        ) : null}
        <Tool
          icon={page.sound ? "bell" : "mute"}
          label={say("sound")}
          pressed={page.sound}
          onClick={() => page.setSound(!page.sound)}
        />
        <Tool icon="keys" label={say("shortcuts")} onClick={() => page.ask({ name: "shortcuts" })} />
        <Tool icon="out" label={say("signOut", { name: desk.self.name })} onClick={() => void page.signOut()} />
      </nav>
    </header>
  );
}

function Ready({ desk, say }: Scene) {
  const mine = desk.services.map(({ service }) => desk.mine(service)).find((one) => one !== undefined);
  const capacity = mine?.capacity ?? 3;
  const choices = CAPACITIES.includes(capacity) ? CAPACITIES : [...CAPACITIES, capacity].sort((a, b) => a - b);
  return (
    <div class="ready">
      <button
        type="button"
        role="switch"
        class="switch"
        aria-checked={desk.ready}
        onClick={() => void desk.setReady(!desk.ready)}
      >
        <span class="knob" aria-hidden="true" />
        {say(desk.ready ? "ready" : "notReady")}
      </button>
      <label class="capacity">
        {say("capacity")}
        <select
          value={String(capacity)}
          onChange={({ currentTarget }) =>
            void desk.setReady(desk.ready, Math.min(MAX_CAPACITY, Number(currentTarget.value)))
          }
        >
          {choices.map((count) => (
            <option key={count} value={String(count)}>
              {count}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** Said where anything is not as it should be. */
function Connection({ desk, say }: Scene) {
  const states = desk.services.map(({ connection }) => connection);
  const offline = states.includes("offline") || desk.chats.some(({ state }) => state.connection === "offline");
  const connecting = states.includes("connecting");
  const text = offline ? say("offline") : connecting ? say("connecting") : "";
  return (
    <p class={offline ? "connection offline" : "connection"} role="status">
      {text}
    </p>
  );
}

/** The library of standard responses for those who write them. */
import { useMemo, useState } from "preact/hooks";
import { LibraryClient, type ResponseSearch } from "../client/library.ts";
import { CategoriesEditor } from "./categories-editor.tsx";
import { LibraryTransfer } from "./library-transfer.tsx";
import { ResponseEditor } from "./response-editor.tsx";
import { useSearch } from "./responses-view.tsx";
import type { Scene } from "./scene.ts";
import { Button } from "./tool.tsx";

/** The library of one of the agent's services. */
export function LibraryView(scene: Scene) {
  const { desk, say } = scene;
  const services = desk.services.filter(({ privileges }) => privileges.includes("library:edit"));
  const [service, setService] = useState(services[0]?.service ?? "");
  return (
    <main class="middle wide pad library">
      <h2>{say("library")}</h2>
      {services.length < 2 ? null : (
        <label>
          {say("service")}
          <select value={service} onChange={({ currentTarget }) => setService(currentTarget.value)}>
            {services.map((one) => (
              <option key={one.service} value={one.service}>
                {one.service}
              </option>
            ))}
          </select>
        </label>
      )}
      <Shelves key={service} {...scene} service={service} />
    </main>
  );
}

function Shelves(scene: Scene & { readonly service: string }) {
  const { page, service, say } = scene;
  const library = useMemo(() => new LibraryClient(page.api, service), [service]);
  const [search, setSearch] = useState<ResponseSearch>({});
  const [version, setVersion] = useState(0);
  /** Undefined: none; the empty string: a new one. */
  const [edited, setEdited] = useState<string>();
  const { found, categories, more } = useSearch(library, search, version);
  const changed = () => setVersion(version + 1);
  if (edited !== undefined)
    return (
      <ResponseEditor
        key={edited}
        {...scene}
        library={library}
        categories={categories}
        responseId={edited === "" ? undefined : edited}
        onMade={setEdited}
        onChanged={changed}
        onClose={() => setEdited(undefined)}
      />
    );
  return (
    <>
      <div class="choices start">
        <Button kind="primary" onClick={() => setEdited("")}>
          {say("newResponse")}
        </Button>
        <LibraryTransfer {...scene} library={library} onChanged={changed} />
      </div>
      <input
        type="search"
        aria-label={say("searchResponses")}
        placeholder={say("searchResponses")}
        maxLength={200}
        value={search.q ?? ""}
        onInput={({ currentTarget }) => setSearch({ ...search, q: currentTarget.value })}
      />
      <ul class="found">
        {found?.responses.map((one) => (
          <li key={one.responseId}>
            <button type="button" onClick={() => setEdited(one.responseId)}>
              <b dir="auto">{one.title}</b>
              <span class="preview" dir="auto">
                {one.preview}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {found?.responses.length === 0 ? <p class="hint">{say("nothingFound")}</p> : null}
      {found?.cursor === undefined ? null : <Button onClick={more}>{say("moreFound")}</Button>}
      <CategoriesEditor {...scene} library={library} categories={categories} onChanged={changed} />
    </>
  );
}

/** Standard responses beside a chat: found by words, looked at, and sent with their files. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { WireCategory, WireResponsePage } from "../../protocol/library.ts";
import type { Problem } from "../../protocol/problem.ts";
import { LibraryClient, type ResponseSearch } from "../client/library.ts";
import { categoryPath } from "./categories.ts";
import type { OpenChat } from "./open-chat.ts";
import { problemText } from "./problems.ts";
import { ResponsePreview } from "./response-preview.tsx";
import type { Scene } from "./scene.ts";
import { Button } from "./tool.tsx";

type InChat = Scene & { readonly open: OpenChat };

/** So long after the last key it is looked for, in milliseconds. */
const TYPED_MS = 200;

/** The search, and what was found. */
export function ResponsesView(scene: InChat) {
  const { page, open, say } = scene;
  const library = useMemo(() => new LibraryClient(page.api, open.service), [open.service]);
  const [search, setSearch] = useState<ResponseSearch>({});
  const [chosen, setChosen] = useState<string>();
  const { found, categories, problem, more } = useSearch(library, search);
  if (chosen !== undefined)
    return <ResponsePreview {...scene} library={library} responseId={chosen} onClose={() => setChosen(undefined)} />;
  return (
    <div class="responses pad">
      <SearchForm {...scene} search={search} categories={categories} onSearch={setSearch} />
      {problem === undefined ? null : (
        <p class="fault" role="alert">
          {problemText(problem, scene)}
        </p>
      )}
      <p class="unseen" role="status">
        {found === undefined ? "" : say("found", { count: found.responses.length })}
      </p>
      <ul class="found">
        {found?.responses.map((one) => (
          <li key={one.responseId}>
            <button type="button" onClick={() => setChosen(one.responseId)}>
              <b dir="auto">
                {one.favourite ? "★ " : ""}
                {one.title}
              </b>
              <span class="preview" dir="auto">
                {one.preview}
              </span>
              {one.files.length === 0 ? null : <span class="hint">{one.files.map(({ name }) => name).join(", ")}</span>}
            </button>
          </li>
        ))}
      </ul>
      {found?.responses.length === 0 ? <p class="hint">{say("nothingFound")}</p> : null}
      {found?.cursor === undefined ? null : <Button onClick={more}>{say("moreFound")}</Button>}
    </div>
  );
}

function SearchForm(
  props: Scene & {
    readonly search: ResponseSearch;
    readonly categories: readonly WireCategory[];
    onSearch(search: ResponseSearch): void;
  },
) {
  const { search, categories, onSearch, say } = props;
  const lists = [
    [undefined, "all"],
    ["favourites", "favourites"],
    ["recent", "recent"],
  ] as const;
  return (
    <search class="search">
      <input
        type="search"
        aria-label={say("searchResponses")}
        placeholder={say("searchResponses")}
        maxLength={200}
        value={search.q ?? ""}
        onInput={({ currentTarget }) => onSearch({ ...search, q: currentTarget.value })}
      />
      <div class="tabs">
        {lists.map(([list, word]) => (
          <button
            key={word}
            type="button"
            aria-pressed={search.list === list}
            onClick={() => {
              const { list: _list, ...rest } = search;
              onSearch(list === undefined ? rest : { ...rest, list });
            }}
          >
            {say(word)}
          </button>
        ))}
      </div>
      {categories.length === 0 ? null : (
        <select
          aria-label={say("category")}
          value={search.category ?? ""}
          onChange={({ currentTarget }) => onSearch({ ...search, category: currentTarget.value })}
        >
          <option value="">{say("allCategories")}</option>
          {categories.map((one) => (
            <option key={one.categoryId} value={one.categoryId}>
              {categoryPath(one, categories)}
            </option>
          ))}
        </select>
      )}
    </search>
  );
}

/** Looks for them shortly after the last change; an older answer never replaces a newer one. */
export function useSearch(library: LibraryClient, search: ResponseSearch, version = 0) {
  const [found, setFound] = useState<WireResponsePage>();
  const [categories, setCategories] = useState<readonly WireCategory[]>([]);
  const [problem, setProblem] = useState<Problem>();
  const asked = useRef(0);
  const ask = async (cursor?: string) => {
    asked.current += 1;
    const mine = asked.current;
    const page = await library.search({ ...search, ...(cursor === undefined ? {} : { cursor }) });
    if (mine !== asked.current) return;
    setProblem(page.ok ? undefined : page.problem);
    if (!page.ok) return;
    const before = cursor === undefined ? [] : (found?.responses ?? []);
    setFound({ ...page.value, responses: [...before, ...page.value.responses] });
  };
  useEffect(() => {
    const timer = setTimeout(() => void ask(), TYPED_MS);
    return () => clearTimeout(timer);
  }, [library, search, version]);
  useEffect(() => {
    void library.categories().then((all) => {
      if (all.ok) setCategories(all.value.categories);
    });
  }, [library, version]);
  return { found, categories, problem, more: () => void ask(found?.cursor) };
}

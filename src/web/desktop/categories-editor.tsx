/** Categories of the library: made, named, moved and deleted. */
import { useState } from "preact/hooks";
import type { WireCategory } from "../../protocol/library.ts";
import type { Problem } from "../../protocol/problem.ts";
import type { Outcome } from "../client/api.ts";
import type { LibraryClient } from "../client/library.ts";
import { categoryPath } from "./categories.ts";
import { problemText } from "./problems.ts";
import type { Scene } from "./scene.ts";
import { Button, Tool } from "./tool.tsx";

type Props = Scene & {
  readonly library: LibraryClient;
  readonly categories: readonly WireCategory[];
  onChanged(): void;
};

/** All of them, and a line for a new one. */
export function CategoriesEditor(props: Props) {
  const { library, categories, onChanged, say } = props;
  const [problem, setProblem] = useState<Problem>();
  const run = async (act: Promise<Outcome<unknown>>) => {
    const done = await act;
    setProblem(done.ok ? undefined : done.problem);
    if (done.ok) onChanged();
    return done.ok;
  };
  return (
    <details class="categories">
      <summary>{say("categories")}</summary>
      {problem === undefined ? null : (
        <p class="fault" role="alert">
          {problemText(problem, props)}
        </p>
      )}
      <ul class="plain-list">
        {categories.map((one) => (
          <li key={`${one.categoryId} ${one.name} ${one.parentId ?? ""}`}>
            <CategoryForm
              {...props}
              category={one}
              onWrite={(name, parentId) => run(library.writeCategory(one.categoryId, name, parentId))}
            />
            <Tool
              icon="bin"
              label={say("deleteFile", { name: one.name })}
              onClick={() => void run(library.deleteCategory(one.categoryId))}
            />
          </li>
        ))}
        <li>
          <CategoryForm
            {...props}
            onWrite={(name, parentId) => run(library.writeCategory(undefined, name, parentId))}
          />
        </li>
      </ul>
    </details>
  );
}

function CategoryForm(
  props: Props & { readonly category?: WireCategory; onWrite(name: string, parentId?: string): Promise<boolean> },
) {
  const { category, categories, onWrite, say } = props;
  const [name, setName] = useState(category?.name ?? "");
  const [parentId, setParentId] = useState(category?.parentId ?? "");
  const label = category === undefined ? say("newCategory") : category.name;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (name.trim() === "") return;
    const written = await onWrite(name.trim(), parentId === "" ? undefined : parentId);
    if (written && category === undefined) setName("");
  };
  return (
    <form class="choices start" onSubmit={(event) => void submit(event)}>
      <input
        aria-label={label}
        placeholder={label}
        maxLength={128}
        value={name}
        onInput={({ currentTarget }) => setName(currentTarget.value)}
      />
      <select
        aria-label={say("inCategory", { name: label })}
        value={parentId}
        onChange={({ currentTarget }) => setParentId(currentTarget.value)}
      >
        <option value="">{say("topLevel")}</option>
        {categories
          .filter(({ categoryId }) => categoryId !== category?.categoryId)
          .map((one) => (
            <option key={one.categoryId} value={one.categoryId}>
              {categoryPath(one, categories)}
            </option>
          ))}
      </select>
      <Button submit>{say(category === undefined ? "add" : "saveChanges")}</Button>
    </form>
  );
}

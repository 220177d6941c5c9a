/** Writing one standard response: its texts with variables and a live preview, where it lies, and its files. */
import { useEffect, useState } from "preact/hooks";
import type { WireAgentResponse, WireCategory, WireEditedResponse } from "../../protocol/library.ts";
import type { Problem } from "../../protocol/problem.ts";
import { renderResponse, variableProblem } from "../../protocol/response-text.ts";
import { RESPONSE_VARIABLES } from "../../protocol/wire.ts";
import type { LibraryClient } from "../client/library.ts";
import { sizeText } from "../view/format.ts";
import { categoryPath } from "./categories.ts";
import { problemText } from "./problems.ts";
import { ResponseFile } from "./response-preview.tsx";
import type { Scene } from "./scene.ts";
import { Button } from "./tool.tsx";

type Props = Scene & {
  readonly library: LibraryClient;
  readonly categories: readonly WireCategory[];
  /** Undefined: a new one. */
  readonly responseId: string | undefined;
  onMade(responseId: string): void;
  onChanged(): void;
  onClose(): void;
};

const EMPTY: WireEditedResponse = { title: "", language: "en", text: "" };

/** The editor. Nothing is written before it is saved, but for files, which are there at once. */
export function ResponseEditor(props: Props) {
  const { say, onClose } = props;
  const { draft, stored, problem, busy, change, save, remove, ask } = useEditing(props);
  const submit = (event: Event) => {
    event.preventDefault();
    void save();
  };
  if (draft === undefined)
    return <p role="status">{problem === undefined ? say("fetching") : problemText(problem, props)}</p>;
  return (
    <>
      <form class="editor" onSubmit={submit}>
        <div class="choices start">
          <Button onClick={onClose}>{say("back")}</Button>
        </div>
        <Fields {...props} draft={draft} onChange={change} />
        <Texts {...props} draft={draft} onChange={change} />
        <p class="fault" role="alert">
          {problem === undefined ? "" : problemText(problem, props)}
        </p>
        <div class="choices">
          {stored === undefined ? null : (
            <Button kind="danger" disabled={busy} onClick={() => void remove()}>
              {say("deleteResponse")}
            </Button>
          )}
          <Button kind="primary" submit disabled={busy}>
            {say("saveChanges")}
          </Button>
        </div>
      </form>
      {stored === undefined ? (
        <p class="hint">{say("filesAfterSaving")}</p>
      ) : (
        <Files {...props} stored={stored} onChanged={ask} />
      )}
    </>
  );
}

type Editing = Props & { readonly draft: WireEditedResponse; onChange(patch: Partial<WireEditedResponse>): void };

function Fields({ draft, categories, onChange, say }: Editing) {
  return (
    <div class="fields">
      <label>
        {say("responseTitle")}
        <input
          required
          maxLength={256}
          value={draft.title}
          onInput={({ currentTarget }) => onChange({ title: currentTarget.value })}
        />
      </label>
      <label>
        {say("shortcut")}
        <input
          maxLength={32}
          value={draft.shortcut ?? ""}
          onInput={({ currentTarget }) => onChange({ shortcut: currentTarget.value })}
        />
      </label>
      <label>
        {say("category")}
        <select
          value={draft.categoryId ?? ""}
          onChange={({ currentTarget }) => onChange({ categoryId: currentTarget.value })}
        >
          <option value="">{say("noCategory")}</option>
          {categories.map((one) => (
            <option key={one.categoryId} value={one.categoryId}>
              {categoryPath(one, categories)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Texts(props: Editing) {
  const { draft, onChange, say } = props;
  const translations = draft.translations ?? {};
  const [added, setAdded] = useState("");
  const add = () => {
    const tag = added.trim();
    if (tag === "" || tag === draft.language || tag in translations) return;
    onChange({ translations: { ...translations, [tag]: "" } });
    setAdded("");
  };
  return (
    <>
      <label class="short">
        {say("language")}
        <input
          required
          maxLength={35}
          value={draft.language}
          onInput={({ currentTarget }) => onChange({ language: currentTarget.value })}
        />
      </label>
      <OneText {...props} language={draft.language} text={draft.text} onText={(text) => onChange({ text })} />
      {Object.entries(translations).map(([tag, text]) => (
        <div key={tag} class="translation">
          <OneText
            {...props}
            language={tag}
            text={text}
            onText={(changed) => onChange({ translations: { ...translations, [tag]: changed } })}
          />
          <Button
            onClick={() =>
              onChange({
                translations: Object.fromEntries(Object.entries(translations).filter(([one]) => one !== tag)),
              })
            }
          >
            {say("removeLanguage", { language: tag })}
          </Button>
        </div>
      ))}
      <div class="choices start">
        <input
          class="short"
          maxLength={35}
          value={added}
          aria-label={say("addLanguage")}
          placeholder="de"
          onInput={({ currentTarget }) => setAdded(currentTarget.value)}
        />
        <Button onClick={add}>{say("addLanguage")}</Button>
      </div>
    </>
  );
}

/** A text, the variables that it may hold, and how it reads with them filled in. */
function OneText(props: Editing & { readonly language: string; readonly text: string; onText(text: string): void }) {
  const { language, text, onText, desk, say } = props;
  const wrong = variableProblem(text);
  const sample = {
    "customer.nickname": "Ada",
    "agent.nickname": desk.self.name,
    "session.id": "AAxp…",
    "session.subject": say("subject"),
    service: desk.services[0]?.service,
  };
  const id = `text-${language}`;
  return (
    <div class="one-text">
      <label for={id}>{say("textIn", { language })}</label>
      <textarea
        id={id}
        required
        rows={5}
        maxLength={16_384}
        value={text}
        dir="auto"
        aria-invalid={wrong !== undefined}
        aria-describedby={`${id}-fault`}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
      />
      <div class="variables">
        {RESPONSE_VARIABLES.map((name) => (
          <Button key={name} onClick={() => onText(`${text}{{${name}}}`)}>{`{{${name}}}`}</Button>
        ))}
      </div>
      <p class="fault" id={`${id}-fault`}>
        {wrong === undefined ? "" : say("variablesWrong")}
      </p>
      <p class="hint">{say("preview")}</p>
      <p class="text sample" dir="auto">
        {renderResponse(text, sample)}
      </p>
    </div>
  );
}

function Files(props: Props & { readonly stored: WireAgentResponse; onChanged(): Promise<void> }) {
  const { library, stored, onChanged, say, language } = props;
  const { responseId, files } = stored;
  const [sending, setSending] = useState<{ readonly file: File; readonly sentBytes: number }>();
  const [problem, setProblem] = useState<Problem>();
  const add = async (picked: readonly File[]) => {
    setProblem(undefined);
    for (const file of picked) {
      setSending({ file, sentBytes: 0 });
      const sent = await library.addFile(responseId, file, (sentBytes) => setSending({ file, sentBytes }));
      if (!sent.ok) setProblem(sent.problem);
    }
    setSending(undefined);
    await onChanged();
  };
  const remove = async (documentId: string) => {
    const removed = await library.removeFile(responseId, documentId);
    setProblem(removed.ok ? undefined : removed.problem);
    await onChanged();
  };
  return (
    <section aria-label={say("files")}>
      <h3>{say("files")}</h3>
      {files.map((file) => (
        <ResponseFile
          key={file.documentId}
          {...props}
          responseId={responseId}
          file={file}
          onRemove={() => void remove(file.documentId)}
        />
      ))}
      {sending === undefined ? null : (
        <p>
          {sending.file.name} {sizeText(sending.sentBytes, language)}
          <progress value={sending.sentBytes} max={Math.max(1, sending.file.size)} aria-label={sending.file.name} />
        </p>
      )}
      {problem === undefined ? null : (
        <p class="fault" role="alert">
          {problemText(problem, props)}
        </p>
      )}
      <label class="pick">
        {say("addFiles")}
        <input
          type="file"
          multiple
          onChange={({ currentTarget }) => {
            void add([...(currentTarget.files ?? [])]);
            currentTarget.value = "";
          }}
        />
      </label>
    </section>
  );
}

/** The draft, what is stored, and writing one over the other: refused where somebody else wrote meanwhile. */
function useEditing({ library, responseId, onMade, onChanged, onClose }: Props) {
  const [stored, setStored] = useState<WireAgentResponse>();
  const [draft, setDraft] = useState<WireEditedResponse | undefined>(responseId === undefined ? EMPTY : undefined);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const ask = async () => {
    if (responseId === undefined) return;
    const found = await library.response(responseId);
    if (!found.ok) return setProblem(found.problem);
    setStored(found.value);
    setDraft((before) => before ?? found.value);
  };
  useEffect(() => void ask(), [responseId]);
  const save = async () => {
    if (draft === undefined || busy) return;
    setBusy(true);
    const written = await library.write(responseId, editedOf(draft, stored?.version));
    setBusy(false);
    setProblem(written.ok ? undefined : written.problem);
    if (!written.ok) return;
    setStored((before) => ({ ...written.value, favourite: before?.favourite ?? false }));
    onChanged();
    if (responseId === undefined) onMade(written.value.responseId);
  };
  const remove = async () => {
    if (stored === undefined || busy) return;
    setBusy(true);
    const deleted = await library.delete(stored.responseId, stored.version);
    setBusy(false);
    if (!deleted.ok) return setProblem(deleted.problem);
    onChanged();
    onClose();
  };
  const change = (patch: Partial<WireEditedResponse>) => setDraft({ ...(draft ?? EMPTY), ...patch });
  return { draft, stored, problem, busy, change, save, remove, ask };
}

/** What the server takes: nothing that is empty, and nothing that it tells itself. */
function editedOf(draft: WireEditedResponse, version: number | undefined): WireEditedResponse {
  const { title, language, text, translations = {}, categoryId = "", shortcut = "" } = draft;
  const said = Object.entries(translations).filter(([, one]) => one.trim() !== "");
  return {
    title,
    language: language.trim(),
    text,
    translations: Object.fromEntries(said),
    ...(categoryId === "" ? {} : { categoryId }),
    ...(shortcut.trim() === "" ? {} : { shortcut: shortcut.trim() }),
    ...(version === undefined ? {} : { version }),
  };
}

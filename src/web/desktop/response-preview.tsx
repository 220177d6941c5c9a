/** One standard response as the customer would get it: its text filled in, and its files, which can be looked at first. */
import { useEffect, useState } from "preact/hooks";
import type { WireAgentResponse, WireLibraryFile } from "../../protocol/library.ts";
import type { Problem } from "../../protocol/problem.ts";
import { renderResponse } from "../../protocol/response-text.ts";
import type { LibraryClient } from "../client/library.ts";
import { sizeText } from "../view/format.ts";
import { isPicture } from "../view/pictures.ts";
import { saveFile } from "../view/save.ts";
import { TypeIcon } from "./file-face.tsx";
import type { OpenChat } from "./open-chat.ts";
import { problemText } from "./problems.ts";
import type { Scene } from "./scene.ts";
import { Button, Tool } from "./tool.tsx";
import { Viewer } from "./viewer.tsx";

type Props = Scene & {
  readonly open: OpenChat;
  readonly library: LibraryClient;
  readonly responseId: string;
  onClose(): void;
};

/** The response; sending it closes it. */
export function ResponsePreview(props: Props) {
  const { open, library, say, onClose } = props;
  const [response, setResponse] = useState<WireAgentResponse>();
  const [language, setLanguage] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [key] = useState(() => crypto.randomUUID());
  useEffect(() => {
    void library.response(props.responseId).then((found) => {
      if (!found.ok) return setProblem(found.problem);
      setResponse(found.value);
      setLanguage(languageFor(found.value, open.chat.session?.customer?.language));
    });
  }, [props.responseId]);
  const send = async () => {
    setBusy(true);
    const sent = await open.chat.sendResponse(props.responseId, language, key);
    setBusy(false);
    if (sent.ok) onClose();
    else setProblem(sent.problem);
  };
  const favour = async () => {
    if (response === undefined) return;
    const favourite = !response.favourite;
    if ((await library.favour(response.responseId, favourite)).ok) setResponse({ ...response, favourite });
  };
  return (
    <div class="response pad">
      <div class="choices">
        <Button onClick={onClose}>{say("back")}</Button>
        {response === undefined ? null : (
          <Tool icon="star" label={say("favourite")} pressed={response.favourite} onClick={() => void favour()} />
        )}
      </div>
      {problem === undefined ? null : (
        <p class="fault" role="alert">
          {problemText(problem, props)}
        </p>
      )}
      {response === undefined ? (
        <p role="status">{say("fetching")}</p>
      ) : (
        <>
          <ResponseText
            {...props}
            response={response}
            language={language ?? response.language}
            onLanguage={setLanguage}
          />
          {response.files.map((file) => (
            <ResponseFile key={file.documentId} {...props} file={file} />
          ))}
          {open.over ? null : (
            <Button kind="primary" disabled={busy} onClick={() => void send()}>
              {say("sendResponse")}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

function ResponseText(
  props: Props & {
    readonly response: WireAgentResponse;
    readonly language: string;
    onLanguage(language: string): void;
  },
) {
  const { open, response, language, onLanguage, say } = props;
  const { session } = open.chat;
  const me = session?.participants.find(({ participantId }) => participantId === open.state.participantId);
  const text = language === response.language ? response.text : (response.translations[language] ?? response.text);
  const languages = [response.language, ...Object.keys(response.translations)];
  const values = {
    "customer.nickname": open.customer,
    "agent.nickname": me?.nickname ?? props.desk.self.name,
    "session.id": open.sessionId,
    "session.subject": session?.subject,
    service: open.service,
  };
  return (
    <>
      <h3 dir="auto">{response.title}</h3>
      {languages.length === 1 ? null : (
        <label>
          {say("language")}
          <select value={language} onChange={({ currentTarget }) => onLanguage(currentTarget.value)}>
            {languages.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
      )}
      <p class="text sample" dir="auto">
        {renderResponse(text, values)}
      </p>
    </>
  );
}

/** A file of a response: pictures and PDFs can be looked at, others saved. */
export function ResponseFile(
  props: Pick<Props, "library" | "responseId"> & Scene & { readonly file: WireLibraryFile; onRemove?(): void },
) {
  const { library, responseId, file, onRemove, say, language } = props;
  const { documentId, name, size, type } = file;
  const [shown, setShown] = useState<Blob>();
  const [problem, setProblem] = useState<Problem>();
  const opens = isPicture(type) || type === "application/pdf";
  const fetch = async (use: (content: Blob) => void) => {
    const fetched = await library.file(responseId, documentId);
    setProblem(fetched.ok ? undefined : fetched.problem);
    if (fetched.ok) use(fetched.value);
  };
  return (
    <div class="bubble file">
      <span class="face">
        <TypeIcon name={name} />
      </span>
      <span class="file-words">
        <span class="file-name" dir="auto">
          {name}
        </span>
        <span class="hint">{sizeText(size, language)}</span>
      </span>
      {opens ? <Tool icon="eye" label={say("openFile", { name })} onClick={() => void fetch(setShown)} /> : null}
      <Tool
        icon="save"
        label={say("save", { name })}
        onClick={() => void fetch((content) => saveFile(content, name))}
      />
      {onRemove === undefined ? null : <Tool icon="bin" label={say("deleteFile", { name })} onClick={onRemove} />}
      {problem === undefined ? null : <p class="fault">{problemText(problem, props)}</p>}
      {shown === undefined ? null : (
        <Viewer
          {...props}
          name={name}
          content={shown}
          pdf={type === "application/pdf"}
          onClose={() => setShown(undefined)}
        />
      )}
    </div>
  );
}

/** As the server would choose: the customer's language where there is one, else the response's own. */
function languageFor({ language, translations }: WireAgentResponse, customers: string | undefined): string {
  const all = [language, ...Object.keys(translations)];
  const primary = (tag: string) => tag.split("-")[0]?.toLowerCase();
  const wished = customers ?? "";
  return all.find((one) => one === wished) ?? all.find((one) => primary(one) === primary(wished)) ?? language;
}

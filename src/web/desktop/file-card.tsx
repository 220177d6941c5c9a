/** A file of the transcript: its picture or icon, name, size and type, and what can be done with it. */

import { useState } from "preact/hooks";
import type { WireEvent } from "../../protocol/chat.ts";
import type { Problem } from "../../protocol/problem.ts";
import { sizeText } from "../view/format.ts";
import { isPicture } from "../view/pictures.ts";
import { saveFile } from "../view/save.ts";
import { SmallPicture } from "../view/small-picture.tsx";
import { TypeIcon } from "./file-face.tsx";
import type { OpenChat } from "./open-chat.ts";
import { problemText } from "./problems.ts";
import type { Scene } from "./scene.ts";
import { Tool } from "./tool.tsx";
import { Viewer } from "./viewer.tsx";

type SentFile = Extract<WireEvent, { type: "FileUploaded" }>["file"];
type Props = Scene & {
  readonly open: OpenChat;
  readonly file: SentFile;
  readonly own: boolean;
  readonly deleted: boolean;
};

/** What is opened here; everything else is saved. */
const PDF = "application/pdf";

/** A file. Nothing of it is fetched before somebody asks. */
export function FileCard(props: Props) {
  const { file, own, deleted, desk, open, say, language } = props;
  const { name, size, fileId, type, scan } = file;
  const { busy, problem, shown, view, save, remove, close } = useFile(props);
  if (deleted) return <p class="text gone">{say("deleted", { name })}</p>;
  const fetches = desk.may("chat:save-files", open.service) && open.role !== "silent";
  const small = open.pictures.small(fileId);
  const face = small === undefined ? <TypeIcon name={name} /> : <SmallPicture picture={small} />;
  const opens = fetches && (isPicture(type) || type === PDF);
  const label = say("openFile", { name });
  return (
    <div class="file">
      {opens ? (
        <button
          class={`face ${small === undefined ? "" : "shown"}`}
          type="button"
          aria-label={label}
          title={label}
          onClick={view}
        >
          {face}
        </button>
      ) : (
        <span class="face">{face}</span>
      )}
      <span class="file-words">
        <span class="file-name" dir="auto">
          {name}
        </span>
        <span class="hint">{busy ? say("fetching") : sizeText(size, language)}</span>
        {/* What arrived was held against its name, or it would not be here. */}
        <span class="hint verdict">{say("typeChecked", { type: type.split(";")[0] ?? type })}</span>
        {scan === undefined ? null : (
          <span class={`${scan === "clean" ? "hint" : "warn"} verdict`}>
            {say(scan === "clean" ? "scanClean" : "scanSkipped")}
          </span>
        )}
      </span>
      {fetches ? <Tool icon="save" label={say("save", { name })} disabled={busy} onClick={save} /> : null}
      {own && !open.over ? (
        <Tool icon="bin" label={say("deleteFile", { name })} disabled={busy} onClick={remove} />
      ) : null}
      {fetches ? null : <p class="hint whole">{say("mayNotSave")}</p>}
      {problem === undefined ? null : (
        <p class="fault" role="alert">
          {problemText(problem, props)}
        </p>
      )}
      {shown === undefined ? null : (
        <Viewer {...props} name={name} content={shown} pdf={type === PDF} onSave={save} onClose={close} />
      )}
    </div>
  );
}

/** Opening, saving and deleting, and how far it came. */
function useFile({ open, file }: Props) {
  const { fileId, name } = file;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [shown, setShown] = useState<Blob>();
  const run = (act: () => Promise<Problem | undefined>) => async () => {
    if (busy) return;
    setBusy(true);
    setProblem(await act());
    setBusy(false);
  };
  const view = run(async () => {
    const fetched = await open.pictures.fetch(open.chat, fileId);
    if (!fetched.ok) return fetched.problem;
    setShown(fetched.value);
  });
  const save = run(async () => {
    const kept = open.pictures.kept(fileId);
    if (kept !== undefined) return saveFile(kept, name);
    const link = await open.chat.files.link(fileId);
    return link.ok ? saveFile(link.value.url, name) : link.problem;
  });
  const remove = run(async () => {
    const deleted = await open.chat.files.delete(fileId);
    return deleted.ok ? undefined : deleted.problem;
  });
  const close = () => setShown(undefined);
  return { busy, problem, shown, view: () => void view(), save: () => void save(), remove: () => void remove(), close };
}

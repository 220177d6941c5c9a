/** A file of the transcript: its picture or icon, name and size, and what can be done with it. */

import { useState } from "preact/hooks";
import type { WireEvent } from "../../protocol/chat.ts";
import type { Problem } from "../../protocol/problem.ts";
import { extensionOf } from "../client/file-check.ts";
import { sizeText } from "../view/format.ts";
import { isPicture } from "../view/pictures.ts";
import { saveFile } from "../view/save.ts";
import { SmallPicture } from "../view/small-picture.tsx";
import { problemText } from "./faults.ts";
import { Icon } from "./icons.tsx";
import type { Scene, Speech } from "./scene.ts";
import { Tool } from "./tool.tsx";
import { Viewer } from "./viewer.tsx";

type SentFile = Extract<WireEvent, { type: "FileUploaded" }>["file"];

/** From so few downloads on, what is left of them is said. */
const FEW = 3;

/** A file. Nothing of it is fetched before somebody asks. */
export function FileCard(props: Scene & { readonly file: SentFile; readonly own: boolean; readonly deleted: boolean }) {
  const { file, own, deleted, pictures, state, say, language } = props;
  const { limits } = state;
  const { busy, problem, shown, open, save, close } = useFile(props, file);
  const { name, size, fileId } = file;
  if (deleted) return <p class="text gone">{say("deleted", { name })}</p>;
  const left = limits === undefined ? undefined : Math.max(0, limits.downloadAttempts - limits.used.downloads);
  const here = pictures.kept(fileId) !== undefined;
  const none = left === 0 && !here;
  const deletable = own && state.phase !== "ended" && limits !== undefined && limits.deleteFile !== "off";
  return (
    <div class="file" part="file">
      <FileFace
        {...props}
        small={pictures.small(fileId)}
        disabled={none}
        onOpen={isPicture(file.type) ? open : undefined}
      />
      <span class="file-words">
        <span class="file-name" dir="auto">
          {name}
        </span>
        <span class="hint">
          {busy ? say("fetching") : sizeText(size, language)}
          {!own && left !== undefined && left <= FEW ? ` · ${say("downloadsLeft", { count: left })}` : ""}
        </span>
      </span>
      <Tool icon="save" label={say("save", { name })} disabled={none || busy} onClick={save} />
      {deletable ? (
        <Tool
          icon="bin"
          label={say("delete", { name })}
          onClick={() => props.ask({ name: "delete", fileId, file: name })}
        />
      ) : null}
      {problem === undefined ? null : (
        <p class="fault" role="alert">
          {problemText(problem, props)}
        </p>
      )}
      {shown === undefined ? null : <Viewer {...props} name={name} picture={shown} onSave={save} onClose={close} />}
    </div>
  );
}

/** The picture as far as it is here, else an icon that names the type; a button where it can be opened. */
function FileFace(
  props: Speech & {
    readonly file: SentFile;
    readonly small: ImageBitmap | undefined;
    readonly disabled: boolean;
    readonly onOpen: (() => void) | undefined;
  },
) {
  const { file, small, disabled, onOpen, say } = props;
  const face = small === undefined ? <TypeIcon name={file.name} /> : <SmallPicture picture={small} />;
  if (onOpen === undefined) return <span class="face">{face}</span>;
  const label = say("open", { name: file.name });
  return (
    <button
      class={`face ${small === undefined ? "" : "shown"}`}
      type="button"
      aria-label={label}
      title={label}
      aria-disabled={disabled}
      onClick={disabled ? undefined : onOpen}
    >
      {face}
    </button>
  );
}

/** A sheet of paper with the file's extension. */
export function TypeIcon({ name }: { readonly name: string }) {
  return (
    <span class="type" aria-hidden="true">
      <Icon name="file" />
      <b>{extensionOf(name).slice(0, 4)}</b>
    </span>
  );
}

/** Opening and saving, and how far it came. */
function useFile({ chat, pictures }: Scene, { fileId, name }: SentFile) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [shown, setShown] = useState<Blob>();
  const run = async (act: () => Promise<Problem | undefined>) => {
    if (busy) return;
    setBusy(true);
    setProblem(await act());
    setBusy(false);
  };
  const open = () =>
    run(async () => {
      const fetched = await pictures.fetch(chat, fileId);
      if (!fetched.ok) return fetched.problem;
      setShown(fetched.value);
    });
  const save = () =>
    run(async () => {
      const kept = pictures.kept(fileId);
      if (kept !== undefined) return saveFile(kept, name);
      const link = await chat.files.link(fileId);
      if (!link.ok) return link.problem;
      saveFile(link.value.url, name);
    });
  return { busy, problem, shown, open: () => void open(), save: () => void save(), close: () => setShown(undefined) };
}

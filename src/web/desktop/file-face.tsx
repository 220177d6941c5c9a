import { extensionOf } from "../client/file-check.ts";
import { Icon } from "./icons.tsx";

/** A sheet of paper with the file's extension. */
export function TypeIcon({ name }: { readonly name: string }) {
  return (
    <span class="type" aria-hidden="true">
      <Icon name="file" />
      <b>{extensionOf(name).slice(0, 4)}</b>
    </span>
  );
}

/** Saving what is here, or what a link leads to. */

/** So long the browser may take to begin, in milliseconds. */
const BEGUN_MS = 60_000;

/** Has the browser save it; nothing of it is shown or run. */
export function saveFile(content: Blob | string, name: string): undefined {
  const url = typeof content === "string" ? content : URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  // What cannot be saved shall not take the page's place.
  link.target = "_blank";
  link.rel = "noopener";
  link.click();
  if (typeof content !== "string") setTimeout(() => URL.revokeObjectURL(url), BEGUN_MS);
  return undefined;
}

/** Files that are dropped on a chat. */
import { useState } from "preact/hooks";

/**
 * Handlers for what files are dragged over, and whether they are; a page that opens them instead would lose the chat.
 * Where they are not `wanted` they are refused, and still not opened.
 */
export function useDrop(wanted: boolean, take: (files: readonly File[]) => void) {
  const [dragged, setDragged] = useState(false);
  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files");
  const over = (event: DragEvent) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = wanted ? "copy" : "none";
    setDragged(wanted);
  };
  const leave = (event: DragEvent) => {
    const into = event.relatedTarget;
    if (!(into instanceof Node && event.currentTarget instanceof Node && event.currentTarget.contains(into)))
      setDragged(false);
  };
  const drop = (event: DragEvent) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    setDragged(false);
    if (wanted) take([...(event.dataTransfer?.files ?? [])]);
  };
  return { dragged, onDragOver: over, onDragEnter: over, onDragLeave: leave, onDrop: drop };
}

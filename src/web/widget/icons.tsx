/** Drawings; each is decoration, and what it stands for is said by its button. */

const PATHS = {
  close: "M6 9l6 6 6-6",
  send: "M4 12l16-8-6 16-3-7z",
  attach: "M8 12.5l6-6a2.8 2.8 0 0 1 4 4l-8 8a4.5 4.5 0 0 1-6.4-6.4l7.5-7.5",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7",
  mail: "M4 6h16v12H4zM4 7l8 6 8-6",
  end: "M14 4h5v16h-5M4 12h10M8 8l-4 4 4 4",
  remove: "M6 6l12 12M18 6L6 18",
  again: "M19 12a7 7 0 1 1-2-5M19 4v4h-4",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
  bin: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
} as const;

/** Name of a drawing. */
export type IconName = keyof typeof PATHS;

/** One drawing, as large as the text around it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Drawings; each is decoration, and what it stands for is said by its button. */

const PATHS = {
  send: "M4 12l16-8-6 16-3-7z",
  attach: "M8 12.5l6-6a2.8 2.8 0 0 1 4 4l-8 8a4.5 4.5 0 0 1-6.4-6.4l7.5-7.5",
  note: "M5 4h14v10l-5 6H5zM14 20v-6h5M8 8h8M8 12h5",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  give: "M4 12h14M13 7l5 5-5 5",
  leave: "M14 4h5v16h-5M4 12h10M8 8l-4 4 4 4",
  remove: "M6 6l12 12M18 6L6 18",
  again: "M19 12a7 7 0 1 1-2-5M19 4v4h-4",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
  bin: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  grant: "M6 3h8l4 4v14H6zM14 3v4h4M12 11v6M9 14h6",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  book: "M5 4h10a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3zM5 17a3 3 0 0 1 3-3h10",
  eye: "M2.5 12S6 6 12 6s9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  chats: "M4 5h16v11H9l-5 4z",
  keys: "M3 7h18v10H3zM7 11h0M11 11h0M15 11h0M8 14h8",
  bell: "M6 17V11a6 6 0 0 1 12 0v6l2 1H4zM10 20h4",
  mute: "M6 17V11a6 6 0 0 1 9-5M18 11v6l2 1H4M10 20h4M3 3l18 18",
  out: "M10 4H5v16h5M10 12h10M16 8l4 4-4 4",
  star: "M12 4l2.5 5.2 5.5.8-4 4 1 5.6-5-2.7-5 2.7 1-5.6-4-4 5.5-.8z",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 20c1-4 4-6 8-6s7 2 8 6",
  back: "M15 6l-6 6 6 6",
} as const;

/** Name of a drawing. */
export type IconName = keyof typeof PATHS;

/** One drawing, as large as the text around it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** What people write, as it is shown: text, and links that are safe to follow. */
import { hrefOf, piecesOf } from "./links.ts";

/** Text with its addresses as links; `whole`: all of it is one. */
export function Text({ text, whole = false }: { readonly text: string; readonly whole?: boolean }) {
  const href = whole ? hrefOf(text) : undefined;
  const pieces = href === undefined ? piecesOf(text) : [{ text, href }];
  return (
    <p class="text" dir="auto">
      {pieces.map((piece, index) =>
        piece.href === undefined ? (
          piece.text
        ) : (
          <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
            {piece.text}
          </a>
        ),
      )}
    </p>
  );
}

/** Finds the name that somebody most likely meant, for hints after a misspelt one. */

/** Levenshtein distance, by rows. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [i, a] of [...left].entries()) {
    const next = [i + 1];
    for (const [j, b] of [...right].entries()) {
      const substitution = (row[j] ?? 0) + (a === b ? 0 : 1);
      next.push(Math.min(substitution, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** `uploadMaxFiles` and `UPLOAD_MAX_FILES` mean `upload-max-files`. */
function kebab(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
}

/** The one of `known` (kebab-case) nearest to `name`, or undefined when nothing is near enough to be a slip. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  // Nobody misspells a hundred letters; the cut keeps the comparison cheap.
  const wanted = kebab(name.slice(0, 100));
  const ranked = known.map((candidate) => ({
    candidate,
    far: distance(wanted, candidate),
  }));
  const [best] = ranked.sort((a, b) => a.far - b.far);
  return best !== undefined && best.far <= Math.max(2, wanted.length / 3) ? best.candidate : undefined;
}

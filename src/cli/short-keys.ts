/** Words are asked for by names that people read; pages load shorter ones. A step of the build, like the shortening of variables. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";

/** The first argument of a call of `say`, as far as the first comma or bracket. */
const SAID = /\bsay\(([^(),]*)/g;
const LITERAL = /"([\w-]+)"/g;

/**
 * Shorter names for those keys that stand nowhere in the sources but as the first argument of `say`; what is asked for by a
 * name made elsewhere, such as a code of the server, keeps it.
 */
export async function shortKeys(
  keys: readonly string[],
  folders: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const paths = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder)).filter((name) => /\.tsx?$/.test(name)).map((name) => join(folder, name)),
    ),
  );
  const sources = await Promise.all(paths.flat().map((path) => readFile(path, "utf8")));
  const everywhere = counted(sources.flatMap((text) => [...text.matchAll(LITERAL)]));
  const said = counted(
    sources.flatMap((text) => [...text.matchAll(SAID)].flatMap(([, first = ""]) => [...first.matchAll(LITERAL)])),
  );
  const taken = new Set(keys);
  const short = new Map<string, string>();
  for (const key of keys) {
    if (!said.has(key) || said.get(key) !== everywhere.get(key)) continue;
    const name = short.size.toString(36);
    if (taken.has(name)) throw new Error(`a word is called ${name}`);
    short.set(key, name);
  }
  return short;
}

/** Puts the shorter names where the sources say the longer ones. */
export function shorten(short: ReadonlyMap<string, string>): Plugin {
  return {
    name: "short-keys",
    setup(running) {
      running.onLoad({ filter: /\/src\/web\/.*\.tsx?$/ }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        const contents = text.replace(SAID, (call) =>
          call.replace(LITERAL, (literal, key: string) => (short.has(key) ? `"${short.get(key)}"` : literal)),
        );
        return { contents, loader: path.endsWith("x") ? "tsx" : "ts" };
      });
    },
  };
}

function counted(found: readonly RegExpExecArray[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [, name = ""] of found) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Builds what pages load out of `src/web` into `dist/assets`, which the worker's platform serves. */
import { randomBytes } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin, transform } from "esbuild";
import { minify } from "terser";
import { ASSETS_DIRECTORY, CommandError, PROJECT, runCommand } from "./project.ts";

const WEB = join(PROJECT, "src/web");

/** What draws with Preact. */
const DRAWING = { "widget/chat": "./widget/panel.tsx" };

/** Other modules, by where they are served. */
const MODULES = {
  client: "./client/chat.ts",
  "demo/demo": "./demo/demo.ts",
};

/** What is copied as it is: where it lies in `src/web`, and where it is served. */
const COPIED = ["_headers", "demo/index.html", "demo/demo.css"];

/**
 * Makes `directory`, which is replaced as a whole: `widget.js` (a classic script that pages embed), `widget/` (what it loads
 * once a chat is opened), `client.js` (the typed client, a module) and `demo/`.
 * @throws CommandError in the bundler's own words where the sources are wrong.
 */
export async function buildWeb(directory = ASSETS_DIRECTORY): Promise<void> {
  const unfinished = `${directory}.${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(unfinished, { recursive: true });
    await bundle({ widget: "./widget/loader.ts" }, unfinished, "iife");
    await bundle(MODULES, unfinished, "esm");
    const keys = Object.keys(await wordsOf("en.ts"));
    await writeWords(keys, join(unfinished, "widget/words"));
    const inject = [fileURLToPath(import.meta.resolve("preact"))];
    await bundle(DRAWING, unfinished, "esm", { inject, define: { WORD_KEYS: JSON.stringify(keys.join()) } });
    for (const path of COPIED) await cp(join(WEB, path), join(unfinished, path));
    await rm(directory, { recursive: true, force: true });
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** One module for each language, so that a page loads one: its texts alone, in the order of the keys. */
async function writeWords(keys: readonly string[], directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const file of await readdir(join(WEB, "widget/words"))) {
    const words = await wordsOf(file);
    const texts = keys.map((key) => words[key]);
    await writeFile(join(directory, `${basename(file, ".ts")}.js`), `export default${JSON.stringify(texts)}`);
  }
}

async function wordsOf(file: string): Promise<Readonly<Record<string, string>>> {
  const module: { default: Record<string, string> } = await import(join(WEB, "widget/words", file));
  return module.default;
}

/** Bundles entries, each by itself. JSX finds the exports of modules that are injected without an import. */
async function bundle(
  entryPoints: Readonly<Record<string, string>>,
  outdir: string,
  format: "esm" | "iife",
  options: Pick<BuildOptions, "inject" | "define"> = {},
) {
  try {
    const { outputFiles } = await build({
      absWorkingDir: WEB,
      entryPoints: { ...entryPoints },
      outdir,
      format,
      bundle: true,
      minify: true,
      target: "es2022",
      legalComments: "none",
      // Smaller than what the sources' own setting makes of it.
      tsconfigRaw: {},
      jsx: "transform",
      jsxFactory: "h",
      jsxFragment: "Fragment",
      ...options,
      logLevel: "silent",
      plugins: [stylesAsText],
      write: false,
    });
    for (const { path, text } of outputFiles) {
      const { code } = await minify(text, {
        module: true,
        ecma: 2020,
        compress: { passes: 5, pure_getters: true, unsafe_arrows: true, unsafe_comps: true, keep_fargs: false },
      });
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, code ?? "");
    }
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}

/** A stylesheet that is imported is its own text, as small as can be: pages adopt it without a style element. */
const stylesAsText: Plugin = {
  name: "styles-as-text",
  setup(running) {
    running.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

if (import.meta.main) await runCommand(() => buildWeb());

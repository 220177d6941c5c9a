/** Builds what pages load out of `src/web` into `dist/assets`, which the worker's platform serves. */
import { randomBytes } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin, transform } from "esbuild";
import { minify } from "terser";
import { ASSETS_DIRECTORY, CommandError, PROJECT, runCommand } from "./project.ts";
import { shorten, shortKeys } from "./short-keys.ts";

const WEB = join(PROJECT, "src/web");

/** What draws with Preact, by where it is served; its words lie in `words/` beside both. */
const DRAWING = { "widget/chat": "./widget/panel.tsx", "agent/desktop": "./desktop/main.tsx" };

/** Other modules, by where they are served. */
const MODULES = {
  client: "./client/chat.ts",
  "demo/demo": "./demo/demo.ts",
  "agent/pdf": "./desktop/pdf.ts",
};

/** Stylesheets that pages link, by where they are served; what they import is put into them. */
const STYLES = { "agent/desktop": "./desktop/desktop.css" };

/** What is copied as it is: where it is served, and where it lies, seen from `src/web`. */
const COPIED = {
  _headers: "_headers",
  "demo/index.html": "demo/index.html",
  "demo/demo.css": "demo/demo.css",
  "agent/index.html": "desktop/index.html",
  "agent/pdf.worker.js": fileURLToPath(import.meta.resolve("pdfjs-dist/build/pdf.worker.min.mjs")),
};

/**
 * Makes `directory`, which is replaced as a whole: `widget.js` (a classic script that pages embed), `widget/` (what it loads
 * once a chat is opened), `client.js` (the typed client, a module), `agent/` (the desktop) and `demo/`.
 * @throws CommandError in the bundler's own words where the sources are wrong.
 */
export async function buildWeb(directory = ASSETS_DIRECTORY): Promise<void> {
  const unfinished = `${directory}.${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(unfinished, { recursive: true });
    await bundle({ widget: "./widget/loader.ts" }, unfinished, "iife");
    await bundle(MODULES, unfinished, "esm");
    for (const [served, entry] of Object.entries(DRAWING)) await drawing(served, entry, unfinished);
    await styles(unfinished);
    for (const [served, path] of Object.entries(COPIED)) await cp(resolve(WEB, path), join(unfinished, served));
    await rm(directory, { recursive: true, force: true });
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** A page's own code, and one module for each language, so that it loads one: its texts alone, in the order of the keys. */
async function drawing(served: string, entry: string, outdir: string): Promise<void> {
  const sources = join(WEB, dirname(entry), "words");
  const keys = Object.keys(await wordsOf(join(sources, "en.ts")));
  const directory = join(outdir, dirname(served), "words");
  await mkdir(directory, { recursive: true });
  for (const file of await readdir(sources)) {
    const words = await wordsOf(join(sources, file));
    const texts = keys.map((key) => words[key]);
    await writeFile(join(directory, `${basename(file, ".ts")}.js`), `export default${JSON.stringify(texts)}`);
  }
  const short = await shortKeys(keys, [join(WEB, dirname(entry)), join(WEB, "view")]);
  const inject = [fileURLToPath(import.meta.resolve("preact"))];
  const define = { WORD_KEYS: JSON.stringify(keys.map((key) => short.get(key) ?? key).join()) };
  await bundle({ [served]: entry }, outdir, "esm", { inject, define, plugins: [shorten(short)] });
}

async function wordsOf(file: string): Promise<Readonly<Record<string, string>>> {
  const module: { default: Record<string, string> } = await import(file);
  return module.default;
}

async function styles(outdir: string): Promise<void> {
  try {
    await build({
      absWorkingDir: WEB,
      entryPoints: { ...STYLES },
      outdir,
      bundle: true,
      minify: true,
      logLevel: "silent",
    });
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}

/** Bundles entries, each by itself. JSX finds the exports of modules that are injected without an import. */
async function bundle(
  entryPoints: Readonly<Record<string, string>>,
  outdir: string,
  format: "esm" | "iife",
  options: Pick<BuildOptions, "inject" | "define" | "plugins"> = {},
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
      plugins: [stylesAsText, ...(options.plugins ?? [])],
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
      // Blanks that are left in custom properties; no text of ours holds any behind these signs.
      return { contents: code.trim().replaceAll(/([:,]) /g, "$1"), loader: "text" };
    });
  },
};

if (import.meta.main) await runCommand(() => buildWeb());

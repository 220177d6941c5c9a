/// <reference types="vite/types/importMeta.d.ts" />
/**
 * The sample files of `test/support/files` as bytes, for tests that run inside workerd, where the host's disk cannot be read:
 * Vite puts each file into the bundle as a data URL. Tests that run under Node read the folder itself.
 */
const urls = import.meta.glob<string>(["./files/*", "!./files/NOTICE.txt"], {
  query: "?url&inline",
  import: "default",
  eager: true,
});

const files = new Map(
  Object.entries(urls).map(([path, url]) => [path.slice("./files/".length).normalize("NFC"), decode(url)]),
);

/** All names, sorted, each as an upload would give it. */
export const SAMPLE_NAMES: readonly string[] = [...files.keys()].sort();

/** The bytes of one sample; an error where there is none of that name. */
export function sampleFile(name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw new Error(`no sample file ${name}`);
  return bytes.slice();
}

function decode(url: string): Uint8Array {
  const comma = url.indexOf(",");
  if (!url.slice(0, comma).endsWith(";base64")) throw new Error(`not a base64 data URL: ${url.slice(0, comma)}`);
  return Uint8Array.from(atob(url.slice(comma + 1)), (character) => character.charCodeAt(0));
}

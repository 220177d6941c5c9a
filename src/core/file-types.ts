/** Which detected content each extension may have, and how it is served: extension and content must agree. */

/** What the bytes of a file turned out to be. `unknown` is never accepted for any extension. */
export type DetectedType =
  | "jpeg"
  | "png"
  | "gif"
  | "webp"
  | "heic"
  | "avif"
  | "tiff"
  | "bmp"
  | "pdf"
  | "rtf"
  | "doc"
  | "xls"
  | "ppt"
  | "encrypted-office"
  | "docx"
  | "xlsx"
  | "pptx"
  | "macro-office"
  | "odt"
  | "ods"
  | "odp"
  | "zip"
  | "java-archive"
  | "android-package"
  | "7z"
  | "gzip"
  | "tar"
  | "mp3"
  | "m4a"
  | "mp4"
  | "mov"
  | "wav"
  | "ogg"
  | "webm"
  | "text"
  | "html"
  | "xml"
  | "svg"
  | "calendar"
  | "vcard"
  | "unknown";

/** How files of one extension are judged and served. */
interface FileType {
  /** MIME type of the answer; fixed by the table, never taken from the sender. */
  readonly mimeType: string;
  readonly accepts: readonly DetectedType[];
  /** A raster image that every browser can show and that cannot carry script. */
  readonly inlineImage: boolean;
}

/** The verdict on an extension together with the detected content. */
export type TypeVerdict =
  | { readonly ok: true; readonly mimeType: string; readonly inlineImage: boolean }
  | { readonly ok: false; readonly reason: "forbidden-extension" | "unknown-extension" | "content-differs" };

/**
 * Text shown as text: markup inside is harmless there, because it is served as `text/…` with `nosniff` and as an attachment,
 * and people do send HTML source as `.txt`.
 */
const ANY_TEXT: readonly DetectedType[] = ["text", "html", "xml", "svg", "calendar", "vcard"];

/** Office documents are ZIP archives and may be sent as such; Java and Android packages are programs and may not. */
const ANY_ZIP: readonly DetectedType[] = ["zip", "docx", "xlsx", "pptx", "macro-office", "odt", "ods", "odp"];

function image(mimeType: string, detected: DetectedType): FileType {
  return { mimeType, accepts: [detected], inlineImage: true };
}

function file(mimeType: string, ...accepts: readonly DetectedType[]): FileType {
  return { mimeType, accepts, inlineImage: false };
}

const OOXML = "application/vnd.openxmlformats-officedocument";
const ODF = "application/vnd.oasis.opendocument";

/** MIME types as registered with IANA. A map, so that a name such as `constructor` finds nothing. */
const FILE_TYPES: ReadonlyMap<string, FileType> = new Map([
  ["jpg", image("image/jpeg", "jpeg")],
  ["jpeg", image("image/jpeg", "jpeg")],
  ["png", image("image/png", "png")],
  ["gif", image("image/gif", "gif")],
  ["webp", image("image/webp", "webp")],
  ["avif", image("image/avif", "avif")],
  ["bmp", image("image/bmp", "bmp")],
  // Most browsers cannot show these two.
  ["heic", file("image/heic", "heic")],
  ["tif", file("image/tiff", "tiff")],
  ["tiff", file("image/tiff", "tiff")],
  ["pdf", file("application/pdf", "pdf")],
  ["rtf", file("application/rtf", "rtf")],
  ["doc", file("application/msword", "doc")],
  ["xls", file("application/vnd.ms-excel", "xls")],
  ["ppt", file("application/vnd.ms-powerpoint", "ppt")],
  ["docx", file(`${OOXML}.wordprocessingml.document`, "docx", "encrypted-office")],
  ["xlsx", file(`${OOXML}.spreadsheetml.sheet`, "xlsx", "encrypted-office")],
  ["pptx", file(`${OOXML}.presentationml.presentation`, "pptx", "encrypted-office")],
  ["odt", file(`${ODF}.text`, "odt")],
  ["ods", file(`${ODF}.spreadsheet`, "ods")],
  ["odp", file(`${ODF}.presentation`, "odp")],
  ["txt", file("text/plain", ...ANY_TEXT)],
  ["log", file("text/plain", ...ANY_TEXT)],
  ["md", file("text/markdown", ...ANY_TEXT)],
  ["csv", file("text/csv", ...ANY_TEXT)],
  ["json", file("application/json", "text")],
  ["eml", file("message/rfc822", "text")],
  ["ics", file("text/calendar", "calendar")],
  ["vcf", file("text/vcard", "vcard")],
  ["zip", file("application/zip", ...ANY_ZIP)],
  ["7z", file("application/x-7z-compressed", "7z")],
  ["gz", file("application/gzip", "gzip")],
  ["tar", file("application/x-tar", "tar")],
  ["mp3", file("audio/mpeg", "mp3")],
  ["m4a", file("audio/mp4", "m4a", "mp4")],
  ["mp4", file("video/mp4", "mp4")],
  ["mov", file("video/quicktime", "mov")],
  ["wav", file("audio/wav", "wav")],
  ["ogg", file("audio/ogg", "ogg")],
  ["webm", file("video/webm", "webm")],
]);

/**
 * Active content and programs: what a browser runs as a page or a desktop runs on a double click. No option allows them.
 */
const FORBIDDEN_EXTENSIONS: ReadonlySet<string> = new Set(
  (
    "svg svgz html htm xhtml xht shtml mht mhtml xml xsl xslt xul swf wasm js mjs cjs jse ts vbs vbe vb wsf wsh wsc ws " +
    "exe dll com scr pif cpl sys drv ocx bat cmd msi msp mst msix appx appxbundle msixbundle application appref gadget " +
    "ps1 ps1xml ps2 psc1 psd1 psm1 reg inf ins isp lnk url website desktop scf sct hta htc chm hlp job library search " +
    "jar jnlp class war ear apk aab xapk ipa dmg pkg app command workflow terminal action scpt applescript " +
    "sh bash zsh csh ksh fish run bin elf so deb rpm snap flatpak appimage " +
    "php php3 php4 php5 php7 php8 phtml phar asp aspx ashx asmx cer jsp jspx cgi pl py pyc pyw pyz rb lua tcl " +
    "docm dotm xlsm xltm xlam xlsb xll pptm potm ppsm ppam sldm iso img vhd vhdx udf one rdp settingcontent ade adp mde " +
    "crx xpi vsix theme themepack diagcab msc"
  ).split(" "),
);

/** True where no option may allow this extension (lower case, no dot). */
export function isForbiddenExtension(extension: string): boolean {
  return FORBIDDEN_EXTENSIONS.has(extension);
}

/**
 * True where content of this extension (lower case, no dot) can be judged. Configuration refuses all others, since a type
 * that cannot be judged could only be trusted by its name.
 */
export function isKnownExtension(extension: string): boolean {
  return FILE_TYPES.has(extension);
}

/** The detections an extension accepts; none where the extension is unknown. */
export function acceptedDetections(extension: string): readonly DetectedType[] {
  return FILE_TYPES.get(extension)?.accepts ?? [];
}

/** Judges an extension (lower case, no dot) together with the detected content; only agreement gives a MIME type. */
export function acceptedDetection(extension: string, detected: DetectedType): TypeVerdict {
  if (isForbiddenExtension(extension)) return { ok: false, reason: "forbidden-extension" };
  const type = FILE_TYPES.get(extension);
  if (type === undefined) return { ok: false, reason: "unknown-extension" };
  if (!type.accepts.includes(detected)) return { ok: false, reason: "content-differs" };
  return { ok: true, mimeType: type.mimeType, inlineImage: type.inlineImage };
}

/** True for documents of Office that are ZIP archives; one with macros has another extension, which is forbidden. */
export function isOfficeOpen(extension: string): boolean {
  return extension === "docx" || extension === "xlsx" || extension === "pptx";
}

/** Other names under which browsers and programs send files of a type, beside the one it is served by. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  "image/jpeg": ["image/jpg", "image/pjpeg"],
  "image/png": ["image/x-png", "image/apng"],
  "image/bmp": ["image/x-ms-bmp", "image/x-bmp"],
  "image/heic": ["image/heif", "image/heic-sequence", "image/heif-sequence"],
  "application/pdf": ["application/x-pdf"],
  "application/rtf": ["text/rtf"],
  // Windows names a table after the program that opens it.
  "text/csv": ["text/plain", "application/csv", "application/vnd.ms-excel"],
  "text/markdown": ["text/plain", "text/x-markdown"],
  "text/calendar": ["text/plain"],
  "text/vcard": ["text/plain", "text/x-vcard"],
  "application/json": ["text/plain", "text/json"],
  "message/rfc822": ["text/plain"],
  "application/zip": ["application/x-zip-compressed", "application/x-zip"],
  "application/gzip": ["application/x-gzip"],
  "audio/wav": ["audio/x-wav", "audio/wave"],
  "audio/mp4": ["audio/x-m4a", "video/mp4"],
  "audio/ogg": ["application/ogg"],
  "audio/mpeg": ["audio/mp3"],
};

/** Types of what a browser runs: nothing that is taken may be declared to be one. */
const ACTIVE_TYPES = [
  "text/html",
  "application/xhtml+xml",
  "image/svg+xml",
  "text/xml",
  "application/xml",
  "text/javascript",
  "application/javascript",
];

function namesOf(mimeType: string): readonly string[] {
  return [mimeType, ...(OTHER_NAMES[mimeType] ?? [])];
}

const DECLARABLE: ReadonlySet<string> = new Set([
  ...ACTIVE_TYPES,
  ...[...FILE_TYPES.values()].flatMap(({ mimeType }) => namesOf(mimeType)),
]);

/**
 * Whether the type that a sender declares (a `Content-Type`, with or without parameters) can be one of this extension. An
 * absent type, and one that names no file type we know (`application/octet-stream`, say), claims nothing.
 */
export function mayDeclare(extension: string, declared: string | undefined): boolean {
  const name = (declared ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const type = FILE_TYPES.get(extension);
  return !DECLARABLE.has(name) || type === undefined || namesOf(type.mimeType).includes(name);
}

/** All extensions that can be judged, for messages to operators. */
export const KNOWN_EXTENSIONS: readonly string[] = [...FILE_TYPES.keys()];

const INLINE_IMAGES: ReadonlySet<string> = new Set(
  [...FILE_TYPES.values()].filter((type) => type.inlineImage).map((type) => type.mimeType),
);

/** True where a viewer may show bytes of this MIME type inside a page: raster images only, never what can carry script. */
export function isInlineImage(mimeType: string): boolean {
  return INLINE_IMAGES.has(mimeType);
}

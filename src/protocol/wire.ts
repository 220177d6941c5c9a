/** Numbers and names both sides of the wire share; free of zod, so that a page can import it without weight. */

/** WebSocket subprotocol of the native API; the server refuses a socket that does not offer it. */
export const SUBPROTOCOL = "satchel.v1";

/** Prefix of the second offered subprotocol value, which carries the bearer token: `satchel.token.<token>`. */
export const TOKEN_SUBPROTOCOL_PREFIX = "satchel.token.";

/** Text a client sends to keep its socket alive; the platform answers `PONG` without waking the session. */
export const PING = "ping";
export const PONG = "pong";

/** A client that pings at all should do so at least this often, in milliseconds. */
export const PING_INTERVAL_MS = 20_000;

/** Longest `wait` of a long poll, in seconds. */
export const MAX_WAIT_SECONDS = 25;

/** Most pixels of a picture where the option `picture-max-pixels` is silent: more than any camera in common use makes. */
export const PICTURE_MAX_PIXELS = 100_000_000;

/** Most events in one answer or one resumed batch; a client asks again from the position it got. */
export const MAX_EVENTS_PER_PAGE = 200;

/** Largest JSON request body, in bytes. */
export const MAX_JSON_BYTES = 64 * 1024;

/** Largest frame a client may send over a socket, in UTF-16 code units. */
export const MAX_FRAME_LENGTH = 64 * 1024;

/** Bounds of free text fields, in characters (UTF-16 code units). */
export const MAX_NICKNAME = 128;
export const MAX_SUBJECT = 256;
export const MAX_CLIENT_ID = 64;
export const MAX_PREVIEW = 1024;
export const MAX_AGENT_ID = 255;
export const MAX_URL = 2048;
/** Most that agents may grant a customer in one session: files, and bytes of all of them together. */
export const MAX_GRANTED_FILES = 100;
export const MAX_GRANTED_BYTES = 1024 * 1024 * 1024;

/** Most chats that an agent may want at once. */
export const MAX_CAPACITY = 100;
/** Most sessions of one kind in one answer about a queue. */
export const MAX_LISTED = 200;

/** Bounds of attached data. */
export const MAX_USER_DATA_KEYS = 64;
export const MAX_USER_DATA_KEY = 64;
export const MAX_USER_DATA_VALUE = 4096;

/** Bounds of a library of standard responses: of one text in characters, the others in number. */
export const MAX_RESPONSE_TEXT = 16_384;
export const MAX_TRANSLATIONS = 20;
export const MAX_RESPONSE_FILES = 10;
export const MAX_SERVICE_RESPONSES = 5000;
export const MAX_SERVICE_CATEGORIES = 500;
export const MAX_CATEGORY_DEPTH = 8;
export const MAX_FAVOURITES = 200;
/** Responses an agent sent last; older ones are forgotten. */
export const MAX_RECENT = 50;

/** Largest import, in bytes of JSON; a part of an export is smaller. */
export const MAX_IMPORT_BYTES = 4 * 1024 * 1024;

/** What texts of standard responses may hold, as `{{customer.nickname}}`; filled in when a response is sent. */
export const RESPONSE_VARIABLES = [
  "customer.nickname",
  "agent.nickname",
  "session.id",
  "session.subject",
  "service",
] as const;

/** A variable of a standard response. */
export type ResponseVariable = (typeof RESPONSE_VARIABLES)[number];

/** A download link made by `…/ticket` works for this long, in milliseconds. */
export const TICKET_LIFETIME_MS = 60_000;

/** WebSocket close codes (4000–4999 is the range for applications, RFC 6455 section 7.4.2). */
export const CLOSE = {
  /** The session ended and every event was sent. */
  ended: 4000,
  /** A frame was not JSON text, or came to a socket that only tells. One that is JSON but wrong is answered with `refused`, and the socket stays open. */
  badFrame: 4400,
  /** The token may not read the session any more: it was revoked, its time is over, or the agent has left. */
  unauthorized: 4401,
  /** The session is unknown or was erased. */
  unknownSession: 4404,
  /** No `hello` was sent before another frame. */
  helloExpected: 4409,
  /** The frame is too large. */
  tooLarge: 1009,
} as const;

/** Close code: too many frames within a minute. Apart from the others, which every page carries. */
export const CLOSE_TOO_FAST = 4429;

/** Privileges of agents, as they stand in agent tokens, per chat service. */
export const PRIVILEGES = [
  "chat:take",
  "chat:transfer-file-from-file-system",
  "chat:transfer-file-from-standard-response",
  "chat:save-files",
  "chat:push-url",
  "chat:supervise",
  "library:edit",
  "compliance:read",
  "compliance:erase",
] as const;

/** One privilege of an agent. */
export type Privilege = (typeof PRIVILEGES)[number];

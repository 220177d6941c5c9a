/** News of one session, whatever the network does: by socket, by long polls where sockets do not get through, and again. */
import type { WireEvent, WireEventPage } from "../../protocol/chat.ts";
import type { ClientFrame, ServerFrame } from "../../protocol/frames.ts";
import type { Problem } from "../../protocol/problem.ts";
import { CLOSE, MAX_WAIT_SECONDS } from "../../protocol/wire.ts";
import type { Api } from "./api.ts";
import type { Connection } from "./chat-state.ts";
import { type LiveSocket, openSocket } from "./live-socket.ts";

/** Who is told. Events come in order, none twice. */
export interface NewsListener {
  connection(connection: Connection): void;
  events(events: readonly WireEvent[], position: number): void;
  /** Every frame but those that carry events. */
  frame(frame: ServerFrame): void;
  /** The token is not taken any more, or the session is gone: nothing more will come. */
  lost(): void;
}

/** Longest pause between two tries, and the first, in milliseconds; each is a random part of a bound that doubles. */
const LONGEST_PAUSE_MS = 30_000;
const FIRST_PAUSE_MS = 500;
/** After so many sockets in a row that never got through, polls take over; after so many polls a socket is tried again. */
const SOCKETS_BEFORE_POLLS = 2;
const POLLS_BEFORE_SOCKET = 10;
/** A poll that takes longer is dead, in milliseconds. */
const LONGEST_POLL_MS = (MAX_WAIT_SECONDS + 10) * 1000;

/** One session's news. It comes back by itself until it has ended, is lost, or was stopped. */
export class News {
  readonly #api: Api;
  readonly #path: string;
  readonly #listener: NewsListener;
  #position = 0;
  #socket: LiveSocket | undefined;
  #polling: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #over = false;

  constructor(api: Api, sessionId: string, listener: NewsListener) {
    this.#api = api;
    this.#path = `/v1/sessions/${sessionId}`;
    this.#listener = listener;
  }

  /** Begins after a position, or again with another token. */
  start(position: number): void {
    this.#position = position;
    this.#over = false;
    this.#failures = 0;
    this.#connect();
  }

  /** Tries at once, because something says that the network is back or the page is looked at again. */
  wake(): void {
    if (this.#over || this.#isLive()) return;
    this.#failures = 0;
    this.#again(0);
  }

  /** Sends a frame; false where there is no live socket now. */
  send(frame: ClientFrame): boolean {
    if (!this.#isLive()) return false;
    this.#socket?.send(JSON.stringify(frame));
    return true;
  }

  /** Ends for good and tells nothing more. */
  stop(): void {
    this.#over = true;
    this.#release();
  }

  #isLive(): boolean {
    return this.#socket?.isOpen() === true && this.#failures === 0;
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#polling?.abort();
    this.#socket?.close();
  }

  #connect(): void {
    this.#release();
    if (this.#over) return;
    if (this.#failures >= SOCKETS_BEFORE_POLLS) return void this.#poll(POLLS_BEFORE_SOCKET);
    this.#listener.connection("connecting");
    this.#socket = openSocket(this.#api, `${this.#path}/socket`, {
      opened: () => this.#hello(),
      said: (text) => this.#read(JSON.parse(text)),
      closed: (code) => this.#closed(code),
    });
  }

  #hello(): void {
    this.#socket?.send(JSON.stringify({ type: "hello", position: this.#position } satisfies ClientFrame));
  }

  #read(frame: ServerFrame): void {
    if (frame.type === "events") {
      this.#tell(frame.events, frame.position);
      if (frame.more) this.#hello();
      return;
    }
    if (frame.type === "welcome") {
      this.#failures = 0;
      this.#listener.connection("live");
    }
    this.#listener.frame(frame);
    if (frame.type === "ended") this.stop();
  }

  #tell(events: readonly WireEvent[], position: number): void {
    const fresh = events.filter((event) => event.position > this.#position);
    this.#position = Math.max(this.#position, position);
    if (fresh.length > 0) this.#listener.events(fresh, this.#position);
  }

  #closed(code: number): void {
    if (code === CLOSE.ended) return this.stop();
    if (code === CLOSE.unauthorized || code === CLOSE.unknownSession) return this.#lose();
    this.#failures += 1;
    // A handshake that is refused tells a page nothing: the polls find out why.
    if (this.#failures < SOCKETS_BEFORE_POLLS) this.#listener.connection("connecting");
    this.#again(this.#failures);
  }

  #lose(): void {
    this.stop();
    this.#listener.lost();
  }

  #again(failures: number): void {
    this.#release();
    const bound = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    this.#timer = setTimeout(() => this.#connect(), failures === 0 ? 0 : Math.random() * bound);
  }

  async #poll(times: number): Promise<void> {
    const polling = new AbortController();
    this.#polling = polling;
    for (let polled = 0; polled < times; polled += 1) {
      // The first comes back at once: it tells whether anything can be reached.
      const wait = polled === 0 ? "" : `&wait=${MAX_WAIT_SECONDS}`;
      const path = `${this.#path}/events?after=${this.#position}${wait}`;
      const signal = AbortSignal.any([polling.signal, AbortSignal.timeout(LONGEST_POLL_MS)]);
      const page = await this.#api.ask<WireEventPage>({ method: "GET", path, signal });
      if (polling.signal.aborted) return;
      if (!page.ok) return this.#pollFailed(page.problem);
      this.#listener.connection("polling");
      this.#tell(page.value.events, page.value.position);
      if (page.value.ended) {
        this.#listener.frame({ type: "ended" });
        return this.stop();
      }
    }
    this.#failures = SOCKETS_BEFORE_POLLS - 1;
    this.#connect();
  }

  /** What stands between may refuse as well: only the server's own word ends it. */
  #pollFailed({ code, status }: Problem): void {
    if (code !== "fault" && (status === 401 || status === 403 || status === 404)) return this.#lose();
    this.#listener.connection("offline");
    this.#failures += 1;
    this.#again(this.#failures);
  }
}

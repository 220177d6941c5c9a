/** News of one service's queue: by socket, by asking where sockets do not get through, and again after every interruption. */
import type { LobbyFrame, WireQueue } from "../../protocol/lobby.ts";
import { CLOSE } from "../../protocol/wire.ts";
import type { Api } from "./api.ts";
import type { Connection } from "./chat-state.ts";
import { type LiveSocket, openSocket } from "./live-socket.ts";

/** Who is told. */
export interface LobbyListener {
  connection(connection: Connection): void;
  frame(frame: LobbyFrame): void;
  /** The token is not taken any more. */
  lost(): void;
}

/** Longest pause between two tries, and the first, in milliseconds. */
const LONGEST_PAUSE_MS = 15_000;
const FIRST_PAUSE_MS = 500;
/** Without a socket the queue is asked for so often, in milliseconds: offers stand for a few seconds only. */
const ASK_MS = 4000;
/** After so many sockets that never got through the queue is asked for; after so many times a socket is tried again. */
const SOCKETS_BEFORE_ASKING = 2;
const ASKED_BEFORE_SOCKET = 10;

/** The news of one service. */
export class LobbyNews {
  readonly #api: Api;
  readonly #path: string;
  readonly #listener: LobbyListener;
  #socket: LiveSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #asked = 0;
  #over = false;
  /** The token that was shown last. */
  #token: string | undefined;

  constructor(api: Api, service: string, listener: LobbyListener) {
    this.#api = api;
    this.#path = `/v1/agent/services/${encodeURIComponent(service)}`;
    this.#listener = listener;
  }

  /** Begins, or tries at once where it is between two tries. */
  wake(): void {
    if (this.#over || this.#socket?.isOpen() === true) return;
    this.#failures = 0;
    this.#connect();
  }

  /** Ends for good. */
  stop(): void {
    this.#over = true;
    this.#release();
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = undefined;
  }

  #connect(): void {
    this.#release();
    if (this.#over) return;
    this.#listener.connection("connecting");
    this.#token = this.#api.token;
    this.#socket = openSocket(this.#api, `${this.#path}/socket`, {
      said: (text) => {
        this.#failures = 0;
        const frame = JSON.parse(text) as LobbyFrame;
        if (frame.type === "queue") this.#listener.connection("live");
        this.#listener.frame(frame);
      },
      closed: (code) => this.#closed(code),
    });
  }

  #closed(code: number): void {
    if (code === CLOSE.unauthorized) return this.#lose();
    this.#failures += 1;
    if (this.#failures >= SOCKETS_BEFORE_ASKING) {
      this.#asked = 0;
      return void this.#ask();
    }
    this.#listener.connection("connecting");
    this.#later(() => this.#connect(), this.#pause());
  }

  async #ask(): Promise<void> {
    this.#release();
    const queue = await this.#api.ask<WireQueue>({ method: "GET", path: `${this.#path}/queue` });
    if (this.#over || this.#socket !== undefined) return;
    if (!queue.ok && (queue.problem.status === 401 || queue.problem.status === 403)) return this.#lose();
    this.#listener.connection(queue.ok ? "polling" : "offline");
    if (!queue.ok) {
      this.#failures += 1;
      return this.#later(() => this.#connect(), this.#pause());
    }
    this.#listener.frame({ type: "queue", ...queue.value });
    this.#asked += 1;
    this.#later(() => (this.#asked < ASKED_BEFORE_SOCKET ? void this.#ask() : this.#connect()), ASK_MS);
  }

  #pause(): number {
    return Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
  }

  #later(act: () => void, pauseMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, pauseMs);
  }

  /** The token may have been renewed meanwhile: then it goes on with that one. */
  #lose(): void {
    if (this.#api.token !== this.#token) return this.#connect();
    this.stop();
    this.#listener.lost();
  }
}

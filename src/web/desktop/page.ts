/** The page as a whole: who is signed in, what is looked at, and what was chosen for this browser. */
import type { WireAgentSelf } from "../../protocol/agent.ts";
import { Api } from "../client/api.ts";
import { Desk } from "./desk.ts";
import { SignIn } from "./sign-in.ts";
import { ring } from "./sound.ts";
import { claimTab, forgetTab } from "./tab-storage.ts";

/** What fills the page. */
export type Place = "chats" | "library" | "supervise";

/** What is asked before anything else goes on. */
export type Dialog =
  | { readonly name: "shortcuts" }
  | { readonly name: "transfer" | "end" | "leave" | "grant" | "push-url"; readonly sessionId: string };

/** On a small screen one of these is seen at a time. */
export type Pane = "list" | "chat" | "side";

/** What stands beside a chat. */
export type Side = "customer" | "responses";

const SOUND = "satchel:sound";

/** The page. */
export class Page {
  readonly api = new Api(location.origin);
  readonly signIn: SignIn;
  readonly #drawn: () => void;
  desk: Desk | undefined;
  place: Place = "chats";
  pane: Pane = "list";
  side: Side = "customer";
  dialog: Dialog | undefined;
  sound = readSound();

  /** `drawn` is called after each change. */
  constructor(drawn: () => void) {
    this.#drawn = drawn;
    this.signIn = new SignIn(this.api, () => this.#signedIn());
    const look = () => {
      if (this.desk === undefined) return;
      this.desk.looking = document.visibilityState === "visible" && document.hasFocus();
      if (this.desk.looking) this.desk.wake();
      this.desk.active?.read();
      this.#drawn();
    };
    for (const name of ["focus", "blur", "online"]) addEventListener(name, look);
    document.addEventListener("visibilitychange", look);
  }

  /** Shows something else. */
  go(place: Place, pane: Pane = "chat"): void {
    this.place = place;
    this.pane = pane;
    this.#drawn();
  }

  /** Shows a chat. */
  goToChat(sessionId: string): void {
    this.desk?.activate(sessionId);
    this.go("chats");
  }

  /** Shows something beside the chat. */
  goToSide(side: Side): void {
    this.side = side;
    this.pane = "side";
    this.#drawn();
  }

  /** Asks something, or no more. */
  ask(dialog: Dialog | undefined): void {
    this.dialog = dialog;
    this.#drawn();
  }

  /** Whether something is heard when an agent is wanted. */
  setSound(sound: boolean): void {
    this.sound = sound;
    localStorage.setItem(SOUND, sound ? "on" : "off");
    if (sound) ring();
    this.#drawn();
  }

  /** Leaves the desk; chats go on, and offers end. */
  async signOut(): Promise<void> {
    if (this.desk?.ready === true) await this.desk.setReady(false);
    this.desk?.close();
    this.desk = undefined;
    forgetTab();
    this.signIn.signOut();
  }

  #signedIn(): void {
    const { self } = this.signIn;
    if (self !== undefined) claimTab(self.agentId);
    if (self !== undefined && this.desk !== undefined && mayTheSame(this.desk.self, self)) this.desk.update(self);
    else {
      this.desk?.close();
      this.desk =
        self === undefined
          ? undefined
          : new Desk(this.api, self, {
              changed: () => this.#drawn(),
              called: () => this.#called(),
              lost: () => void this.#lost(),
            });
    }
    this.#drawn();
  }

  #called(): void {
    if (this.sound) ring();
  }

  async #lost(): Promise<void> {
    if (await this.signIn.renew()) return;
    // Access asks who it is when the page is asked for again.
    if (this.api.token === undefined) return location.reload();
    this.desk?.close();
    this.desk = undefined;
    this.signIn.signOut();
  }
}

/** The same agent with the same privileges: anything else is another desk, with other controls and other queues. */
function mayTheSame(before: WireAgentSelf, now: WireAgentSelf): boolean {
  return before.agentId === now.agentId && JSON.stringify(before.services) === JSON.stringify(now.services);
}

function readSound(): boolean {
  return localStorage.getItem(SOUND) !== "off";
}

/** The element `<satchel-chat>`: a button and, once it is opened, the chat, which is loaded only then. */
import type { WireOpening } from "../../protocol/chat.ts";
import type { Chat } from "../client/chat.ts";
import styles from "./launcher.css";
import { hasSavedChat, SETTINGS, SMALL_SCREEN, wasOpen } from "./settings.ts";

/** What `widget/chat.js` makes of an element: the chat itself. */
export interface Panel {
  readonly chat: Chat | undefined;
  /** Reads the element's settings again, and shows or hides the window. `quietly`: what is focused stays so. */
  update(quietly?: boolean): void;
  unmount(): void;
}

/** What `widget/chat.js` exports. */
export interface PanelModule {
  /** `told` gets the number of unread events whenever it changes. */
  mount(element: SatchelChat, root: ShadowRoot, told: (unread: number) => void): Promise<Panel>;
}

/** The word on the button, before any other word is loaded. */
const LABELS: Readonly<Record<string, string>> = { pl: "Czat", ja: "チャット", zh: "聊天", ar: "محادثة" };
const BUBBLE = "M4 5h16v11H9l-5 4z";

/** See `README.md`, "Embed the widget", for attributes, properties, events, parts and custom properties. */
export class SatchelChat extends HTMLElement {
  static readonly observedAttributes = SETTINGS;
  /** Where the script came from, and all code does; the default of the attribute `server`. */
  static origin = "";
  readonly #root = this.attachShadow({ mode: "open" });
  readonly #launcher = document.createElement("button");
  readonly #badge = document.createElement("span");
  #loading: Promise<void> | undefined;
  #tries = 0;
  /** It opened by itself, after a reload: nobody asked for the focus to go there. */
  #quiet = false;
  #panel: Panel | undefined;
  #customer: Partial<WireOpening> = {};

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    this.#root.adoptedStyleSheets = [sheet];
    const launcher = this.#launcher;
    launcher.className = "launcher";
    launcher.part.add("launcher");
    this.#badge.className = "badge";
    launcher.append(icon(), this.#badge);
    launcher.addEventListener("click", () => (this.open = true));
    this.#root.append(launcher);
  }

  /** What is known of the customer: fills the form in; what the form does not ask is sent as it is. */
  get customer(): Partial<WireOpening> {
    return this.#customer;
  }

  set customer(customer: Partial<WireOpening>) {
    this.#customer = { ...customer };
    this.#panel?.update();
  }

  /** Whether the chat's window is shown. */
  get open(): boolean {
    return this.hasAttribute("open");
  }

  set open(open: boolean) {
    this.toggleAttribute("open", open);
  }

  /** Origin of the server, without a slash at its end. */
  get server(): string {
    return this.getAttribute("server")?.replace(/\/+$/, "") ?? SatchelChat.origin;
  }

  set server(server: string) {
    this.setAttribute("server", server);
  }

  /** The chat, as `client.js` has it: its session's id, state and everything that can be done; undefined before there is one. */
  get chat(): Chat | undefined {
    return this.#panel?.chat;
  }

  connectedCallback(): void {
    // What a page set before this element was one of ours hides the accessors.
    for (const name of ["customer", "open", "server"] as const) {
      if (!Object.hasOwn(this, name)) continue;
      const value: unknown = this[name];
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
    // It may only have been moved.
    this.#label(Number(this.#badge.textContent) || 0);
    const saved = hasSavedChat(this);
    if (saved && !this.open && !matchMedia(SMALL_SCREEN).matches && wasOpen(this)) this.#quiet = this.open = true;
    if (saved || this.open) this.#load();
  }

  /** Moved within the page it goes on; the chat itself always does, and is there again when the element is. */
  disconnectedCallback(): void {
    setTimeout(() => {
      if (!this.isConnected) this.#unload();
    });
  }

  /** Called instead of the two above by `moveBefore`. */
  connectedMoveCallback(): void {}

  attributeChangedCallback(name: string): void {
    if (!this.isConnected) return;
    if (/^s[et]/.test(name)) {
      // Another service, server or storage: another chat.
      this.#unload();
      this.#label(0);
      this.connectedCallback();
    } else if (this.#panel) this.#panel.update();
    else if (this.open) this.#load();
  }

  /** Once; again only after it failed, with another address, since browsers remember that a module failed. */
  #load(): void {
    if (this.#loading !== undefined) return;
    this.#launcher.ariaBusy = "true";
    const loading = this.#mount().then(
      (panel) => {
        // Another service was named meanwhile, or the element was taken away.
        if (this.#loading !== loading) return panel.unmount();
        this.#panel = panel;
        this.#launcher.ariaBusy = null;
        panel.update(this.#quiet);
        this.#quiet = false;
      },
      () => {
        this.#unload();
        this.open = false;
        this.#badge.textContent = "!";
      },
    );
    this.#loading = loading;
  }

  async #mount(): Promise<Panel> {
    const again = this.#tries++ ? `?${this.#tries}` : "";
    const module: PanelModule = await import(`${SatchelChat.origin}/widget/chat.js${again}`);
    return module.mount(this, this.#root, (unread) => this.#label(unread));
  }

  #unload(): void {
    this.#panel?.unmount();
    this.#panel = this.#loading = undefined;
    this.#launcher.ariaBusy = null;
  }

  #label(unread: number): void {
    const language = (this.lang || document.documentElement.lang || navigator.language).slice(0, 2);
    const label = LABELS[language] ?? "Chat";
    this.#badge.textContent = unread ? String(unread) : "";
    this.#launcher.ariaLabel = unread ? `${label} (${unread})` : label;
  }
}

/** Made node by node: a page with Trusted Types takes no HTML. */
function icon(): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", BUBBLE);
  svg.append(path);
  return svg;
}

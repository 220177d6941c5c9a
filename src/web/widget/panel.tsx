/** `/widget/chat.js`: the chat's window inside a `<satchel-chat>`, loaded when it is first opened. */
import { render } from "preact";
import { withoutLocation } from "../view/picture-metadata.ts";
import { isPicture, Pictures } from "../view/pictures.ts";
import { loadWords, speechIn } from "../view/words.ts";
import conversationStyles from "./conversation.css";
import type { Panel, SatchelChat } from "./element.ts";
import fileStyles from "./files.css";
import { fieldsOf } from "./form-fields.ts";
import { WidgetModel } from "./model.ts";
import panelStyles from "./panel.css";
import type { Spoken } from "./scene.ts";
import { SMALL_SCREEN, serviceOf, storageOf } from "./settings.ts";
import { ChatTeller } from "./telling.ts";
import { WidgetView } from "./widget-view.tsx";

/** Puts the chat's window into an element; `told` gets the number of unread events whenever it changes. */
export async function mount(element: SatchelChat, root: ShadowRoot, told: (unread: number) => void): Promise<Panel> {
  const spoken = await loadWords(wishesOf(element));
  return new MountedPanel(element, root, spoken, told);
}

/** One window. */
class MountedPanel implements Panel {
  readonly #element: SatchelChat;
  readonly #root: ShadowRoot;
  readonly #dialog = document.createElement("dialog");
  readonly #sheet = new CSSStyleSheet();
  readonly #small = matchMedia(SMALL_SCREEN);
  readonly #leaving = new AbortController();
  readonly #model: WidgetModel;
  readonly #teller: ChatTeller;
  #pictures = new Pictures();
  #spoken: Spoken;
  #wishes: string;
  #drawing = false;

  constructor(element: SatchelChat, root: ShadowRoot, spoken: Spoken, told: (unread: number) => void) {
    this.#element = element;
    this.#root = root;
    this.#spoken = spoken;
    this.#wishes = wishesOf(element).join();
    this.#teller = new ChatTeller(element, told);
    this.#sheet.replaceSync(panelStyles + conversationStyles + fileStyles);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, this.#sheet];
    this.#dialog.className = "panel";
    this.#dialog.part.add("panel");
    root.append(this.#dialog);
    const storage = storageOf(element);
    const place = {
      baseUrl: element.server,
      service: serviceOf(element),
      ...(storage === undefined ? {} : { storage }),
    };
    this.#model = new WidgetModel(place, {
      changed: () => this.#changed(),
      began: (sessionId, resumed) => {
        this.#pictures = new Pictures();
        this.#teller.began(sessionId, resumed);
      },
      prepare: async (file) => (element.hasAttribute("keep-location") ? file : withoutLocation(file)),
      sent: (fileId, file) => {
        if (isPicture(file.type)) void this.#pictures.keep(fileId, file).then(() => this.#changed());
      },
    });
    this.#listen();
    this.#draw();
  }

  get chat() {
    return this.#model.chat;
  }

  update(quietly = false): void {
    void this.#speak();
    this.#show(quietly);
    this.#changed();
  }

  unmount(): void {
    this.#leaving.abort();
    this.#model.close();
    render(null, this.#dialog);
    this.#dialog.remove();
    const launcher = this.#launcher();
    if (launcher !== null) launcher.hidden = false;
    this.#root.adoptedStyleSheets = this.#root.adoptedStyleSheets.filter((sheet) => sheet !== this.#sheet);
  }

  #listen(): void {
    const { signal } = this.#leaving;
    addEventListener("online", () => this.#model.wake(), { signal });
    addEventListener("storage", () => this.#model.storageChanged(), { signal });
    const looked = () => {
      if (document.visibilityState === "visible") this.#model.wake();
      this.#changed();
    };
    document.addEventListener("visibilitychange", looked, { signal });
    this.#small.addEventListener("change", () => this.#reopen(), { signal });
    this.#dialog.addEventListener("close", () => this.#closed(), { signal });
    this.#dialog.addEventListener("keydown", (event) => this.#pressed(event), { signal });
  }

  /** Shown as the element says. It fills a small screen, and then nothing behind it can be reached. */
  #show(quietly: boolean): void {
    const dialog = this.#dialog;
    const { open } = this.#element;
    if (open === dialog.open) return;
    const focused = this.#root.activeElement !== null;
    const launcher = this.#launcher();
    if (launcher !== null) launcher.hidden = open;
    this.#teller.shown(open);
    if (!open) {
      dialog.close();
      return focused ? launcher?.focus() : undefined;
    }
    if (quietly && !this.#small.matches) return dialog.setAttribute("open", "");
    if (this.#small.matches) dialog.showModal();
    else dialog.show();
    this.#draw();
    // To where people write first.
    dialog.querySelector<HTMLElement>("[data-first=true]")?.focus();
  }

  #launcher(): HTMLElement | null {
    return this.#root.querySelector(".launcher");
  }

  #reopen(): void {
    if (!this.#dialog.open) return;
    this.#dialog.close();
    this.#show(false);
  }

  /** The browser may close a modal dialog by itself (Escape, the back gesture). */
  #closed(): void {
    if (!this.#dialog.open) this.#element.open = false;
  }

  #pressed(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    // A picture that is shown over it closes by itself.
    if (event.target instanceof Element && event.target.closest("dialog") !== this.#dialog) return;
    event.preventDefault();
    this.#element.open = false;
  }

  async #speak(): Promise<void> {
    const wishes = wishesOf(this.#element);
    if (wishes.join() === this.#wishes) return;
    this.#wishes = wishes.join();
    this.#spoken = await loadWords(wishes).catch(() => this.#spoken);
    this.#changed();
  }

  /** Many things happen at once; they are drawn once. */
  #changed(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      if (!this.#leaving.signal.aborted) this.#draw();
    });
  }

  #draw(): void {
    const { words, language, direction } = this.#spoken;
    const element = this.#element;
    const heading = element.getAttribute("heading");
    const looking = element.open && document.visibilityState === "visible";
    this.#dialog.lang = language;
    this.#dialog.dir = direction;
    this.#dialog.ariaLabel = heading ?? words.title;
    this.#teller.tell(this.#model.state, looking);
    const view = (
      <WidgetView
        {...speechIn(this.#spoken)}
        model={this.#model}
        pictures={this.#pictures}
        heading={heading}
        fields={fieldsOf(element.getAttribute("fields"))}
        customer={element.customer}
        uploadsEnabled={element.hasAttribute("uploads-enabled")}
        looking={looking}
        onRead={(position) => this.#teller.read(position, this.#model.chat)}
        onHide={() => {
          element.open = false;
        }}
      />
    );
    render(view, this.#dialog);
  }
}

/** Languages in the order in which they are wished: the element's, the page's, the browser's. */
function wishesOf(element: Element): string[] {
  const near = element.closest("[lang]")?.getAttribute("lang") ?? "";
  return [near, ...navigator.languages].filter((tag) => tag !== "");
}

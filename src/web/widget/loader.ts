/** `/widget.js`: defines `<satchel-chat>` and, where its script tag names a service, puts one at the end of the page. */
import { SatchelChat } from "./element.ts";

const NAME = "satchel-chat";
const current = document.currentScript;
/** Undefined where the script was not loaded by a tag of its own; a picture in the page may bear the name of what is asked. */
const script = current instanceof HTMLScriptElement ? current : undefined;
const service = script?.dataset.service;

// The first script wins: a name cannot be defined twice, and a page needs one chat of a service.
if (!customElements.get(NAME)) {
  SatchelChat.origin = new URL(script?.src ?? location.href).origin;
  customElements.define(NAME, SatchelChat);
}

if (service) {
  if (document.body) embed();
  else addEventListener("DOMContentLoaded", embed);
}

function embed(): void {
  if (document.querySelector(`${NAME}[service="${service}"]`)) return;
  const element = document.createElement(NAME);
  for (const { name, value } of script?.attributes ?? []) {
    if (name.startsWith("data-")) element.setAttribute(name.slice(5), value);
  }
  document.body.append(element);
}

// One short word about what could not be done, for a few seconds, wherever one is on the page.

import { el } from "./dom.js";

const SHOWN_FOR = 6000;

const box = el("p", { class: "toast", role: "alert", popover: "manual" });
let timer = null;

export function notify(text) {
  clearTimeout(timer);
  box.remove();
  box.textContent = text;
  // The topmost dialog makes everything outside of it inert.
  ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(box);
  box.showPopover();
  timer = setTimeout(() => box.remove(), SHOWN_FOR);
}

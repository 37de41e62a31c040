// A menu that a button opens, for the mouse or the arrow keys.

import { el, name } from "./dom.js";

const GAP = 4;
const EDGE = 8;
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

// `items` are {label, note?, title?, isDanger?, testId?, run}. When it closes, the focus returns to the button.
export function openMenu(button, items, { label, className = "" }) {
  const menu = el("div", { class: `menu ${className}`, role: "menu", "aria-label": label, popover: "auto" });
  const choose = (run) => {
    menu.hidePopover();
    run();
  };
  menu.append(
    ...items.map((item) =>
      el(
        "button",
        {
          type: "button",
          role: "menuitem",
          tabindex: "-1",
          class: `menu-item${item.isDanger ? " menu-danger" : ""}`,
          title: item.title,
          "aria-label": item.title,
          "data-testid": item.testId,
          click: () => choose(item.run),
        },
        name(item.label),
        item.note && el("span", { class: "menu-note" }, item.note),
      ),
    ),
  );
  const rows = [...menu.children];
  const focusOn = (index) => rows[(index + rows.length) % rows.length].focus();

  menu.addEventListener("keydown", (event) => {
    const index = rows.indexOf(document.activeElement);
    if (event.key in STEPS) focusOn(index + STEPS[event.key]);
    else if (event.key === "Home") focusOn(0);
    else if (event.key === "End") focusOn(rows.length - 1);
    else if (event.key === "Tab") menu.hidePopover();
    else return;
    event.preventDefault();
  });
  menu.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation());
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    const hadFocus = menu.contains(document.activeElement) || document.activeElement === document.body;
    button.setAttribute("aria-expanded", "false");
    menu.remove();
    if (hadFocus) button.focus();
  });

  popupHost(button).append(menu);
  button.setAttribute("aria-expanded", "true");
  showBeside(menu, button);
  focusOn(0);
}

// Shows `popup` below `anchor`, or above if there is more room. Returns a function that updates the position.
export function showBeside(popup, anchor, { isAsWide = false } = {}) {
  function position() {
    const at = anchor.getBoundingClientRect();
    if (isAsWide) popup.style.width = `${at.width}px`;
    const below = innerHeight - at.bottom - GAP - EDGE;
    const above = at.top - GAP - EDGE;
    const isBelow = below >= Math.min(popup.scrollHeight, 320) || below >= above;
    popup.style.maxHeight = `${Math.max(96, Math.min(320, isBelow ? below : above))}px`;
    const { width, height } = popup.getBoundingClientRect();
    popup.style.left = `${Math.max(EDGE, Math.min(at.left, innerWidth - width - EDGE))}px`;
    popup.style.top = `${isBelow ? at.bottom + GAP : at.top - GAP - height}px`;
  }
  if (!popup.matches(":popover-open")) popup.showPopover();
  position();
  return position;
}

// A modal dialog makes everything outside of it inert.
const popupHost = (anchor) => anchor.closest("dialog") ?? document.body;

// A menu whose choices an app looks up while one types. The focus stays in the box, which points at the chosen row.

import { el } from "./dom.js";
import { showBeside } from "./menu.js";
import { say, sayCount } from "./strings.js";
import { objects, wordsOf } from "./values.js";

const WAIT = 200;
let serial = 0;

// `find(query, value)` answers options or groups of options; `chosen` is {value, label} or null.
export function createCombobox({ id, placeholder, leastQuery, chosen, find }) {
  const listId = `choices-${++serial}`;
  const box = el("input", {
    type: "text",
    id,
    class: "control",
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    dir: "auto",
    placeholder,
  });
  const list = el("div", {
    id: listId,
    class: "menu",
    role: "listbox",
    "aria-label": say("choose"),
    popover: "manual",
  });
  const note = el("p", { class: "lookup-note muted", role: "status" });
  const node = el("div", { class: "lookup" }, box, list, note);
  let current = chosen;
  let rows = [];
  let active = -1;
  let asked = 0;
  let timer = null;
  let follow = null;
  box.value = chosen?.label ?? "";

  const isOpen = () => list.matches(":popover-open");
  const keepInPlace = () => follow?.();

  function close() {
    clearTimeout(timer);
    asked += 1;
    if (isOpen()) list.hidePopover();
    removeEventListener("scroll", keepInPlace, true);
    removeEventListener("resize", keepInPlace);
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
    box.removeAttribute("aria-busy");
    note.textContent = "";
  }

  function mark(index) {
    active = (index + rows.length) % rows.length;
    rows.forEach(({ row }, position) => row.setAttribute("aria-selected", String(position === active)));
    box.setAttribute("aria-activedescendant", rows[active].row.id);
    rows[active].row.scrollIntoView({ block: "nearest" });
  }

  function choose(option) {
    current = option;
    box.value = option?.label ?? "";
    close();
    node.dispatchEvent(new Event("choose"));
  }

  function rowOf(item) {
    const option = { value: item.value, label: wordsOf(item.text) };
    const row = el(
      "div",
      {
        id: `${listId}-${rows.length}`,
        role: "option",
        class: "menu-item",
        "aria-selected": "false",
        dir: "auto",
        // A press would take the focus out of the box before the click arrives.
        pointerdown: (event) => event.preventDefault(),
        click: () => choose(option),
      },
      option.label,
      wordsOf(item.description) && el("span", { class: "menu-note" }, wordsOf(item.description)),
    );
    rows.push({ row, option });
    return row;
  }

  function draw(found) {
    rows = [];
    list.replaceChildren(
      ...objects(found).map((item) =>
        Array.isArray(item.options)
          ? el(
              "div",
              { role: "group", "aria-label": wordsOf(item.label) },
              el("p", { class: "menu-group", "aria-hidden": "true" }, wordsOf(item.label)),
              objects(item.options).map(rowOf),
            )
          : rowOf(item),
      ),
    );
    note.textContent = rows.length ? sayCount("options_found", rows.length) : say("no_options");
    if (rows.length === 0) {
      if (isOpen()) list.hidePopover();
      return;
    }
    if (!isOpen()) {
      addEventListener("scroll", keepInPlace, true);
      addEventListener("resize", keepInPlace);
    }
    follow = showBeside(list, box, { isAsWide: true });
    box.setAttribute("aria-expanded", "true");
    mark(
      Math.max(
        0,
        rows.findIndex(({ option }) => option.value === current?.value),
      ),
    );
  }

  async function look(query) {
    if (query.length < leastQuery) {
      close();
      note.textContent = sayCount("min_query", leastQuery);
      return;
    }
    const mine = ++asked;
    box.setAttribute("aria-busy", "true");
    try {
      const found = await find(query, current?.value);
      if (mine === asked && document.activeElement === box) draw(found);
    } catch (error) {
      if (mine === asked) note.textContent = error.message;
    } finally {
      if (mine === asked) box.removeAttribute("aria-busy");
    }
  }

  // What is already chosen is no search: the whole list is shown around it.
  const lookAround = () => look(box.value === current?.label ? "" : box.value.trim());

  box.addEventListener("click", () => !isOpen() && lookAround());
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => look(box.value.trim()), WAIT);
  });
  box.addEventListener("blur", () => {
    close();
    if (box.value.trim() === "" && current) choose(null);
    else box.value = current?.label ?? "";
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (isOpen()) mark(active + (event.key === "ArrowDown" ? 1 : -1));
      else lookAround();
    } else if (event.key === "Enter") {
      // Enter chooses here; it never sends the form around.
      event.preventDefault();
      if (isOpen()) choose(rows[active].option);
    } else if (event.key === "Escape" && isOpen()) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  // The list leaves the page with its message or view.
  list.addEventListener("toggle", () => !box.isConnected && close());

  return { node, box, read: () => current?.value, chosen: () => current };
}

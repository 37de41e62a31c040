// A menu whose options an app searches. The focus stays in the input, which points to the active option.

import { el } from "./dom.js";
import { t, tCount } from "./i18n.js";
import { showBeside } from "./menu.js";
import { objects, textOf } from "./values.js";

const SEARCH_DELAY = 200;
let serial = 0;

// `find(query, value)` returns options or groups of options; `chosen` is {value, label} or null.
export function createCombobox({ id, placeholder, minQueryLength, chosen, find }) {
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
    "aria-label": t("choose"),
    popover: "manual",
  });
  const note = el("p", { class: "lookup-note muted", role: "status" });
  const node = el("div", { class: "lookup" }, box, list, note);
  let current = chosen;
  let rows = [];
  let active = -1;
  let requestNumber = 0;
  let timer = null;
  let position = null;
  box.value = chosen?.label ?? "";

  const isOpen = () => list.matches(":popover-open");
  const reposition = () => position?.();

  function close() {
    clearTimeout(timer);
    requestNumber += 1;
    if (isOpen()) list.hidePopover();
    removeEventListener("scroll", reposition, true);
    removeEventListener("resize", reposition);
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
    box.removeAttribute("aria-busy");
    note.textContent = "";
  }

  function activate(index) {
    active = (index + rows.length) % rows.length;
    rows.forEach(({ row }, rowIndex) => row.setAttribute("aria-selected", String(rowIndex === active)));
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
    const option = { value: item.value, label: textOf(item.text) };
    const row = el(
      "div",
      {
        id: `${listId}-${rows.length}`,
        role: "option",
        class: "menu-item",
        "aria-selected": "false",
        dir: "auto",
        // Pressing must not move the focus out of the input before the click.
        pointerdown: (event) => event.preventDefault(),
        click: () => choose(option),
      },
      option.label,
      textOf(item.description) && el("span", { class: "menu-note" }, textOf(item.description)),
    );
    rows.push({ row, option });
    return row;
  }

  function showOptions(options) {
    rows = [];
    list.replaceChildren(
      ...objects(options).map((item) =>
        Array.isArray(item.options)
          ? el(
              "div",
              { role: "group", "aria-label": textOf(item.label) },
              el("p", { class: "menu-group", "aria-hidden": "true" }, textOf(item.label)),
              objects(item.options).map(rowOf),
            )
          : rowOf(item),
      ),
    );
    note.textContent = rows.length ? tCount("options_found", rows.length) : t("no_options");
    if (rows.length === 0) {
      if (isOpen()) list.hidePopover();
      return;
    }
    if (!isOpen()) {
      addEventListener("scroll", reposition, true);
      addEventListener("resize", reposition);
    }
    position = showBeside(list, box, { isAsWide: true });
    box.setAttribute("aria-expanded", "true");
    activate(
      Math.max(
        0,
        rows.findIndex(({ option }) => option.value === current?.value),
      ),
    );
  }

  async function search(query) {
    if (query.length < minQueryLength) {
      close();
      note.textContent = tCount("min_query", minQueryLength);
      return;
    }
    const ownNumber = ++requestNumber;
    box.setAttribute("aria-busy", "true");
    try {
      const options = await find(query, current?.value);
      if (ownNumber === requestNumber && document.activeElement === box) showOptions(options);
    } catch (error) {
      if (ownNumber === requestNumber) note.textContent = error.message;
    } finally {
      if (ownNumber === requestNumber) box.removeAttribute("aria-busy");
    }
  }

  // The text of the current choice is not a query, so show all options.
  const openList = () => search(box.value === current?.label ? "" : box.value.trim());

  box.addEventListener("click", () => !isOpen() && openList());
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => search(box.value.trim()), SEARCH_DELAY);
  });
  box.addEventListener("blur", () => {
    close();
    if (box.value.trim() === "" && current) choose(null);
    else box.value = current?.label ?? "";
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (isOpen()) activate(active + (event.key === "ArrowDown" ? 1 : -1));
      else openList();
    } else if (event.key === "Enter") {
      // Enter chooses an option and never submits the form.
      event.preventDefault();
      if (isOpen()) choose(rows[active].option);
    } else if (event.key === "Escape" && isOpen()) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  // The list is removed with its message or view.
  list.addEventListener("toggle", () => !box.isConnected && close());

  return { node, box, read: () => current?.value, chosen: () => current };
}

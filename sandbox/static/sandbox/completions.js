import { el } from "./dom.js";
import { say, sayCount } from "./strings.js";

// The list of commands over a text box. Focus stays in the box; the box points at the chosen option.
export function createCompletions(box, list, status, { commands, complete }) {
  let found = [];
  let chosen = 0;
  let dismissedFor = null;

  const isOpen = () => !list.hidden;

  function close() {
    list.hidden = true;
    found = [];
    box.removeAttribute("aria-activedescendant");
    box.removeAttribute("aria-controls");
  }

  function choose(index) {
    chosen = (index + found.length) % found.length;
    [...list.children].forEach((option, position) => option.setAttribute("aria-selected", String(position === chosen)));
    box.setAttribute("aria-activedescendant", list.children[chosen].id);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    const { command } = found[index];
    close();
    complete(`${command} `);
  }

  function update() {
    const typed = box.value;
    const isCommand = /^\/\S*$/.test(typed) && typed !== dismissedFor;
    const matches = isCommand ? commands().filter(({ command }) => command.startsWith(typed.toLowerCase())) : [];
    if (matches.length === 0) {
      if (isOpen()) status.textContent = "";
      close();
      return;
    }
    if (isOpen() && JSON.stringify(matches) === JSON.stringify(found)) return;
    found = matches;
    list.setAttribute("aria-label", say("commands"));
    list.replaceChildren(
      ...found.map((entry, index) =>
        el(
          "li",
          {
            id: `${list.id}-${index}`,
            role: "option",
            "aria-selected": "false",
            class: "completion",
            // A press would take the focus out of the box before the click arrives.
            pointerdown: (event) => event.preventDefault(),
            click: () => take(index),
          },
          el(
            "span",
            { class: "completion-line" },
            el("strong", {}, entry.command),
            " ",
            el("span", { class: "completion-usage" }, entry.usageHint ?? ""),
            el("span", { class: "completion-app" }, entry.app ?? ""),
          ),
          el("span", { class: "completion-note" }, entry.description ?? ""),
        ),
      ),
    );
    list.hidden = false;
    box.setAttribute("aria-controls", list.id);
    status.textContent = sayCount("commands_found", found.length);
    choose(0);
  }

  // True when the key was meant for the list.
  function handle(event) {
    if (!isOpen()) return false;
    const isWhole = found[chosen].command === box.value;
    switch (event.key) {
      case "ArrowDown":
        choose(chosen + 1);
        return true;
      case "ArrowUp":
        choose(chosen - 1);
        return true;
      case "Tab":
        if (event.shiftKey) return false;
        take(chosen);
        return true;
      case "Enter":
        // A command typed to its end is sent, not completed once more.
        if (isWhole || event.shiftKey) {
          close();
          return false;
        }
        take(chosen);
        return true;
      case "Escape":
        dismissedFor = box.value;
        close();
        return true;
      default:
        return false;
    }
  }

  box.addEventListener("input", () => {
    dismissedFor = null;
    update();
  });
  box.addEventListener("blur", close);
  return { handle, close, update };
}

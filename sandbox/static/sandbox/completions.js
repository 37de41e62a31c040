import { el } from "./dom.js";
import { t, tCount } from "./i18n.js";

// The list of commands above the composer. The focus stays in the text box, which points to the active option.
export function createCompletions(box, list, status, { commands, setText }) {
  let matches = [];
  let chosen = 0;
  let dismissedFor = null;

  const isOpen = () => !list.hidden;

  function close() {
    list.hidden = true;
    matches = [];
    box.removeAttribute("aria-activedescendant");
    box.removeAttribute("aria-controls");
  }

  function choose(index) {
    chosen = (index + matches.length) % matches.length;
    [...list.children].forEach((option, position) => option.setAttribute("aria-selected", String(position === chosen)));
    box.setAttribute("aria-activedescendant", list.children[chosen].id);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }

  function complete(index) {
    const { command } = matches[index];
    close();
    setText(`${command} `);
  }

  function update() {
    const typed = box.value;
    const isCommand = /^\/\S*$/.test(typed) && typed !== dismissedFor;
    const next = isCommand ? commands().filter(({ command }) => command.startsWith(typed.toLowerCase())) : [];
    if (next.length === 0) {
      if (isOpen()) status.textContent = "";
      close();
      return;
    }
    if (isOpen() && JSON.stringify(next) === JSON.stringify(matches)) return;
    matches = next;
    list.setAttribute("aria-label", t("commands"));
    list.replaceChildren(
      ...matches.map((entry, index) =>
        el(
          "li",
          {
            id: `${list.id}-${index}`,
            role: "option",
            "aria-selected": "false",
            class: "completion",
            // Pressing must not move the focus out of the text box before the click.
            pointerdown: (event) => event.preventDefault(),
            click: () => complete(index),
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
    status.textContent = tCount("commands_found", matches.length);
    choose(0);
  }

  // Returns true if the list used the key.
  function handle(event) {
    if (!isOpen()) return false;
    const isComplete = matches[chosen].command === box.value;
    switch (event.key) {
      case "ArrowDown":
        choose(chosen + 1);
        return true;
      case "ArrowUp":
        choose(chosen - 1);
        return true;
      case "Tab":
        if (event.shiftKey) return false;
        complete(chosen);
        return true;
      case "Enter":
        // A complete command is sent, not completed again.
        if (isComplete || event.shiftKey) {
          close();
          return false;
        }
        complete(chosen);
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

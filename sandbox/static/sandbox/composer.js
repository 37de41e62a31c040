import { createCompletions } from "./completions.js";
import { el, icon } from "./dom.js";
import { createFilePicker } from "./files.js";
import { t } from "./i18n.js";
import { openMenu } from "./menu.js";

const SENDING_DELAY = 400;
const MAX_ROWS = 8;
const HAS_FIELD_SIZING = CSS.supports("field-sizing", "content");

// `send` takes the text and the files, and rejects with an error for the person; `commands` returns the slash commands, and
// `shortcuts` the items of the menu beside the text box.
export function createComposer(form, { prefix = "", send, commands, shortcuts }) {
  const listId = `${prefix}completions`;
  const list = el("ul", { id: listId, class: "completions", role: "listbox", "data-testid": listId, hidden: true });
  const box = el("textarea", {
    class: "composer-text",
    rows: 1,
    dir: "auto",
    autocomplete: "off",
    maxlength: 100000,
    "aria-autocomplete": "list",
    "aria-haspopup": "listbox",
    id: `${prefix}composer-text`,
    "data-testid": `${prefix}composer`,
  });
  const button = el("button", { type: "submit", class: "send", "data-testid": `${prefix}send` }, icon("send"));
  const bolt = el(
    "button",
    {
      type: "button",
      class: "icon-button composer-tool",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "data-testid": `${prefix}shortcuts`,
      click: () => openMenu(bolt, shortcuts(), { label: t("shortcuts") }),
    },
    icon("bolt"),
  );
  const picker = createFilePicker({ prefix, changed: () => afterInput() });
  const hint = el("span", { class: "composer-hint" });
  const progress = el("span", { class: "composer-progress", role: "status" });
  const matchStatus = el("span", { class: "visually-hidden", role: "status" });
  const error = el("p", { class: "error composer-error", role: "alert", hidden: true });
  form.replaceChildren(
    list,
    el(
      "div",
      { class: "composer-box" },
      box,
      picker.list,
      el("div", { class: "composer-bar" }, bolt, picker.button, picker.input, hint, progress, button),
    ),
    error,
    matchStatus,
  );

  const drafts = new Map();
  let draftKey = "";
  let isSending = false;

  const completions = createCompletions(box, list, matchStatus, {
    commands,
    setText(text) {
      box.value = text;
      afterInput();
      box.focus();
    },
  });

  const isEmpty = () => box.value.trim() === "" && picker.files.length === 0;

  function afterInput() {
    if (!HAS_FIELD_SIZING) box.rows = Math.min(MAX_ROWS, box.value.split("\n").length);
    drafts.set(draftKey, box.value);
    button.disabled = isSending || isEmpty();
    picker.button.disabled = isSending;
    const [command] = box.value.split(/\s/, 1);
    const used = command.startsWith("/") ? commands().find((entry) => entry.command === command) : null;
    hint.textContent = used?.usageHint ? `${used.command} ${used.usageHint}` : t("send_hint");
    hint.classList.toggle("composer-usage", Boolean(used?.usageHint));
  }

  function showError(text) {
    error.textContent = text;
    error.hidden = !text;
  }

  async function submit() {
    const text = box.value;
    const files = picker.files;
    if (isSending || isEmpty()) return;
    const key = draftKey;
    // The button is disabled until something is typed again.
    if (document.activeElement === button) box.focus();
    const isCommand = text.startsWith("/") && files.length === 0;
    isSending = true;
    box.readOnly = true;
    form.setAttribute("aria-busy", "true");
    showError("");
    completions.close();
    afterInput();
    const timer = setTimeout(
      () => (progress.textContent = t(isCommand ? "waiting_for_app" : "sending")),
      isCommand ? 0 : SENDING_DELAY,
    );
    try {
      await send(text, files);
      drafts.delete(key);
      if (key === draftKey) {
        box.value = "";
        picker.clear();
      }
    } catch (failure) {
      if (key === draftKey) showError(failure.message);
    } finally {
      clearTimeout(timer);
      isSending = false;
      box.readOnly = false;
      progress.textContent = "";
      form.removeAttribute("aria-busy");
      afterInput();
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  box.addEventListener("input", () => {
    showError("");
    afterInput();
  });
  box.addEventListener("keydown", (event) => {
    // Enter that confirms a character in an input method does not send the message.
    if (event.isComposing) return;
    if (completions.handle(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    }
  });

  return {
    // Each conversation has its own draft, kept while the page is open.
    enter(key, label) {
      completions.close();
      if (key !== draftKey) {
        draftKey = key;
        picker.clear(); // Files are no part of a draft.
        box.value = drafts.get(key) ?? "";
        showError("");
      }
      box.placeholder = label;
      box.setAttribute("aria-label", label);
      button.setAttribute("aria-label", t("send"));
      button.title = t("send");
      bolt.setAttribute("aria-label", t("shortcuts"));
      bolt.title = t("shortcuts");
      picker.translate();
      bolt.hidden = shortcuts().length === 0;
      afterInput();
    },
    forgetDrafts() {
      drafts.clear();
      draftKey = "";
      picker.clear();
      box.value = "";
    },
    refreshCommands: () => document.activeElement === box && completions.update(),
    focus: () => box.focus(),
  };
}

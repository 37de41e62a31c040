// The interactive elements of blocks. In `actions` they send a hook at once; in `input` blocks they are fields of a
// form.

import { createCombobox } from "./combobox.js";
import { askConfirmation } from "./dialogs.js";
import { el, safeUrl } from "./dom.js";
import { t } from "./i18n.js";
import { setSending } from "./spinners.js";
import { objects, textOf } from "./values.js";

const TYPING_DELAY = 400;

let serial = 0;
const newId = (prefix) => `${prefix}-${++serial}`;

async function sendAction(node, element, value, context) {
  if (node.getAttribute("aria-busy") === "true") return;
  if (element.confirm && !(await askConfirmation(element.confirm))) return;
  const url = safeUrl(element.url);
  if (url) open(url, "_blank", "noopener,noreferrer");
  const container = node.closest(".block-actions, .block-section, .block-input") ?? node;
  container.parentNode?.querySelectorAll(":scope > .error").forEach((old) => old.remove());
  setSending(node, true);
  try {
    await context.press({ onAction: element.onAction, value, confirmed: Boolean(element.confirm) });
  } catch (error) {
    if (container.isConnected) container.after(el("p", { class: "error", role: "alert" }, error.message));
  } finally {
    setSending(node, false);
  }
}

export function button(element, context) {
  const style = ["primary", "warning", "danger"].includes(element.style) ? element.style : "secondary";
  const node = el(
    "button",
    {
      type: "button",
      class: `button button-${style}`,
      dir: "auto",
      "data-on-action": element.onAction,
      "data-focus-key": element.onAction,
    },
    textOf(element.text),
  );
  node.addEventListener("click", () => sendAction(node, element, element.value, context));
  return node;
}

function optionNodes(element, chosen) {
  const option = (item) => {
    const label = [textOf(item.text), textOf(item.description)].filter(Boolean).join(" · ");
    return el("option", { value: item.value, selected: item.value === chosen }, label);
  };
  const groups = objects(element.option_groups).map((group) =>
    el("optgroup", { label: textOf(group.label) }, objects(group.options).map(option)),
  );
  return [...objects(element.options).map(option), ...groups];
}

// The server does not store the label of a chosen option, so it is kept here.
const labels = new Map();

// Each function returns {node, read, label, controls, trigger}: `label` is the id that the label refers to, or null for
// a group; `controls` are what can have the focus.
const FIELDS = {
  plain_text_input(element, value, id) {
    const common = {
      id,
      class: "control",
      placeholder: textOf(element.placeholder),
      minlength: element.min_length > 0 ? element.min_length : null,
      maxlength: element.max_length > 0 ? element.max_length : null,
      autocomplete: "off",
      dir: "auto",
    };
    const node =
      element.line_mode === "multiline"
        ? el("textarea", { ...common, rows: 4 })
        : el("input", { ...common, type: "text" });
    node.value = value ?? textOf(element.initial_value);
    return { node, label: id, controls: [node], read: () => node.value || undefined, trigger: "change" };
  },

  static_select_menu(element, value, id) {
    const chosen = value ?? element.initial_option?.value;
    const node = el("select", { id, class: "control" });
    node.append(
      el("option", { value: "" }, textOf(element.placeholder) || t("choose")),
      ...optionNodes(element, chosen),
    );
    return { node, label: id, controls: [node], read: () => node.value || undefined, trigger: "change" };
  },

  dynamic_select_menu(element, value, id, context) {
    const initial = element.initial_option;
    const chosen = value ?? initial?.value ?? element.value;
    const label = chosen === initial?.value ? textOf(initial?.text) : labels.get(`${element.onAction} ${chosen}`);
    const box = createCombobox({
      id,
      placeholder: textOf(element.placeholder) || t("search"),
      minQueryLength: element.min_query_length > 0 ? element.min_query_length : 0,
      chosen: chosen ? { value: chosen, label: label || chosen } : null,
      find: async (query, current) => (await context.findOptions(element.onAction, query, current)).options,
    });
    box.node.addEventListener("choose", () => {
      const option = box.chosen();
      if (option) labels.set(`${element.onAction} ${option.value}`, option.label);
    });
    return { node: box.node, label: id, controls: [box.box], read: box.read, trigger: "choose" };
  },

  checkboxes(element, value, id) {
    const initial = objects(element.initial_options).map((option) => option.value);
    const chosen = Array.isArray(value) ? value : initial;
    const boxes = objects(element.options).map((option, index) => {
      const box = el("input", { type: "checkbox", id: `${id}-${index}`, value: option.value });
      box.checked = chosen.includes(option.value);
      return { box, option };
    });
    const rows = boxes.map(({ box, option }) =>
      el(
        "label",
        { class: "choice" },
        box,
        el(
          "span",
          {},
          textOf(option.text),
          textOf(option.description) && el("span", { class: "choice-note" }, textOf(option.description)),
        ),
      ),
    );
    const read = () => {
      const checked = boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
      return checked.length ? checked : undefined;
    };
    const controls = boxes.map(({ box }) => box);
    return { node: el("div", { class: "choices" }, rows), label: null, controls, read, trigger: "change", none: [] };
  },

  date_picker(element, value, id) {
    const node = el("input", { type: "date", id, class: "control" });
    node.value = value ?? element.initial_date ?? "";
    return { node, label: id, controls: [node], read: () => node.value || undefined, trigger: "change" };
  },

  date_range_picker(element, value) {
    const [start, end] = Array.isArray(value)
      ? value
      : [element.initial_date_range?.start, element.initial_date_range?.end];
    const from = el("input", { type: "date", class: "control" });
    const to = el("input", { type: "date", class: "control" });
    from.value = start ?? "";
    to.value = end ?? "";
    const bound = () => {
      to.min = from.value;
      from.max = to.value;
    };
    bound();
    const node = el(
      "div",
      { class: "date-range" },
      el("label", {}, el("span", { class: "muted" }, t("from")), from),
      el("label", {}, el("span", { class: "muted" }, t("to")), to),
    );
    node.addEventListener("change", bound);
    const read = () => (from.value && to.value ? [from.value, to.value] : undefined);
    return { node, label: null, controls: [from, to], read, trigger: "change" };
  },
};

function makeField(element, value, id, context, blockId = "") {
  const make = Object.hasOwn(FIELDS, element.type) ? FIELDS[element.type] : null;
  if (!make) return null;
  const field = make(element, value, id, context);
  field.node.dataset.onAction = element.onAction;
  field.controls.forEach((control, index) => {
    control.dataset.focusKey = `${blockId} ${element.onAction} ${index}`;
  });
  return field;
}

export function actionElement(element, context) {
  if (!element || typeof element !== "object") return null;
  if (element.type === "button") return button(element, context);
  const field = makeField(element, undefined, newId("element"), context);
  if (!field) return null;
  const label = textOf(element.placeholder) || t("choose");
  if (field.label) field.controls[0].setAttribute("aria-label", label);
  else field.node.setAttribute("role", "group");
  field.node.addEventListener(field.trigger, () => {
    const value = field.read() ?? field.none;
    if (value !== undefined) sendAction(field.node, element, value, context);
  });
  return field.node;
}

// An input with `dispatchAction` sends each change; a text may send on Enter, or after each pause in typing.
function sendChanges(field, element, context) {
  let isSending = false;
  let isWaiting = false;
  async function send() {
    isWaiting = isSending;
    if (isSending) return;
    isSending = true;
    await sendAction(field.node, element, field.read() ?? field.none ?? "", context);
    isSending = false;
    if (isWaiting) send();
  }
  const triggers = Array.isArray(element.interaction_triggers) ? element.interaction_triggers : [];
  const [control] = field.controls;
  if (triggers.includes("on_enter_pressed")) {
    control.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
      event.preventDefault();
      send();
    });
  }
  if (triggers.includes("on_input")) {
    let timer = null;
    control.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(send, TYPING_DELAY);
    });
  }
  if (triggers.length === 0) field.node.addEventListener(field.trigger, send);
}

export function inputBlock(block, context) {
  const element = block.element;
  if (!element || typeof element !== "object") return null;
  if (element.type === "button") return button(element, context);
  const id = newId("field");
  const field = makeField(element, context.values(block.blockId, element.onAction), id, context, block.blockId);
  if (!field) return null;

  const isRequired = block.optional !== true;
  const labelText = textOf(block.label);
  const error = textOf(block.validationError);
  const isSingle = field.node.matches(".control");
  const message = el("p", { class: "error", id: `${id}-error`, role: error ? "alert" : null }, error);

  // Shows an error below the field, or removes it.
  function setError(text) {
    message.textContent = text;
    for (const control of field.controls) {
      if (text) {
        control.setAttribute("aria-invalid", "true");
        control.setAttribute("aria-describedby", `${id}-error`);
      } else {
        control.removeAttribute("aria-invalid");
        control.removeAttribute("aria-describedby");
      }
    }
  }
  setError(error);
  field.node.addEventListener("input", () => setError(""));

  if (isSingle && isRequired) field.controls[0].required = true;
  if (element.autofocused) field.controls[0]?.setAttribute("autofocus", "");
  if (block.dispatchAction || Array.isArray(element.interaction_triggers)) sendChanges(field, element, context);
  context.fields?.push({
    blockId: block.blockId,
    onAction: element.onAction,
    isRequired,
    initial: field.read(),
    ...field,
    setError,
  });

  const mark = isRequired ? null : el("span", { class: "muted" }, ` (${t("optional")})`);
  if (field.label) {
    const label = labelText ? el("label", { for: field.label }, labelText, mark) : null;
    if (!label) field.controls[0].setAttribute("aria-label", textOf(element.placeholder) || t("choose"));
    return el("div", { class: "block-input" }, label, field.node, message);
  }
  return el("fieldset", { class: "block-input" }, labelText && el("legend", {}, labelText, mark), field.node, message);
}

// The interactive elements of blocks. In `actions` they fire at once; in `input` blocks they are fields that a submit
// collects.

import { askConfirmation } from "./confirm.js";
import { el, safeUrl } from "./dom.js";
import { objects, wordsOf } from "./shapes.js";
import { say } from "./strings.js";

let serial = 0;
const newId = (prefix) => `${prefix}-${++serial}`;

async function fire(node, element, value, context) {
  if (node.getAttribute("aria-busy") === "true") return;
  if (element.confirm && !(await askConfirmation(element.confirm))) return;
  const url = safeUrl(element.url);
  if (url) open(url, "_blank", "noopener,noreferrer");
  node.setAttribute("aria-busy", "true");
  const place = node.closest(".block-actions, .block-section, .block-input") ?? node;
  place.parentNode?.querySelectorAll(":scope > .error").forEach((old) => old.remove());
  try {
    await context.press({ onAction: element.onAction, value, confirmed: Boolean(element.confirm) });
  } catch (error) {
    place.after(el("p", { class: "error", role: "alert" }, error.message));
  } finally {
    node.removeAttribute("aria-busy");
  }
}

export function button(element, context) {
  const style = ["primary", "warning", "danger"].includes(element.style) ? element.style : "secondary";
  const node = el("button", { type: "button", class: `button button-${style}`, dir: "auto" }, wordsOf(element.text));
  node.addEventListener("click", () => fire(node, element, element.value, context));
  return node;
}

function optionNodes(element, chosen) {
  const option = (item) => {
    const words = [wordsOf(item.text), wordsOf(item.description)].filter(Boolean).join(" · ");
    return el("option", { value: item.value, selected: item.value === chosen }, words);
  };
  const groups = objects(element.option_groups).map((group) =>
    el("optgroup", { label: wordsOf(group.label) }, objects(group.options).map(option)),
  );
  return [...objects(element.options).map(option), ...groups];
}

// Every maker answers {node, read, label}: `label` is what the field's label points to, or null for a group.
const FIELDS = {
  plain_text_input(element, value, id) {
    const common = {
      id,
      class: "control",
      placeholder: wordsOf(element.placeholder),
      minlength: element.min_length > 0 ? element.min_length : null,
      maxlength: element.max_length > 0 ? element.max_length : null,
      autocomplete: "off",
      dir: "auto",
    };
    const node =
      element.line_mode === "multiline"
        ? el("textarea", { ...common, rows: 4 })
        : el("input", { ...common, type: "text" });
    node.value = value ?? wordsOf(element.initial_value);
    return { node, label: id, read: () => node.value || undefined, trigger: "change" };
  },

  static_select_menu(element, value, id) {
    const chosen = value ?? element.initial_option?.value;
    const node = el("select", { id, class: "control" });
    node.append(
      el("option", { value: "" }, wordsOf(element.placeholder) || say("choose")),
      ...optionNodes(element, chosen),
    );
    return { node, label: id, read: () => node.value || undefined, trigger: "change" };
  },

  dynamic_select_menu(element, value, id, context) {
    const initial = element.initial_option;
    const chosen = value ?? initial?.value;
    const search = el("input", {
      type: "search",
      id,
      class: "control",
      autocomplete: "off",
      placeholder: wordsOf(element.placeholder) || say("search"),
    });
    const select = el("select", {
      class: "control",
      size: 5,
      "aria-label": wordsOf(element.placeholder) || say("choose"),
    });
    const note = el("p", { class: "muted", role: "status" });
    if (initial) select.append(...optionNodes({ options: [initial] }, chosen));
    select.hidden = !initial;
    let latest = 0;
    let timer = null;
    const look = async () => {
      const query = search.value.trim();
      if (query.length < (element.min_query_length ?? 0)) return;
      const mine = ++latest;
      try {
        const { options } = await context.findOptions(element.onAction, query);
        if (mine !== latest) return;
        const grouped = objects(options).some((option) => Array.isArray(option.options));
        const kept = select.value || chosen;
        select.replaceChildren(...optionNodes(grouped ? { option_groups: options } : { options }, kept));
        select.hidden = select.options.length === 0;
        note.textContent = select.options.length ? "" : say("no_options");
      } catch (error) {
        if (mine === latest) note.textContent = error.message;
      }
    };
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, 200);
    });
    search.addEventListener("focus", () => latest === 0 && look());
    const node = el("div", { class: "lookup" }, search, select, note);
    // A choice outlives the list it was made from.
    if (chosen && !initial) look();
    const read = () => (select.options.length ? select.value : chosen) || undefined;
    return { node, label: id, read, trigger: "change" };
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
          wordsOf(option.text),
          wordsOf(option.description) && el("span", { class: "choice-note" }, wordsOf(option.description)),
        ),
      ),
    );
    const read = () => {
      const checked = boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
      return checked.length ? checked : undefined;
    };
    return { node: el("div", { class: "choices" }, rows), label: null, read, trigger: "change" };
  },

  date_picker(element, value, id) {
    const node = el("input", { type: "date", id, class: "control" });
    node.value = value ?? element.initial_date ?? "";
    return { node, label: id, read: () => node.value || undefined, trigger: "change" };
  },

  date_range_picker(element, value) {
    const [start, end] = Array.isArray(value)
      ? value
      : [element.initial_date_range?.start, element.initial_date_range?.end];
    const from = el("input", { type: "date", class: "control", "aria-label": say("from") });
    const to = el("input", { type: "date", class: "control", "aria-label": say("to") });
    from.value = start ?? "";
    to.value = end ?? "";
    const read = () => (from.value && to.value ? [from.value, to.value] : undefined);
    return { node: el("div", { class: "date-range" }, from, to), label: null, read, trigger: "change" };
  },
};

export function actionElement(element, context) {
  if (!element || typeof element !== "object") return null;
  if (element.type === "button") return button(element, context);
  const make = Object.hasOwn(FIELDS, element.type) ? FIELDS[element.type] : null;
  if (!make) return null;
  const field = make(element, undefined, newId("element"), context);
  if (field.label) {
    const control = field.node.id ? field.node : field.node.querySelector("input");
    control.setAttribute("aria-label", wordsOf(element.placeholder) || say("choose"));
  }
  field.node.addEventListener(field.trigger, () => {
    const value = field.read();
    if (value !== undefined) fire(field.node, element, value, context);
  });
  return field.node;
}

export function inputBlock(block, context) {
  const element = block.element;
  if (!element || typeof element !== "object") return null;
  if (element.type === "button") return button(element, context);
  const make = Object.hasOwn(FIELDS, element.type) ? FIELDS[element.type] : null;
  if (!make) return null;

  const id = newId("field");
  const field = make(element, context.values(block.blockId, element.onAction), id, context);
  const isRequired = block.optional !== true;
  const words = wordsOf(block.label);
  const error = wordsOf(block.validationError);
  const control = field.node.matches(".control") ? field.node : null;

  if (control && isRequired) control.required = true;
  if (control && error) {
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", `${id}-error`);
  }
  if (element.autofocused) (control ?? field.node.querySelector("input"))?.setAttribute("autofocus", "");
  if (block.dispatchAction)
    field.node.addEventListener(field.trigger, () => fire(field.node, element, field.read() ?? "", context));
  context.fields?.push({
    blockId: block.blockId,
    onAction: element.onAction,
    isRequired,
    control,
    initial: field.read(),
    ...field,
  });

  const mark = isRequired ? null : el("span", { class: "muted" }, ` (${say("optional")})`);
  const message = error ? el("p", { class: "error", id: `${id}-error` }, error) : null;
  if (field.label) {
    const label = words ? el("label", { for: field.label }, words, mark) : null;
    if (!label)
      (control ?? field.node.querySelector("input")).setAttribute(
        "aria-label",
        wordsOf(element.placeholder) || say("choose"),
      );
    return el("div", { class: "block-input" }, label, field.node, message);
  }
  return el("fieldset", { class: "block-input" }, words && el("legend", {}, words, mark), field.node, message);
}

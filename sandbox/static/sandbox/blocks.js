import { el, externalLink, icon } from "./dom.js";
import { actionElement, inputBlock } from "./elements.js";
import { emoji } from "./emoji.js";
import { t } from "./i18n.js";
import { channelMention, copyText, userMention } from "./text.js";
import { objects, string, textOf } from "./values.js";

function styled(node, element) {
  const { style } = element;
  let wrapped = node;
  for (const [flag, tag] of [
    ["code", "code"],
    ["strike", "s"],
    ["italic", "em"],
    ["bold", "strong"],
  ]) {
    if (style?.[flag] === true) wrapped = el(tag, {}, wrapped);
  }
  return [2, 3].includes(element.size) ? el("span", { class: `size-${element.size}` }, wrapped) : wrapped;
}

function inline(element, context) {
  switch (element.type) {
    case "text":
      return styled(string(element.text), element);
    case "link":
      return styled(externalLink(element.url, string(element.text) || string(element.url)), element);
    case "emoji":
      return emoji(string(element.name));
    case "user":
      return userMention(element.user_id, context.directory);
    case "channel":
      return channelMention(element.channel_id, context.directory);
    case "usergroup":
      return el("span", { class: "mention" }, `@${string(element.name) || t("unknown_person")}`);
    case "broadcast":
      return el(
        "span",
        { class: "mention mention-me" },
        t(element.range === "here" ? "broadcast_here" : "broadcast_channel"),
      );
    default:
      return string(element.text);
  }
}

const inlines = (elements, context) => objects(elements).map((element) => inline(element, context));

// Quotes and list items may have sections or bare inline elements.
function sections(elements, context) {
  return objects(elements).map((element) =>
    element.type === "rich_text_section"
      ? el("div", { class: "rich-section", dir: "auto" }, inlines(element.elements, context))
      : inline(element, context),
  );
}

export function codeBlock(text, copyable) {
  const code = el("code", {}, text);
  const block = el("div", { class: "code-block" }, el("pre", { tabindex: "0" }, code));
  if (!copyable) return block;
  const label = el("span", { "aria-live": "polite" }, t("copy"));
  const button = el("button", { type: "button", class: "copy", "data-testid": "copy" }, icon("copy"), label);
  button.addEventListener("click", async () => {
    label.textContent = t((await copyText(code)) ? "copied" : "copy_failed");
    setTimeout(() => (label.textContent = t("copy")), 2500);
  });
  block.append(button);
  return block;
}

function richList(element, context) {
  const ordered = element.style === "ordered";
  const indent = Math.min(Math.max(Math.trunc(Number(element.indent)) || 0, 0), 4);
  const items = objects(element.elements).map((item) => el("li", { dir: "auto" }, inlines(item.elements, context)));
  const start = ordered && Number.isInteger(element.offset) && element.offset > 0 ? element.offset + 1 : null;
  return el(
    ordered ? "ol" : "ul",
    { class: `rich-list indent-${indent}${element.border ? " rich-list-bordered" : ""}`, start },
    items,
  );
}

function richText(element, context) {
  switch (element.type) {
    case "rich_text_section":
      return el("div", { class: "rich-section", dir: "auto" }, inlines(element.elements, context));
    case "rich_text_preformatted":
      return codeBlock(
        objects(element.elements)
          .map((part) => string(part.text) || string(part.url))
          .join(""),
        context.copyable,
      );
    case "rich_text_quote":
      return el("blockquote", { dir: "auto" }, sections(element.elements, context));
    case "rich_text_list":
      return richList(element, context);
    default:
      return null;
  }
}

function section(block, context) {
  const words = el("div", { class: "section-text", dir: "auto" }, textOf(block.text));
  const accessory = block.accessory ? accessoryOf(block.accessory, context) : null;
  const right = block.text_position === "right" ? " section-reversed" : "";
  return el("div", { class: `block-section${right}` }, words, accessory);
}

function accessoryOf(accessory, context) {
  return accessory.type === "input" ? inputBlock(accessory, context) : actionElement(accessory, context);
}

const BLOCKS = {
  rich_text: (block, context) =>
    el(
      "div",
      { class: "block-rich" },
      objects(block.elements).map((element) => richText(element, context)),
    ),
  section,
  divider: () => el("hr", { class: "block-divider" }),
  actions: (block, context) =>
    el(
      "div",
      { class: "block-actions" },
      objects(block.elements).map((element) => actionElement(element, context)),
    ),
  input: (block, context) => inputBlock(block, context),
};

// Returns null for unknown blocks: the message then shows its text, as in Pumble. A context has
// {directory, copyable, press, findOptions, values, fields}; only views have fields.
export function renderBlocks(blocks, context) {
  if (!Array.isArray(blocks) || blocks.length === 0) return null;
  const allowed = (block) => block && Object.hasOwn(BLOCKS, block.type) && (block.type !== "input" || context.fields);
  if (!blocks.every(allowed)) return null;
  try {
    return el(
      "div",
      { class: "blocks" },
      blocks.map((block) => BLOCKS[block.type](block, context)),
    );
  } catch {
    return null;
  }
}

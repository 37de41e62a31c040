// All texts come from others, so nodes are created one by one and never from markup.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SPRITE = new URL("icons.svg", import.meta.url).href;

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

// <bdi> keeps a right-to-left override in a name from changing the text around it.
export function name(text, className) {
  return el("bdi", { class: className }, text);
}

const AVATAR_COLORS = 8;

export function avatar(id, label, isApp = false) {
  let sum = 0;
  for (const character of String(id)) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  const initials = String(label)
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("")
    .toUpperCase();
  return el(
    "span",
    { class: `avatar avatar-${sum % AVATAR_COLORS}${isApp ? " avatar-app" : ""}`, "aria-hidden": "true" },
    initials || "?",
  );
}

export function safeUrl(url, base) {
  try {
    const parsed = new URL(String(url), base);
    return ["http:", "https:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

export function externalLink(url, ...children) {
  const href = safeUrl(url);
  if (!href) return el("span", {}, ...children);
  return el("a", { href, rel: "noopener noreferrer", target: "_blank" }, ...children);
}

export function closeOnBackdrop(dialog, close = () => dialog.close()) {
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const inside =
      event.clientX >= box.left &&
      event.clientX <= box.right &&
      event.clientY >= box.top &&
      event.clientY <= box.bottom;
    if (!inside) close();
  });
}

// Keeps the focus and the caret on the same control when its container is rendered again.

function addressOf(node) {
  const key = node?.dataset?.focusKey;
  const source = node?.closest?.("[data-source-id]")?.dataset.sourceId;
  return key && source ? `[data-source-id="${CSS.escape(source)}"] [data-focus-key="${CSS.escape(key)}"]` : null;
}

function caretOf(node) {
  return node?.matches?.("textarea, input[type=text]") ? [node.selectionStart, node.selectionEnd] : null;
}

// The focus was moved on purpose meanwhile.
const isElsewhere = () => document.activeElement && document.activeElement !== document.body;

export function saveFocus() {
  const node = document.activeElement;
  const address = addressOf(node);
  const caret = caretOf(node);
  return function restore() {
    if (!node || document.activeElement === node || isElsewhere()) return;
    const again = node.isConnected ? node : address && document.querySelector(address);
    again?.focus({ preventScroll: true });
    if (again && caret && again !== node) again.setSelectionRange(...caret);
  };
}

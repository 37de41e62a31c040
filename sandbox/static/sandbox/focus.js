// Keeps the focus, and the caret in a text, on the same control when what holds it is drawn anew.

function addressOf(node) {
  const key = node?.dataset?.focusKey;
  const source = node?.closest?.("[data-source-id]")?.dataset.sourceId;
  return key && source ? `[data-source-id="${CSS.escape(source)}"] [data-focus-key="${CSS.escape(key)}"]` : null;
}

function caretOf(node) {
  return node?.matches?.("textarea, input[type=text]") ? [node.selectionStart, node.selectionEnd] : null;
}

// Somebody else took the focus on purpose meanwhile.
const isElsewhere = () => document.activeElement && document.activeElement !== document.body;

export function rememberFocus() {
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

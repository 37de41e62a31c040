// Shows a spinner on a clicked element until its hook is answered, and then until the app completes it.

let spinning = [];

const sourceOf = (node) => node.closest("[data-source-id]")?.dataset.sourceId;

function show(node) {
  const source = sourceOf(node);
  const { onAction } = node.dataset;
  const isSpinning = spinning.some((spinner) => spinner.sourceId === source && spinner.onAction === onAction);
  if (isSpinning || node.dataset.sending) node.setAttribute("aria-busy", "true");
  else node.removeAttribute("aria-busy");
}

export function setSending(node, isSending) {
  if (isSending) node.dataset.sending = "true";
  else delete node.dataset.sending;
  show(node);
}

// `screenSpinners` is the screen's list of {sourceId, onAction}.
export function showSpinners(screenSpinners) {
  spinning = screenSpinners;
  document.querySelectorAll("[data-on-action]").forEach(show);
}

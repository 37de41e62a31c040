// A spinner stands on what was clicked while the hook is under way, and after it until the app says it is done.

let underWay = [];

const sourceOf = (node) => node.closest("[data-source-id]")?.dataset.sourceId;

function show(node) {
  const source = sourceOf(node);
  const isLoading = underWay.some((one) => one.sourceId === source && one.onAction === node.dataset.onAction);
  if (isLoading || node.dataset.firing) node.setAttribute("aria-busy", "true");
  else node.removeAttribute("aria-busy");
}

export function setFiring(node, isFiring) {
  if (isFiring) node.dataset.firing = "true";
  else delete node.dataset.firing;
  show(node);
}

// `spinning` is the screen's list of {sourceId, onAction}.
export function showSpinning(spinning) {
  underWay = spinning;
  document.querySelectorAll("[data-on-action]").forEach(show);
}

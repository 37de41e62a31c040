// What opens beside a control: in the browser's top layer, so that no scrolling box cuts it off.

const GAP = 4;
const EDGE = 8;

// Shows `popup` below `anchor`, or above where there is more room; answers a function that keeps it there.
export function showBeside(popup, anchor, { isAsWide = false } = {}) {
  function place() {
    const at = anchor.getBoundingClientRect();
    if (isAsWide) popup.style.width = `${at.width}px`;
    const below = innerHeight - at.bottom - GAP - EDGE;
    const above = at.top - GAP - EDGE;
    const isBelow = below >= Math.min(popup.scrollHeight, 320) || below >= above;
    popup.style.maxHeight = `${Math.max(96, Math.min(320, isBelow ? below : above))}px`;
    const { width, height } = popup.getBoundingClientRect();
    popup.style.left = `${Math.max(EDGE, Math.min(at.left, innerWidth - width - EDGE))}px`;
    popup.style.top = `${isBelow ? at.bottom + GAP : at.top - GAP - height}px`;
  }
  if (!popup.matches(":popover-open")) popup.showPopover();
  place();
  return place;
}

// Inside a modal dialog everything outside of it is inert.
export const popupHost = (anchor) => anchor.closest("dialog") ?? document.body;

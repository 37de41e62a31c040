// The panel at the bottom: traffic and faults.

import { createFaults } from "./faults.js";
import { createTraffic } from "./traffic.js";

export function createInspector(panel, opener, { leaveDrawer }) {
  const parts = {
    traffic: createTraffic(panel.querySelector("#traffic")),
    faults: createFaults(panel.querySelector("#faults")),
  };
  const tabs = [...panel.querySelectorAll("[role=tab]")];

  function choose(name) {
    for (const tab of tabs) {
      const isChosen = tab.dataset.part === name;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panel.querySelector(`#${tab.dataset.part}`).hidden = !isChosen;
      parts[tab.dataset.part].setActive(isChosen && !panel.hidden);
    }
  }

  function setOpen(isOpen) {
    panel.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
    const chosen = tabs.find((tab) => tab.getAttribute("aria-selected") === "true");
    choose(chosen.dataset.part);
    if (isOpen) chosen.focus();
    else if (opener.checkVisibility({ visibilityProperty: true })) opener.focus();
  }

  for (const tab of tabs) tab.addEventListener("click", () => choose(tab.dataset.part));
  panel.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = tabs.find((tab) => tab !== document.activeElement);
    choose(other.dataset.part);
    other.focus();
  });
  panel.addEventListener("keydown", (event) => event.key === "Escape" && setOpen(false));
  panel.querySelector("#close-inspector").addEventListener("click", () => setOpen(false));
  opener.addEventListener("click", () => leaveDrawer(() => setOpen(panel.hidden)));
}

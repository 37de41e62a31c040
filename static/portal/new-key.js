// The page that shows a new key: copy, download, tabs, and a warning before the page is left.
"use strict";

const page = document.querySelector("[data-once]");
const field = page.querySelector("#plaintext");
const statusLine = page.querySelector("[data-status]");
const checkbox = page.querySelector("[data-saved]");
const done = page.querySelector("[data-done]");
let saved = false;

const announce = (text) => {
  statusLine.textContent = "";
  requestAnimationFrame(() => {
    statusLine.textContent = text;
  });
};
const markSaved = (isSaved) => {
  saved = isSaved;
  checkbox.checked = isSaved;
};

for (const part of page.querySelectorAll("[data-needs-script]")) part.hidden = false;
field.addEventListener("focus", () => field.select());
field.select();

const copy = page.querySelector("[data-copy]");
copy.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.focus();
    field.select();
    announce(page.dataset.select);
    return;
  }
  markSaved(true);
  announce(page.dataset.copied);
  const label = copy.textContent;
  copy.textContent = page.dataset.copiedShort;
  setTimeout(() => {
    copy.textContent = label;
  }, 3000);
});

const copyExport = page.querySelector("[data-copy-export]");
copyExport.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(`export PUMBLE_API_KEY=${field.value}`);
  } catch {
    field.focus();
    field.select();
    announce(page.dataset.select);
    return;
  }
  markSaved(true);
  announce(page.dataset.copied);
});

const download = page.querySelector("[data-download]");
download.addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`PUMBLE_API_KEY=${field.value}\n`], { type: "text/plain" }));
  link.download = download.dataset.download;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  markSaved(true);
});

checkbox.addEventListener("change", () => markSaved(checkbox.checked));
done.addEventListener("click", (event) => {
  if (saved) return;
  event.preventDefault();
  announce(page.dataset.saveFirst);
  checkbox.focus();
});
addEventListener("beforeunload", (event) => {
  if (!saved) event.preventDefault();
});
addEventListener("pagehide", () => {
  field.value = "";
  field.removeAttribute("value");
});

const tabs = page.querySelector("[data-tabs]");
const panels = [...tabs.querySelectorAll("section")];
const list = document.createElement("div");
list.setAttribute("role", "tablist");
list.setAttribute("aria-label", tabs.dataset.tabs);
const buttons = panels.map((panel, number) => {
  const button = document.createElement("button");
  button.type = "button";
  button.id = `tab-${number}`;
  button.setAttribute("role", "tab");
  button.setAttribute("aria-controls", `panel-${number}`);
  button.textContent = panel.querySelector("h3").textContent;
  panel.querySelector("h3").remove();
  panel.id = `panel-${number}`;
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", button.id);
  button.addEventListener("click", () => show(number));
  return button;
});
const show = (chosen, focus = false) => {
  buttons.forEach((button, number) => {
    button.setAttribute("aria-selected", String(number === chosen));
    button.tabIndex = number === chosen ? 0 : -1;
    panels[number].hidden = number !== chosen;
  });
  if (focus) buttons[chosen].focus();
};
list.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  show((buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length, true);
});
list.append(...buttons);
tabs.prepend(list);
show(0);

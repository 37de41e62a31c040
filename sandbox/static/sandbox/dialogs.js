// Confirmations and short notices.

import { el } from "./dom.js";
import { t } from "./i18n.js";
import { textOf } from "./values.js";

// Returns true or false. It is asked before anything is sent. Takes the confirm object of an
// element: title, text, confirm, deny and style.
export function askConfirmation(confirm) {
  return new Promise((resolve) => {
    const style = ["danger", "warning"].includes(confirm.style) ? confirm.style : "primary";
    const dialog = el(
      "dialog",
      {
        class: "dialog dialog-small",
        role: "alertdialog",
        "aria-labelledby": "confirm-title",
        "aria-describedby": "confirm-text",
        "data-testid": "confirm",
      },
      el(
        "form",
        { method: "dialog" },
        el(
          "header",
          { class: "dialog-head" },
          el("h2", { id: "confirm-title", dir: "auto" }, textOf(confirm.title) || t("confirm")),
        ),
        el("div", { class: "dialog-body" }, el("p", { id: "confirm-text", dir: "auto" }, textOf(confirm.text))),
        el(
          "footer",
          { class: "dialog-foot" },
          el("button", { class: "button button-secondary", value: "no" }, textOf(confirm.deny) || t("cancel")),
          el("button", { class: `button button-${style}`, value: "yes" }, textOf(confirm.confirm) || t("confirm")),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

const TOAST_MILLISECONDS = 6000;

const toast = el("p", { class: "toast", role: "alert", popover: "manual" });
let toastTimer = null;

// Shows a short text for a few seconds, also over an open dialog.
export function notify(text) {
  clearTimeout(toastTimer);
  toast.remove();
  toast.textContent = text;
  // A modal dialog makes everything outside of it inert.
  ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(toast);
  toast.showPopover();
  toastTimer = setTimeout(() => toast.remove(), TOAST_MILLISECONDS);
}

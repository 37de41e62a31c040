// The modals of apps, up to three on top of each other. The browser's dialogs keep the focus in the topmost one and
// return it to the one below.

import { renderBlocks } from "./blocks.js";
import { closeOnBackdrop, el, icon, saveFocus } from "./dom.js";
import { t } from "./i18n.js";
import { textOf } from "./values.js";
import { collectValues, hasErrors, signatureOf, valuesOf } from "./views.js";

const FIRST_FIELDS = [
  "[aria-invalid]",
  "[autofocus]",
  ".dialog-body :is(input, select, textarea)",
  ".dialog-foot button",
];

function createModal(depth, { press, submit, close, findOptions }) {
  const titleId = `modal-title-${depth}`;
  const dialog = el("dialog", {
    class: `dialog modal modal-${depth}`,
    "aria-labelledby": titleId,
    "data-testid": "modal",
  });
  const problem = el("p", { class: "error", role: "alert" });
  const restoreOpener = saveFocus();
  let view = null;
  let shown = null;
  let fields = [];
  let sent = {};

  const takeValues = () => (sent = collectValues(fields));

  async function run(button, work) {
    if (dialog.getAttribute("aria-busy") === "true") return;
    dialog.setAttribute("aria-busy", "true");
    button?.setAttribute("aria-busy", "true");
    problem.textContent = "";
    try {
      problem.textContent = (await work()) || "";
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      dialog.removeAttribute("aria-busy");
      button?.removeAttribute("aria-busy");
    }
  }

  const dismiss = (button) => run(button, () => close(view.id));

  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (event.target === dialog) dismiss(null);
  });
  closeOnBackdrop(dialog, () => dismiss(null));

  function draw(directory, typed) {
    fields = [];
    const source = { type: "MODAL", id: view.id };
    const blocks = renderBlocks(view.blocks, {
      directory,
      fields,
      copyable: true,
      values: valuesOf(view, typed, sent),
      findOptions: (onAction, query, value) => findOptions(source, onAction, query, value),
      press: (action) => press(source, action, takeValues()),
    });
    const hasSubmit = Boolean(view.submit) || fields.length > 0;
    const submitButton =
      hasSubmit &&
      el(
        "button",
        { class: "button button-primary", dir: "auto", "data-testid": "modal-submit" },
        textOf(view.submit) || t("submit"),
      );
    const closeButton = el(
      "button",
      { type: "button", class: "button button-secondary", dir: "auto", "data-testid": "modal-close" },
      textOf(view.close) || t("close"),
    );
    closeButton.addEventListener("click", () => dismiss(closeButton));
    const leave = t(depth > 0 ? "back" : "close");
    const leaveButton = el(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": leave,
        title: leave,
        "data-testid": "modal-back",
        click: () => dismiss(null),
      },
      icon(depth > 0 ? "back" : "close"),
    );
    problem.textContent = "";

    const title = el("h2", { id: titleId, dir: "auto" }, textOf(view.title));
    const form = el(
      "form",
      { novalidate: true },
      el("header", { class: "dialog-head" }, ...(depth > 0 ? [leaveButton, title] : [title, leaveButton])),
      el("div", { class: "dialog-body" }, blocks),
      problem,
      el("footer", { class: "dialog-foot" }, closeButton, submitButton),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!hasSubmit || hasErrors(fields)) return;
      run(submitButton, () => submit(view.id, takeValues()));
    });
    dialog.dataset.sourceId = view.id;
    dialog.replaceChildren(form);
  }

  // The same step shown again with an error has another id, but keeps the entered values.
  const isSameStep = (next) =>
    view &&
    (view.id === next.id ||
      (view.callbackId === next.callbackId && JSON.stringify(next.blocks).includes('"validationError"')));

  return {
    show(next, directory) {
      const signature = signatureOf(next, directory);
      if (signature === shown) return;
      const typed = isSameStep(next) ? collectValues(fields) : {};
      const isAnother = view?.id !== next.id;
      shown = signature;
      view = next;
      const restoreFocus = saveFocus();
      draw(directory, typed);
      restoreFocus();
      if (!dialog.isConnected) document.body.append(dialog);
      if (!dialog.open) dialog.showModal();
      if (!isAnother && !dialog.querySelector("[aria-invalid]")) return;
      FIRST_FIELDS.map((selector) => dialog.querySelector(selector))
        .find(Boolean)
        ?.focus();
    },
    setCovered: (isCovered) => dialog.classList.toggle("modal-covered", isCovered),
    end() {
      dialog.close();
      dialog.remove();
      restoreOpener();
    },
  };
}

export function createModals(handlers) {
  const stack = [];
  return {
    // `modals` are the views from bottom to top.
    show(modals, directory) {
      const hadSome = stack.length > 0;
      while (stack.length > modals.length) stack.pop().end();
      modals.forEach((view, depth) => {
        stack[depth] ??= createModal(depth, handlers);
        stack[depth].show(view, directory);
      });
      stack.forEach((modal, depth) => modal.setCovered(depth < stack.length - 1));
      // The control that opened the first modal may be gone.
      if (hadSome && stack.length === 0 && document.activeElement === document.body) handlers.focusOutside();
    },
  };
}

// Modals and Home views. The server keeps a view; here it is drawn, and what was typed is collected.

import { renderBlocks } from "./blocks.js";
import { closeOnBackdrop, el } from "./dom.js";
import { wordsOf } from "./shapes.js";
import { currentLanguage, say } from "./strings.js";

const signatureOf = (view, directory) => JSON.stringify([view, currentLanguage(), directory.signature]);

// What the app kept in the state goes before what was typed here, as the app may have changed it on purpose.
function valuesOf(view, typed) {
  return (blockId, onAction) => {
    const kept = view.state?.values?.[blockId]?.[onAction];
    return kept?.value ?? kept?.values ?? typed[blockId]?.[onAction];
  };
}

function collect(fields) {
  const values = {};
  for (const { blockId, onAction, read, initial } of fields) {
    // What was emptied is said so; what was never filled is left out.
    const emptied = initial === undefined ? undefined : Array.isArray(initial) ? [] : "";
    const value = read() ?? emptied;
    if (value !== undefined) (values[blockId] ??= {})[onAction] = value;
  }
  return values;
}

export function createHome(panel, { press }) {
  let shown = null;
  return {
    show(home, directory) {
      const signature = home && signatureOf(home, directory);
      if (signature === shown) return;
      shown = signature;
      const fields = [];
      const blocks =
        home &&
        renderBlocks(home.blocks, {
          directory,
          fields,
          copyable: true,
          values: valuesOf(home, {}),
          press: (action) => press({ type: "HOME", id: home.id }, action, collect(fields)),
        });
      panel.replaceChildren(
        ...(home && wordsOf(home.title) ? [el("h2", {}, wordsOf(home.title))] : []),
        ...(blocks ? [blocks] : []),
      );
    },
  };
}

export function createModal(dialog, { press, submit, close, findOptions }) {
  let shown = null;
  let view = null;
  let fields = [];

  const problem = el("p", { class: "error", role: "alert" });

  async function run(button, work) {
    if (button?.getAttribute("aria-busy") === "true") return;
    button?.setAttribute("aria-busy", "true");
    problem.textContent = "";
    try {
      await work();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      button?.removeAttribute("aria-busy");
    }
  }

  const dismiss = (button) => run(button, () => close(view.id));

  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    dismiss(null);
  });
  closeOnBackdrop(dialog, () => dismiss(null));

  function hasMissing() {
    for (const field of fields) {
      if (field.control || !field.isRequired || field.read() !== undefined) continue;
      problem.textContent = say("required");
      field.node.querySelector("input, select")?.focus();
      return true;
    }
    return false;
  }

  function draw(directory, typed) {
    fields = [];
    const blocks = renderBlocks(view.blocks, {
      directory,
      fields,
      copyable: true,
      values: valuesOf(view, typed),
      findOptions: (onAction, query) => findOptions(view.id, onAction, query),
      press: (action) => press({ type: "MODAL", id: view.id }, action, collect(fields)),
    });
    const hasSubmit = Boolean(view.submit) || fields.length > 0;
    const submitButton =
      hasSubmit &&
      el(
        "button",
        { class: "button button-primary", "data-testid": "modal-submit" },
        wordsOf(view.submit) || say("submit"),
      );
    const closeButton = el(
      "button",
      { type: "button", class: "button button-secondary", "data-testid": "modal-close" },
      wordsOf(view.close) || say("close"),
    );
    closeButton.addEventListener("click", () => dismiss(closeButton));
    problem.textContent = "";

    const form = el(
      "form",
      {},
      el("header", { class: "dialog-head" }, el("h2", { id: "modal-title", dir: "auto" }, wordsOf(view.title))),
      el("div", { class: "dialog-body" }, blocks),
      problem,
      el("footer", { class: "dialog-foot" }, closeButton, submitButton),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!hasSubmit || hasMissing()) return;
      run(submitButton, () => submit(view.id, collect(fields)));
    });
    dialog.replaceChildren(form);
  }

  return {
    show(modals, directory) {
      const top = modals.at(-1) ?? null;
      const signature = top && signatureOf(top, directory);
      if (signature === shown) return;
      const typed = top && view?.id === top.id ? collect(fields) : {};
      const isAnother = view?.id !== top?.id;
      shown = signature;
      view = top;
      if (!top) {
        dialog.close();
        dialog.replaceChildren();
        return;
      }
      draw(directory, typed);
      if (!dialog.open) dialog.showModal();
      if (isAnother || dialog.querySelector("[aria-invalid]")) {
        const first = "[aria-invalid], [autofocus], .dialog-body input, .dialog-body select, .dialog-body textarea";
        const target = first
          .split(", ")
          .map((selector) => dialog.querySelector(selector))
          .find(Boolean);
        target?.focus();
      }
    },
  };
}

import { el } from "./dom.js";
import { wordsOf } from "./shapes.js";
import { say } from "./strings.js";

// Answers true or false. It is asked before anything is sent, so a "no" leaves no trace.
export function askConfirmation(confirm) {
  return new Promise((resolve) => {
    const danger = confirm.style === "danger" ? "button-danger" : "button-primary";
    const dialog = el(
      "dialog",
      { class: "dialog dialog-small", "aria-labelledby": "confirm-title", "data-testid": "confirm" },
      el(
        "form",
        { method: "dialog" },
        el(
          "header",
          { class: "dialog-head" },
          el("h2", { id: "confirm-title" }, wordsOf(confirm.title) || say("confirm")),
        ),
        el("div", { class: "dialog-body" }, el("p", {}, wordsOf(confirm.text))),
        el(
          "footer",
          { class: "dialog-foot" },
          el("button", { class: "button button-secondary", value: "no" }, wordsOf(confirm.deny) || say("cancel")),
          el("button", { class: `button ${danger}`, value: "yes" }, wordsOf(confirm.confirm) || say("confirm")),
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

// Registers another app by the address of its manifest, and shows its credentials once.

import * as act from "./act.js";
import { codeBlock } from "./blocks.js";
import { el } from "./dom.js";
import { say } from "./strings.js";

const CREDENTIALS = ["id", "appKey", "clientSecret", "signingSecret"];

export function createRegistration(form, { changeWorld }) {
  const box = form.querySelector("input");
  const button = form.querySelector("button");
  const problem = form.querySelector(".error");
  const result = form.querySelector("output");

  function show(credentials) {
    result.replaceChildren(
      el("p", {}, say("credentials_note")),
      el(
        "dl",
        { class: "credentials" },
        CREDENTIALS.map((name) => [
          el("dt", {}, say(`credential.${name}`)),
          el("dd", { "data-testid": `credential-${name}` }, codeBlock(credentials[name], true)),
        ]),
      ),
    );
    result.scrollIntoView({ block: "nearest" });
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    problem.textContent = "";
    result.replaceChildren();
    try {
      show(await changeWorld(() => act.register(box.value.trim())));
      box.value = "";
    } catch (error) {
      problem.textContent = error.message;
      box.focus();
    } finally {
      button.removeAttribute("aria-busy");
    }
  });

  return {
    clear() {
      result.replaceChildren();
      problem.textContent = "";
    },
  };
}

// Faults for the next matching calls of the API, to test how an app handles them.

import * as api from "./api.js";
import { el } from "./dom.js";
import { t, tCount } from "./i18n.js";

// The number of each kind with its default and bounds; null if the kind has no number.
const KINDS = {
  delay: { value: "5", min: "0.1", max: "60", step: "0.1" },
  status: { value: "500", min: "400", max: "599", step: "1" },
  rate_limit: { value: "7", min: "0", max: "9999", step: "1" },
  garbage: null,
  html: null,
  redirect: null,
  drop: null,
  lose: null,
  truncate: null,
  drip: { value: "0.05", min: "0.001", max: "10", step: "0.001" },
};

const POLL_INTERVAL = 1500;

const describe = ({ do: spec }) => {
  const [kind, number] = spec.split(":");
  return [t(`fault.${kind}`), number].filter(Boolean).join(": ");
};

export function createFaults(part) {
  const form = part.querySelector("form");
  const { method, path, kind, number, times } = form.elements;
  const numberField = part.querySelector("#fault-number-field");
  const numberLabel = numberField.querySelector("span");
  const problem = part.querySelector(".error");
  const list = part.querySelector("#fault-list");
  const none = part.querySelector("#fault-none");
  const clear = part.querySelector("#fault-clear");

  function showNumberField() {
    const input = KINDS[kind.value];
    numberField.hidden = !input;
    number.disabled = !input;
    if (!input) return;
    Object.assign(number, input);
    numberLabel.dataset.text = `fault_number.${kind.value}`;
    numberLabel.textContent = t(numberLabel.dataset.text);
  }

  function renderKinds() {
    const chosen = kind.value;
    kind.replaceChildren(
      ...Object.keys(KINDS).map((name) =>
        el("option", { value: name, "data-text": `fault.${name}` }, t(`fault.${name}`)),
      ),
    );
    kind.value = chosen || "status";
    showNumberField();
  }

  function show(faults) {
    list.replaceChildren(
      ...faults.map((fault) =>
        el(
          "li",
          { class: "fault", "data-testid": "fault" },
          el("code", {}, fault.match),
          el("span", {}, describe(fault)),
          el("span", { class: "muted" }, tCount("faults_left", fault.times)),
        ),
      ),
    );
    none.hidden = faults.length > 0;
    clear.hidden = faults.length === 0;
  }

  async function attempt(work) {
    problem.textContent = "";
    try {
      show(await work());
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  kind.addEventListener("change", showNumberField);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const spec = KINDS[kind.value] ? `${kind.value}:${number.value}` : kind.value;
    attempt(() =>
      api.addFaults([{ match: `${method.value} ${path.value.trim()}`, do: spec, times: Number(times.value) }]),
    );
  });
  clear.addEventListener("click", () => attempt(api.clearFaults));

  let timer = null;
  return {
    setActive(isActive) {
      clearInterval(timer);
      if (!isActive) return;
      renderKinds();
      attempt(api.faults);
      // Calls use up faults meanwhile.
      timer = setInterval(() => !document.hidden && api.faults().then(show, () => {}), POLL_INTERVAL);
    },
  };
}

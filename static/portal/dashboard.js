// What makes the dashboard's forms nicer. All of them work without it.
"use strict";

// A form that is on its way is not sent twice, and says that it is on its way.
for (const form of document.querySelectorAll("form[data-guard]")) {
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "preview") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
    const busy = event.submitter?.dataset.busy;
    if (busy) event.submitter.textContent = busy;
  });
}
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// The sentence follows what is chosen.
for (const form of document.querySelectorAll("form[data-sentence]")) {
  let waiting;
  let asked = 0;
  const preview = async () => {
    const mine = ++asked;
    const chosen = new FormData(form);
    chosen.set("preview", "1");
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(chosen) });
    if (!answer.ok || answer.redirected || mine !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [fresh, shown] = [page.querySelector("#outcome p"), form.querySelector("#outcome p")];
    if (fresh && shown) shown.replaceWith(fresh);
  };
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => preview().catch(() => {}), 400);
  };
  form.querySelector("[data-preview]").hidden = true;
  form.addEventListener("change", soon);
  soon();
}

// A rotation under way keeps its last uses fresh.
const rotation = document.querySelector("[data-refresh]");
if (rotation) {
  setInterval(async () => {
    if (document.hidden || rotation.contains(document.activeElement)) return;
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-refresh] dl");
    if (fresh) rotation.querySelector("dl").replaceWith(fresh);
    else location.reload();
  }, 5000);
}

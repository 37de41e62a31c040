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
    const { submitter } = event;
    const { busy } = submitter?.dataset ?? {};
    const label = submitter?.textContent;
    if (busy) submitter.textContent = busy;
    const revive = () => {
      clearTimeout(tooLong);
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
      if (busy) submitter.textContent = label;
    };
    // Where no answer replaces this page: it was left and came back, the browser refused to go on, or the network is down.
    const tooLong = setTimeout(revive, 20_000);
    addEventListener("pageshow", revive, { once: true });
    document.addEventListener("securitypolicyviolation", revive, { once: true });
  });
}

// A page that comes back out of the browser's memory may be out of date. What was typed into a form is not thrown away.
addEventListener("pageshow", (event) => {
  if (event.persisted && !document.querySelector("form.sheet")) location.reload();
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
    if (!answer.ok || mine !== asked) return;
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
    // A redirect means that the session has ended. It leads to Pumble, where no script of this page may follow.
    const answer = await fetch(location.href, { redirect: "manual" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-refresh] dl");
    if (fresh) rotation.querySelector("dl").replaceWith(fresh);
    else location.reload();
  }, 5000);
}

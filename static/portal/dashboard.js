// Enhances the dashboard's forms. All of them work without JavaScript.
"use strict";

// Send a form only once, and show that it is being sent.
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
    const reset = () => {
      clearTimeout(timeout);
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
      if (busy) submitter.textContent = label;
    };
    // Reset where no response replaces this page: it was restored, the browser blocked a redirect, or the network is down.
    const timeout = setTimeout(reset, 20_000);
    addEventListener("pageshow", reset, { once: true });
    document.addEventListener("securitypolicyviolation", reset, { once: true });
  });
}

// Reload a page restored from the back/forward cache, because it may be out of date. Keep forms with their input.
addEventListener("pageshow", (event) => {
  if (event.persisted && !document.querySelector("form.sheet")) location.reload();
});

// Update the summary when a choice changes.
for (const form of document.querySelectorAll("form[data-sentence]")) {
  let timer;
  let latest = 0;
  const preview = async () => {
    const request = ++latest;
    const data = new FormData(form);
    data.set("preview", "1");
    const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(data) });
    if (!response.ok || request !== latest) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const [fresh, current] = [page.querySelector("#outcome p"), form.querySelector("#outcome p")];
    if (fresh && current) current.replaceWith(fresh);
  };
  const schedulePreview = () => {
    clearTimeout(timer);
    timer = setTimeout(() => preview().catch(() => {}), 400);
  };
  form.querySelector("[data-preview]").hidden = true;
  form.addEventListener("change", schedulePreview);
  schedulePreview();
}

// "Custom" begins with the permissions of the access level that was chosen before.
for (const form of document.querySelectorAll("form[data-presets]")) {
  const presets = JSON.parse(form.dataset.presets);
  const levels = [...form.querySelectorAll('[name="preset"]')];
  let previous = levels.find((level) => level.checked)?.value;
  for (const level of levels) {
    level.addEventListener("change", () => {
      if (level.value === "custom" && presets[previous]) {
        for (const box of form.querySelectorAll('[name="scopes"]')) box.checked = presets[previous].includes(box.value);
      }
      previous = level.value;
    });
  }
}

// Refresh the last uses during a rotation.
const rotation = document.querySelector("[data-refresh]");
if (rotation) {
  setInterval(async () => {
    if (document.hidden || rotation.contains(document.activeElement)) return;
    // A redirect means that the session has ended. It leads to Pumble, and the CSP forbids to follow it.
    const response = await fetch(location.href, { redirect: "manual" });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("[data-refresh] dl");
    if (fresh) rotation.querySelector("dl").replaceWith(fresh);
    else location.reload();
  }, 5000);
}

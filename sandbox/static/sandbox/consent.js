import { lookUp, startLanguage, t } from "./i18n.js";

const form = document.getElementById("consent");
const people = document.getElementById("person");
const app = form?.dataset.app;

// Without this script the page is in English, and only the server checks who may install.
function show() {
  const { workspace, installed, mayInstall, name } = people.selectedOptions[0].dataset;
  const isInstalled = installed === "true";
  const isAllowed = isInstalled || mayInstall === "true";
  document.getElementById("title").textContent = t("consent_title", { app, workspace });
  document.getElementById("what").textContent = t(isInstalled ? "consent_what_authorize" : "consent_what_install", {
    app,
    workspace,
  });
  document.getElementById("cannot").textContent = isAllowed
    ? ""
    : t("consent_cannot_install", { person: name, workspace });
  document.getElementById("what").hidden = !isAllowed;
  document.getElementById("cannot").hidden = isAllowed;
  document.getElementById("allow").disabled = !isAllowed;
  // Only owners and administrators can reinstall.
  document.getElementById("reinstall").hidden = !(isInstalled && mayInstall === "true");
}

function start() {
  document.title = `${t("consent_title_plain", { app })} · ${t("title")}`;
  for (const node of document.querySelectorAll("[data-text-app]")) node.textContent = t(node.dataset.textApp, { app });
  for (const node of document.querySelectorAll("[data-scope]")) {
    const words = lookUp(`scope.${node.dataset.scope.replace(/^bot:/, "")}`);
    if (words) node.textContent = words;
  }
  if (people.options.length === 0) return;
  people.addEventListener("change", show);
  show();
}

startLanguage();
// The error page has no form.
if (form) start();

// The "Add apps" dialog: install, authorize, open and remove apps.

import * as api from "./api.js";
import { codeBlock } from "./blocks.js";
import { askConfirmation } from "./dialogs.js";
import { avatar, closeOnBackdrop, el, icon, name, safeUrl } from "./dom.js";
import { t } from "./i18n.js";
import { openMenu } from "./menu.js";

const CREDENTIALS = ["id", "appKey", "clientSecret", "signingSecret"];
const MAY_INSTALL = ["OWNER", "ADMINISTRATOR"];

export function createAppsDialog(dialog, { openChannel, changeWorkspace }) {
  const list = dialog.querySelector("#app-list");
  const empty = dialog.querySelector("#app-list-empty");
  const problem = dialog.querySelector("#app-problem");
  const registration = createRegistration(dialog.querySelector("#registration"), { changeWorkspace });
  let shownSignature = null;
  closeOnBackdrop(dialog);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  // Credentials are shown once.
  dialog.addEventListener("close", registration.clear);

  async function change(question, work) {
    if (!(await askConfirmation(question))) return;
    problem.textContent = "";
    try {
      await changeWorkspace(work);
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  function menuItems(app, { person, workspace }) {
    const values = { app: app.displayName, person: person.name, workspace: workspace.name };
    const mayInstall = MAY_INSTALL.includes(person.role);
    const consent = safeUrl(app.reinstallUrl ?? app.installUrl, location.href);
    return [
      mayInstall && consent && { label: t("reinstall"), testId: "reinstall", run: () => location.assign(consent) },
      app.authorized && {
        label: t("unauthorize"),
        testId: "unauthorize",
        isDanger: true,
        run: () =>
          change(
            {
              title: t("take_back_title"),
              text: t("take_back_text", values),
              confirm: t("unauthorize"),
              style: "danger",
            },
            () => api.unauthorize(person.id, app.id),
          ),
      },
      mayInstall && {
        label: t("uninstall"),
        testId: "uninstall",
        isDanger: true,
        run: () =>
          change(
            {
              title: t("uninstall_title", values),
              text: t("uninstall_text", values),
              confirm: t("uninstall"),
              style: "danger",
            },
            () => api.uninstall(person.id, app.id),
          ),
      },
    ].filter(Boolean);
  }

  function appEntry(app, directory) {
    const url = app.installUrl && safeUrl(app.installUrl, location.href);
    const channel = directory.appChannel(app);
    const noteOr = (values) => (url ? values : t("app_unreachable"));
    const linkTo = (word, testId) =>
      url &&
      el(
        "a",
        {
          class: "button button-primary",
          href: url,
          "data-testid": testId,
          "aria-label": `${t(word)} ${app.displayName}`,
        },
        t(word),
      );

    let note = noteOr(t("install_hint", { workspace: directory.workspace.name }));
    let action = linkTo("install", `install-${app.name}`);
    if (app.installed && !app.authorized) {
      note = noteOr(t("authorize_hint"));
      action = linkTo("authorize", `authorize-${app.name}`);
    } else if (app.installed) {
      note = null;
      action =
        channel &&
        el(
          "button",
          {
            type: "button",
            class: "button button-secondary",
            "data-testid": `open-${app.name}`,
            "aria-label": `${t("open")} ${app.displayName}`,
            click() {
              dialog.close();
              openChannel(channel.id);
            },
          },
          t("open"),
        );
    }
    const items = app.installed ? menuItems(app, directory) : [];
    const label = t("app_actions", { app: app.displayName });
    const moreButton =
      items.length > 0 &&
      el(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": label,
          "aria-haspopup": "menu",
          title: label,
          "data-testid": `more-${app.name}`,
          click: () => openMenu(moreButton, items, { label }),
        },
        icon("more"),
      );
    return el(
      "li",
      { class: "entry", "data-testid": `app-${app.name}` },
      avatar(app.botId ?? app.id, app.displayName, true),
      el(
        "div",
        { class: "entry-words" },
        el("p", {}, name(app.displayName, "author")),
        note
          ? el("p", { class: "muted" }, note)
          : el("p", { class: "installed" }, icon("check"), t("authorized_by_you")),
      ),
      el("div", { class: "entry-actions" }, action, moreButton),
    );
  }

  function render(directory) {
    if (shownSignature === directory.signature) return;
    shownSignature = directory.signature;
    list.replaceChildren(...directory.apps.map((app) => appEntry(app, directory)));
    list.hidden = directory.apps.length === 0;
    empty.hidden = directory.apps.length > 0;
  }

  return {
    open(directory) {
      shownSignature = null;
      problem.textContent = "";
      render(directory);
      if (!dialog.open) dialog.showModal();
    },
    refresh: (directory) => dialog.open && render(directory),
  };
}

// Registers an app by its manifest URL, and shows its credentials once.

function createRegistration(form, { changeWorkspace }) {
  const box = form.querySelector("input");
  const button = form.querySelector("button");
  const problem = form.querySelector(".error");
  const result = form.querySelector("output");

  function show(credentials) {
    result.replaceChildren(
      el("p", {}, t("credentials_note")),
      el(
        "dl",
        { class: "credentials" },
        CREDENTIALS.map((name) => [
          el("dt", {}, t(`credential.${name}`)),
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
      show(await changeWorkspace(() => api.register(box.value.trim())));
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

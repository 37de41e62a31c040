// The apps there are: install, authorize, open, and the end of each.

import * as api from "./api.js";
import { codeBlock } from "./blocks.js";
import { askConfirmation } from "./dialogs.js";
import { avatar, closeOnBackdrop, el, icon, name, safeUrl } from "./dom.js";
import { openMenu } from "./menu.js";
import { say } from "./strings.js";

const CREDENTIALS = ["id", "appKey", "clientSecret", "signingSecret"];
const MAY_INSTALL = ["OWNER", "ADMINISTRATOR"];

export function createAppsDialog(dialog, { openChannel, changeWorld }) {
  const list = dialog.querySelector("#app-list");
  const empty = dialog.querySelector("#app-list-empty");
  const problem = dialog.querySelector("#app-problem");
  const registration = createRegistration(dialog.querySelector("#registration"), { changeWorld });
  let shown = null;
  closeOnBackdrop(dialog);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  // Credentials are shown once.
  dialog.addEventListener("close", registration.clear);

  async function change(question, work) {
    if (!(await askConfirmation(question))) return;
    problem.textContent = "";
    try {
      await changeWorld(work);
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  function moreOf(app, { person, workspace }) {
    const words = { app: app.displayName, person: person.name, workspace: workspace.name };
    const mayInstall = MAY_INSTALL.includes(person.role);
    const consent = safeUrl(app.reinstallUrl ?? app.installUrl, location.href);
    return [
      mayInstall && consent && { label: say("reinstall"), testId: "reinstall", run: () => location.assign(consent) },
      app.authorized && {
        label: say("unauthorize"),
        testId: "unauthorize",
        isDanger: true,
        run: () =>
          change(
            {
              title: say("take_back_title"),
              text: say("take_back_text", words),
              confirm: say("unauthorize"),
              style: "danger",
            },
            () => api.unauthorize(person.id, app.id),
          ),
      },
      mayInstall && {
        label: say("uninstall"),
        testId: "uninstall",
        isDanger: true,
        run: () =>
          change(
            {
              title: say("uninstall_title", words),
              text: say("uninstall_text", words),
              confirm: say("uninstall"),
              style: "danger",
            },
            () => api.uninstall(person.id, app.id),
          ),
      },
    ].filter(Boolean);
  }

  function entry(app, directory) {
    const url = app.installUrl && safeUrl(app.installUrl, location.href);
    const channel = directory.appChannel(app);
    const offer = (words) => (url ? words : say("app_unreachable"));
    const linkTo = (word, testId) =>
      url &&
      el(
        "a",
        {
          class: "button button-primary",
          href: url,
          "data-testid": testId,
          "aria-label": `${say(word)} ${app.displayName}`,
        },
        say(word),
      );

    let note = offer(say("install_hint", { workspace: directory.workspace.name }));
    let action = linkTo("install", `install-${app.name}`);
    if (app.installed && !app.authorized) {
      note = offer(say("authorize_hint"));
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
            "aria-label": `${say("open")} ${app.displayName}`,
            click() {
              dialog.close();
              openChannel(channel.id);
            },
          },
          say("open"),
        );
    }
    const rest = app.installed ? moreOf(app, directory) : [];
    const label = say("app_actions", { app: app.displayName });
    const more =
      rest.length > 0 &&
      el(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": label,
          "aria-haspopup": "menu",
          title: label,
          "data-testid": `more-${app.name}`,
          click: () => openMenu(more, rest, { label }),
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
          : el("p", { class: "installed" }, icon("check"), say("authorized_by_you")),
      ),
      el("div", { class: "entry-actions" }, action, more),
    );
  }

  function fill(directory) {
    if (shown === directory.signature) return;
    shown = directory.signature;
    list.replaceChildren(...directory.apps.map((app) => entry(app, directory)));
    list.hidden = directory.apps.length === 0;
    empty.hidden = directory.apps.length > 0;
  }

  return {
    open(directory) {
      shown = null;
      problem.textContent = "";
      fill(directory);
      if (!dialog.open) dialog.showModal();
    },
    refresh: (directory) => dialog.open && fill(directory),
  };
}

// Registers another app by the address of its manifest, and shows its credentials once.

function createRegistration(form, { changeWorld }) {
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
      show(await changeWorld(() => api.register(box.value.trim())));
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

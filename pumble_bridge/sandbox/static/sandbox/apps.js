import { avatar, closeOnBackdrop, el, icon, name, safeUrl } from "./dom.js";
import { say } from "./strings.js";

function entry(app, directory, openChannel) {
  const url = app.installUrl && safeUrl(app.installUrl, location.href);
  const channel = directory.appChannel(app);
  const offer = (words) => (url ? words : say("app_unreachable"));
  const linkTo = (word, testId, style) =>
    url &&
    el(
      "a",
      { class: `button ${style}`, href: url, "data-testid": testId, "aria-label": `${say(word)} ${app.displayName}` },
      say(word),
    );

  let note = offer(say("install_hint", { workspace: directory.workspace.name }));
  let action = linkTo("install", `install-${app.name}`, "button-primary");
  if (app.installed && !app.authorized) {
    note = offer(say("authorize_hint"));
    action = linkTo("authorize", `authorize-${app.name}`, "button-primary");
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
          click: () => openChannel(channel.id),
        },
        say("open"),
      );
  }
  return el(
    "li",
    { class: "app" },
    avatar(app.botId ?? app.id, app.displayName, true),
    el(
      "div",
      { class: "app-words" },
      name(app.displayName, "author"),
      note ? el("p", { class: "muted" }, note) : el("p", { class: "installed" }, icon("check"), say("installed")),
    ),
    action,
  );
}

export function createAppsDialog(dialog, { openChannel }) {
  const list = dialog.querySelector("#app-list");
  const empty = dialog.querySelector("#app-list-empty");
  closeOnBackdrop(dialog);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());

  function fill(directory) {
    const visit = (channelId) => {
      dialog.close();
      openChannel(channelId);
    };
    list.replaceChildren(...directory.apps.map((app) => entry(app, directory, visit)));
    empty.hidden = directory.apps.length > 0;
  }

  return {
    open(directory) {
      fill(directory);
      if (!dialog.open) dialog.showModal();
    },
    refresh: (directory) => dialog.open && fill(directory),
  };
}

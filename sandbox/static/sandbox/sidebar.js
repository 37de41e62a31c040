import { isActivePerson } from "./directory.js";
import { avatar, el, icon, name } from "./dom.js";
import { currentLanguage, roleName, t } from "./i18n.js";

const byName = (first, second) => first.label.localeCompare(second.label);

function link(channel, label, mark, directory, openChannel) {
  const isPrivate = channel.channelType === "PRIVATE";
  return el(
    "li",
    {},
    el(
      "a",
      {
        class: "side-link",
        href: `?person=${encodeURIComponent(directory.person.id)}&channel=${encodeURIComponent(channel.id)}`,
        "data-testid": `channel-${label}`,
        "data-channel-id": channel.id,
        click(event) {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          openChannel(channel.id);
        },
      },
      mark,
      name(label, "side-name"),
      isPrivate && el("span", { class: "visually-hidden" }, t("private_channel_icon")),
    ),
  );
}

export function createSidebar(side, { openChannel, choosePerson, chooseWorkspace, openApps, openPeople }) {
  const workspaceSelect = side.querySelector("#workspace");
  const personSelect = side.querySelector("#person");
  const channels = side.querySelector("#channels");
  const directs = side.querySelector("#directs");
  const directSection = side.querySelector("#direct-section");
  const apps = side.querySelector("#apps");
  let shown = null;

  workspaceSelect.addEventListener("change", () => chooseWorkspace(workspaceSelect.value));
  personSelect.addEventListener("change", () => choosePerson(personSelect.value));
  side.querySelector("#add-apps").addEventListener("click", openApps);
  side.querySelector("#open-people").addEventListener("click", openPeople);

  function fill(workspaces, directory) {
    const { person, workspace } = directory;
    workspaceSelect.replaceChildren(...workspaces.map(({ id, name }) => el("option", { value: id }, name)));
    workspaceSelect.value = workspace.id;
    personSelect.replaceChildren(
      ...workspace.users
        .filter(isActivePerson)
        .map((user) => el("option", { value: user.id }, `${user.name} (${roleName(user.role)})`)),
    );
    personSelect.value = person.id;

    const all = [...directory.channels.values()].map((channel) => ({ channel, label: directory.channelName(channel) }));
    const focused = side.contains(document.activeElement) ? document.activeElement.dataset.channelId : null;
    channels.replaceChildren(
      ...all
        .filter(({ channel }) => !directory.isDirect(channel))
        .sort(byName)
        .map(({ channel, label }) =>
          link(channel, label, icon(channel.channelType === "PRIVATE" ? "lock" : "hash"), directory, openChannel),
        ),
    );

    const talks = all
      .filter(({ channel }) => directory.isDirect(channel) && !directory.botOf(channel))
      .sort(byName);
    directs.replaceChildren(
      ...talks.map(({ channel, label }) => {
        const other = (channel.users ?? []).find((id) => id !== person.id) ?? person.id;
        return link(channel, label, avatar(other, label), directory, openChannel);
      }),
    );
    directSection.hidden = talks.length === 0;

    // An app without a conversation links to the dialog in which it can be authorized.
    const silent = directory.apps.filter((app) => app.installed && !directory.appChannel(app));
    apps.replaceChildren(
      ...all
        .filter(({ channel }) => directory.botOf(channel) && directory.isInstalled(directory.botOf(channel)))
        .sort(byName)
        .map(({ channel, label }) =>
          link(channel, label, avatar(directory.botOf(channel).id, label, true), directory, openChannel),
        ),
      ...silent.map((app) =>
        el(
          "li",
          {},
          el(
            "button",
            { type: "button", class: "side-link", "data-testid": `channel-${app.displayName}`, click: openApps },
            avatar(app.id, app.displayName, true),
            name(app.displayName, "side-name"),
          ),
        ),
      ),
    );
    if (focused) side.querySelector(`[data-channel-id="${CSS.escape(focused)}"]`)?.focus();
  }

  return {
    show(workspaces, directory, channelId) {
      const signature = JSON.stringify([
        workspaces.map(({ id, name }) => [id, name]),
        directory.signature,
        currentLanguage(),
      ]);
      if (signature !== shown) fill(workspaces, directory);
      shown = signature;
      for (const node of side.querySelectorAll("a[data-channel-id]")) {
        if (node.dataset.channelId === channelId) node.setAttribute("aria-current", "page");
        else node.removeAttribute("aria-current");
      }
    },
  };
}

// Below this width the sidebar is a drawer over the page.
const NARROW = matchMedia("(max-width: 759px)");

export function createDrawer(side, rest, openButton, closeButton, scrim) {
  let isOpen = false;

  function apply() {
    const hidden = NARROW.matches && !isOpen;
    side.inert = hidden;
    side.classList.toggle("open", isOpen && NARROW.matches);
    scrim.hidden = !(NARROW.matches && isOpen);
    for (const part of rest) part.inert = NARROW.matches && isOpen;
    openButton.setAttribute("aria-expanded", String(NARROW.matches && isOpen));
  }

  function set(open) {
    const was = isOpen;
    isOpen = open;
    apply();
    if (open) closeButton.focus();
    else if (was && NARROW.matches) openButton.focus();
  }

  openButton.addEventListener("click", () => set(true));
  closeButton.addEventListener("click", () => set(false));
  scrim.addEventListener("click", () => set(false));
  side.addEventListener("keydown", (event) => event.key === "Escape" && isOpen && set(false));
  NARROW.addEventListener("change", apply);
  apply();
  return { close: () => isOpen && set(false), isNarrow: () => NARROW.matches };
}

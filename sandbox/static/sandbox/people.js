// The "People" dialog: switch to a person, change roles, deactivate and activate.

import * as api from "./api.js";
import { askConfirmation } from "./dialogs.js";
import { isActivePerson } from "./directory.js";
import { avatar, closeOnBackdrop, el, name } from "./dom.js";
import { roleName, t } from "./i18n.js";

const MAY_CHANGE = ["OWNER", "ADMINISTRATOR"];
const ROLES = ["OWNER", "ADMINISTRATOR", "USER", "GUEST_MULTI_CHANNEL", "GUEST_SINGLE_CHANNEL"];

export function createPeopleDialog(dialog, { choosePerson, changeWorkspace }) {
  const list = dialog.querySelector("#people-list");
  const intro = dialog.querySelector("#people-intro");
  const problem = dialog.querySelector(".error");
  let shownSignature = null;
  closeOnBackdrop(dialog);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());

  async function change(work) {
    problem.textContent = "";
    try {
      await changeWorkspace(work);
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  async function confirmDeactivation(user) {
    const isSure = await askConfirmation({
      title: t("deactivate_title", { person: user.name }),
      text: t("deactivate_text", { person: user.name }),
      confirm: t("deactivate"),
      style: "danger",
    });
    if (isSure) await change(() => api.deactivate(user.id));
  }

  function action(key, user, style, click) {
    return el(
      "button",
      {
        type: "button",
        class: `button ${style}`,
        "aria-label": `${t(key)} ${user.name}`,
        "data-testid": `${key}-${user.email.split("@")[0]}`,
        click,
      },
      t(key),
    );
  }

  // Owners and administrators can change the roles of others.
  function roleOf(user, me) {
    if (!MAY_CHANGE.includes(me.role) || user.id === me.id || !isActivePerson(user)) {
      return el("span", { class: "badge" }, roleName(user.role));
    }
    const select = el(
      "select",
      { class: "role", "aria-label": t("role_of", { person: user.name }), "data-testid": "role" },
      ROLES.map((role) => el("option", { value: role }, roleName(role))),
    );
    select.value = ROLES.includes(user.role) ? user.role : "GUEST_MULTI_CHANNEL";
    select.addEventListener("change", () => change(() => api.changeRole(me.id, user.id, select.value)));
    return select;
  }

  function row(user, me) {
    const isMe = user.id === me.id;
    const isHere = isActivePerson(user);
    return el(
      "li",
      { class: isHere ? "entry" : "entry entry-gone", "data-testid": "member" },
      avatar(user.id, user.name),
      el(
        "div",
        { class: "entry-words" },
        el(
          "p",
          {},
          name(user.name, "author"),
          isMe && el("span", { class: "badge" }, t("you")),
          roleOf(user, me),
          !isHere &&
            el("span", { class: "badge badge-gone" }, t(user.status === "INVITED" ? "invited" : "deactivated")),
        ),
        el("p", { class: "muted" }, user.email),
      ),
      el(
        "div",
        { class: "entry-actions" },
        isHere &&
          !isMe &&
          action("switch_to", user, "button-secondary", () => {
            dialog.close();
            choosePerson(user.id);
          }),
        isHere
          ? action("deactivate", user, "button-quiet", () => confirmDeactivation(user))
          : action("activate", user, "button-secondary", () => change(() => api.activate(user.id))),
      ),
    );
  }

  function render(directory) {
    if (shownSignature === directory.signature) return;
    shownSignature = directory.signature;
    intro.textContent = t("people_intro", { workspace: directory.workspace.name });
    const people = directory.workspace.users.filter((user) => !user.isBot);
    list.replaceChildren(...people.map((user) => row(user, directory.person)));
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

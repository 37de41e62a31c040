// Everybody in the workspace: whom to be, and who has left.

import * as api from "./api.js";
import { askConfirmation } from "./dialogs.js";
import { isPlayable } from "./directory.js";
import { avatar, closeOnBackdrop, el, name } from "./dom.js";
import { say, sayRole } from "./strings.js";

const MAY_CHANGE = ["OWNER", "ADMINISTRATOR"];
const ROLES = ["OWNER", "ADMINISTRATOR", "USER", "GUEST_MULTI_CHANNEL", "GUEST_SINGLE_CHANNEL"];

export function createPeopleDialog(dialog, { choosePerson, changeWorld }) {
  const list = dialog.querySelector("#people-list");
  const intro = dialog.querySelector("#people-intro");
  const problem = dialog.querySelector(".error");
  let shown = null;
  closeOnBackdrop(dialog);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());

  async function change(work) {
    problem.textContent = "";
    try {
      await changeWorld(work);
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  async function leave(user) {
    const isSure = await askConfirmation({
      title: say("deactivate_title", { person: user.name }),
      text: say("deactivate_text", { person: user.name }),
      confirm: say("deactivate"),
      style: "danger",
    });
    if (isSure) await change(() => api.deactivate(user.id));
  }

  function action(word, user, style, click) {
    return el(
      "button",
      {
        type: "button",
        class: `button ${style}`,
        "aria-label": `${say(word)} ${user.name}`,
        "data-testid": `${word}-${user.email.split("@")[0]}`,
        click,
      },
      say(word),
    );
  }

  // Owners and administrators change the roles of others; everybody else only reads them.
  function roleOf(user, me) {
    if (!MAY_CHANGE.includes(me.role) || user.id === me.id || !isPlayable(user)) {
      return el("span", { class: "badge" }, sayRole(user.role));
    }
    const select = el(
      "select",
      { class: "role", "aria-label": say("role_of", { person: user.name }), "data-testid": "role" },
      ROLES.map((role) => el("option", { value: role }, sayRole(role))),
    );
    select.value = ROLES.includes(user.role) ? user.role : "GUEST_MULTI_CHANNEL";
    select.addEventListener("change", () => change(() => api.changeRole(me.id, user.id, select.value)));
    return select;
  }

  function row(user, me) {
    const isMe = user.id === me.id;
    const isHere = isPlayable(user);
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
          isMe && el("span", { class: "badge" }, say("you")),
          roleOf(user, me),
          !isHere &&
            el("span", { class: "badge badge-gone" }, say(user.status === "INVITED" ? "invited" : "deactivated")),
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
          ? action("deactivate", user, "button-quiet", () => leave(user))
          : action("activate", user, "button-secondary", () => change(() => api.activate(user.id))),
      ),
    );
  }

  function fill(directory) {
    if (shown === directory.signature) return;
    shown = directory.signature;
    intro.textContent = say("people_intro", { workspace: directory.workspace.name });
    const people = directory.workspace.users.filter((user) => !user.isBot);
    list.replaceChildren(...people.map((user) => row(user, directory.person)));
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

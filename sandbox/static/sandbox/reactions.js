// Reactions of a message, and the menu to add one.

import { el, icon } from "./dom.js";
import { CHOICES, emoji } from "./emoji.js";
import { t } from "./i18n.js";
import { openMenu } from "./menu.js";
import { objects } from "./values.js";

export function reactionChips(message, directory, react) {
  const people = new Map();
  for (const { code, user } of objects(message.reactions)) people.set(code, [...(people.get(code) ?? []), user]);
  if (people.size === 0) return null;
  const chips = [...people].map(([code, users]) => {
    const names = users.map((id) => directory.userName(id) ?? t("unknown_person")).join(", ");
    const isMine = users.includes(directory.person.id);
    const words = { emoji: emoji(code), count: users.length, names };
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          class: "reaction",
          title: names,
          "aria-pressed": String(isMine),
          "aria-label": t("reaction_of", words),
          "data-focus-key": `reaction ${code}`,
          "data-testid": "reaction",
          click: () => react(message, code),
        },
        emoji(code),
        " ",
        String(users.length),
      ),
    );
  });
  return el("ul", { class: "reactions" }, chips);
}

export function reactionButton(message, react) {
  const label = t("add_reaction");
  const button = el(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": label,
      "aria-haspopup": "menu",
      title: label,
      "data-testid": "react",
    },
    icon("smile"),
  );
  button.addEventListener("click", () =>
    openMenu(
      button,
      CHOICES.map((name) => ({
        label: emoji(name),
        title: name.replaceAll("_", " "),
        run: () => react(message, `:${name}:`),
      })),
      { label: t("choose_reaction"), className: "menu-grid" },
    ),
  );
  return button;
}

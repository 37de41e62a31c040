import { el, externalLink, name } from "./dom.js";
import { t } from "./i18n.js";

export function userMention(id, directory) {
  const isMe = id === directory.person.id;
  return el(
    "span",
    { class: isMe ? "mention mention-me" : "mention" },
    "@",
    name(directory.userName(id) ?? t("unknown_person")),
  );
}

export function channelMention(id, directory) {
  const channel = directory.channels.get(id);
  const label = channel ? directory.channelName(channel) : t("private_channel");
  return el("span", { class: "mention" }, "#", name(label));
}

const SPECIAL = /<<@(\w+)>>|<<#(\w+)>>|https?:\/\/[^\s<>"]+/g;

// Mentions and URLs in plain text become elements.
export function plainText(text, directory) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(SPECIAL)) {
    parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[1]) parts.push(userMention(match[1], directory));
    else if (match[2]) parts.push(channelMention(match[2], directory));
    else {
      const address = match[0].replace(/[.,;:!?)\]}'*_]+$/, "");
      parts.push(externalLink(address, address), match[0].slice(address.length));
    }
  }
  parts.push(text.slice(end));
  return parts.filter((part) => part !== "");
}

export async function copyText(node) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return true;
  } catch {
    // Without HTTPS only loopback addresses have a clipboard. Elsewhere, select the text.
    getSelection().selectAllChildren(node);
    return false;
  }
}

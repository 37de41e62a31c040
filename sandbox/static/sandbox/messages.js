import { renderBlocks } from "./blocks.js";
import { avatar, el, externalLink, icon, name } from "./dom.js";
import { fileView } from "./files.js";
import { currentLanguage, formatDateTime, formatDay, formatHour, formatTime, t, tCount } from "./i18n.js";
import { openMenu } from "./menu.js";
import { reactionButton, reactionChips } from "./reactions.js";
import { plainText } from "./text.js";
import { objects, string } from "./values.js";

const GROUP_MILLISECONDS = 5 * 60 * 1000;
const BOTTOM_SLACK = 60;

const time = (message) => Number(message.timestampMilli) || Date.parse(message.timestamp) || 0;
export const rootOf = (message) => message.threadReplyInfo?.rootId || null;

// Messages and ephemeral messages, oldest first. Times are whole seconds; ids order messages of the same second.
export function timeline(screen) {
  const shared = (screen?.messages ?? []).filter((message) => !message.deleted);
  const own = (screen?.ephemeral ?? []).map((message) => ({ ...message, isEphemeral: true }));
  const compare = (first, second) => time(first) - time(second) || (first.id < second.id ? -1 : 1);
  return [...shared, ...own].sort(compare);
}

const linked = (url, text) => (url ? externalLink(url, String(text)) : String(text));

// Images are not shown, because they would be loaded from any address that an app sends.
function attachment(item, context) {
  const at = Number(item.ts) * (Number(item.ts) > 1e11 ? 1 : 1000);
  const fields = objects(item.fields).map((field) =>
    el(
      "div",
      { class: field.short ? "attachment-field attachment-short" : "attachment-field" },
      el("dt", {}, String(field.title ?? "")),
      el("dd", {}, plainText(String(field.value ?? ""), context.directory)),
    ),
  );
  const footer = [item.footer && String(item.footer), at > 0 && formatDateTime(at)].filter(Boolean).join(" · ");
  const body = el(
    "div",
    { class: "attachment", dir: "auto" },
    item.author_name && el("p", { class: "muted" }, linked(item.author_link, item.author_name)),
    item.title && el("p", {}, el("strong", {}, linked(item.title_link, item.title))),
    item.text && el("p", { class: "text" }, plainText(String(item.text), context.directory)),
    fields.length > 0 && el("dl", { class: "attachment-fields" }, fields),
    renderBlocks(item.blocks, context),
    footer && el("p", { class: "muted small" }, footer),
  );
  if (typeof item.color === "string" && CSS.supports("color", item.color)) body.style.borderColor = item.color;
  return [item.pretext && el("p", { class: "text" }, plainText(String(item.pretext), context.directory)), body];
}

// If a part cannot be shown, show the rest.
function attempt(build) {
  try {
    return build();
  } catch {
    return null;
  }
}

function content(message, context) {
  const text = string(message.text);
  return [
    renderBlocks(message.blocks, context) ??
      (text && el("div", { class: "text", dir: "auto" }, plainText(text, context.directory))),
    objects(message.attachments).map((item) => attempt(() => attachment(item, context))),
    objects(message.files).map((item) => attempt(() => fileView(item, context.directory.person.id))),
  ];
}

function tool(label, mark, testId, click) {
  return el(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": label,
      title: label,
      "data-testid": testId,
      "data-focus-key": testId,
      click,
    },
    icon(mark),
  );
}

// The tools of a message: react, reply, and shortcuts of installed apps.
function tools(message, handlers, openThread) {
  const shortcuts = handlers.messageShortcuts();
  const more =
    shortcuts.length > 0 &&
    tool(t("more_actions"), "more", "more", (event) =>
      openMenu(
        event.currentTarget,
        shortcuts.map((shortcut) => ({
          label: shortcut.displayName,
          note: shortcut.app,
          testId: `shortcut-${shortcut.name}`,
          run: () => handlers.runShortcut(shortcut, message),
        })),
        { label: t("more_actions") },
      ),
    );
  more && more.setAttribute("aria-haspopup", "menu");
  return el(
    "div",
    { class: "tools" },
    reactionButton(message, handlers.react),
    openThread && tool(t("reply_in_thread"), "reply", "reply", openThread),
    more,
  );
}

function messageNode(message, { isFirst, replies, directory, handlers }) {
  const isApp = directory.isApp(message);
  const author = directory.userName(message.author) ?? message.authorName ?? t("unknown_person");
  const at = time(message);
  const clock = (words) => el("time", { datetime: new Date(at).toISOString(), title: formatDateTime(at) }, words);
  const source = { type: message.isEphemeral ? "EPHEMERAL_MESSAGE" : "MESSAGE", id: message.id };
  const context = {
    directory,
    copyable: message.isEphemeral,
    values: () => undefined,
    press: (action) => handlers.press(source, action),
    findOptions: (onAction, query, value) => handlers.findOptions(source, onAction, query, value),
  };
  const openThread =
    handlers.openThread && !message.isEphemeral ? () => handlers.openThread(rootOf(message) ?? message.id) : null;

  return el(
    "article",
    {
      class: `message${isFirst ? " message-first" : ""}${message.isEphemeral ? " message-ephemeral" : ""}`,
      "data-testid": message.isEphemeral ? "ephemeral" : "message",
      "data-message-id": message.id,
      "data-source-id": message.id,
    },
    el("div", { class: "gutter" }, isFirst ? avatar(message.author, author, isApp) : clock(formatHour(at))),
    el(
      "div",
      { class: "message-main" },
      message.isEphemeral && el("p", { class: "only-you" }, icon("eye"), t("only_you")),
      isFirst &&
        el(
          "header",
          { class: "byline" },
          name(author, "author"),
          isApp && el("span", { class: "badge" }, t("app_badge")),
          clock(formatTime(at)),
        ),
      rootOf(message) &&
        openThread &&
        el("button", { type: "button", class: "replied", click: openThread }, icon("reply"), t("replied_in_thread")),
      content(message, context),
      message.edited && el("span", { class: "edited" }, t("edited")),
      reactionChips(message, directory, handlers.react),
      replies > 0 &&
        openThread &&
        el(
          "button",
          { type: "button", class: "replies", "data-testid": "replies", click: openThread },
          tCount("replies", replies),
        ),
    ),
    !message.isEphemeral && tools(message, handlers, openThread),
  );
}

function systemNode(message, directory) {
  return el(
    "p",
    { class: "system", "data-testid": "message", "data-message-id": message.id, dir: "auto" },
    plainText(String(message.text ?? ""), directory),
  );
}

// The list keeps the nodes of unchanged messages: a selection, the focus and the position of a screen reader
// stay as they are.
export function createMessageList(scroller, list, jump = null) {
  let shown = new Map();
  let seen = null;

  const isAtBottom = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < BOTTOM_SLACK;
  const toBottom = () => {
    scroller.scrollTop = scroller.scrollHeight;
  };

  // Only scrolling by the reader changes this, because a growing composer also moves the bottom.
  let pinned = true;
  scroller.addEventListener("scroll", () => {
    pinned = isAtBottom();
    if (pinned && jump) jump.hidden = true;
  });
  new ResizeObserver(() => pinned && toBottom()).observe(scroller);
  jump?.addEventListener("click", () => {
    toBottom();
    jump.hidden = true;
  });

  function entries(messages, { directory, handlers, countReplies }) {
    const result = [];
    const shortcuts = handlers.messageShortcuts();
    let previous = null;
    for (const message of messages) {
      const day = new Date(time(message)).toDateString();
      const isNewDay = !previous || new Date(time(previous)).toDateString() !== day;
      if (isNewDay) {
        const label = formatDay(time(message));
        const build = () => el("div", { class: "day" }, el("span", {}, label));
        result.push({ key: `day ${day}`, signature: label, build });
      }
      if (message.systemMessage === true && !message.isEphemeral) {
        result.push({
          key: message.id,
          signature: JSON.stringify(message),
          build: () => systemNode(message, directory),
        });
        previous = null;
        continue;
      }
      const isFirst =
        isNewDay ||
        message.isEphemeral ||
        previous?.isEphemeral ||
        previous?.author !== message.author ||
        time(message) - time(previous) > GROUP_MILLISECONDS ||
        Boolean(rootOf(message) && handlers.openThread);
      const replies = countReplies?.(message) ?? 0;
      result.push({
        key: message.id,
        signature: JSON.stringify([message, isFirst, replies, shortcuts, currentLanguage(), directory.signature]),
        build: () => messageNode(message, { isFirst, replies, directory, handlers }),
      });
      previous = message;
    }
    return result;
  }

  function update(wanted) {
    const next = new Map();
    let cursor = list.firstChild;
    for (const { key, signature, build } of wanted) {
      const old = shown.get(key);
      const node = old?.signature === signature ? old.node : build();
      if (old && old.node !== node) {
        if (cursor === old.node) cursor = cursor.nextSibling;
        old.node.remove();
      }
      if (node === cursor) cursor = cursor.nextSibling;
      else list.insertBefore(node, cursor);
      next.set(key, { signature, node });
    }
    for (const [key, { node }] of shown) if (!next.has(key)) node.remove();
    shown = next;
  }

  return {
    clear() {
      list.replaceChildren();
      shown = new Map();
      seen = null;
      pinned = true;
      if (jump) jump.hidden = true;
    },
    show(messages, context) {
      const wasPinned = pinned;
      const last = messages.at(-1)?.id ?? null;
      update(entries(messages, context));
      if (wasPinned) toBottom();
      else if (jump && seen !== null && last !== seen) jump.hidden = false;
      seen = last;
    },
    toBottom() {
      pinned = true;
      toBottom();
    },
  };
}

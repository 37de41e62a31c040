// What a person does with messages, views and shortcuts. Each call to /act/ answers with the new screen, which
// `perform` shows.

import * as api from "./api.js";
import { notify } from "./dialogs.js";
import { newerThan } from "./values.js";

const WAITING_DELAY = 300;

// `state` has the person, channel and screen; `waiting` is shown while a shortcut or reaction takes long.
export function createActions(state, perform, waiting) {
  // A refusal of an action in a modal or Home tab appears in the channel behind it, so return its text for the view.
  async function refusalAfter(viewId, work) {
    const before = new Set((state.screen?.ephemeral ?? []).map(({ id }) => id));
    const { screen } = await perform(work);
    const isInView = screen.home?.id === viewId || screen.modals.some(({ id }) => id === viewId);
    const fresh = newerThan(state.since, screen.ephemeral).filter(({ id, meta }) => meta?.refusal && !before.has(id));
    return isInView ? (fresh.at(-1)?.text ?? "") : "";
  }

  // Shows progress and errors of actions that have no place of their own for them.
  async function attempt(work) {
    const timer = setTimeout(() => (waiting.hidden = false), WAITING_DELAY);
    try {
      await perform(work);
    } catch (error) {
      notify(error.message);
    } finally {
      clearTimeout(timer);
      waiting.hidden = true;
    }
  }

  const shortcutsOf = (type) => state.shortcuts.filter((shortcut) => shortcut.type === type);

  const runShortcut = ({ appId, name }, message, threadRootId) =>
    attempt(() =>
      api.shortcut({
        userId: state.person,
        channelId: state.channel,
        appId,
        name,
        ...(message && { messageId: message.id }),
        ...(threadRootId && { threadRootId }),
      }),
    );

  return {
    send: (text, files, threadRootId) =>
      perform(() =>
        api.message(
          { userId: state.person, channelId: state.channel, text, ...(threadRootId && { threadRootId }) },
          files,
        ),
      ),

    // `values` are what was entered around the button in a view.
    async press(source, { onAction, value, confirmed }, values) {
      const body = { userId: state.person, source, onAction, value };
      if (confirmed) body.confirm = true;
      if (values) body.values = values;
      const word = await refusalAfter(source.id, () => api.click(body));
      if (word) throw new Error(word);
    },

    submit: (viewId, values) => refusalAfter(viewId, () => api.submit({ userId: state.person, viewId, values })),
    close: (viewId) => refusalAfter(viewId, () => api.close({ userId: state.person, viewId, values: {} })),

    findOptions: (source, onAction, query, value) =>
      api.menu({ userId: state.person, source, onAction, query, ...(value && { value }) }),

    react: (message, code) => attempt(() => api.react({ userId: state.person, messageId: message.id, code })),

    runShortcut,
    messageShortcuts: () => shortcutsOf("ON_MESSAGE"),
    globalShortcuts: (threadRootId) =>
      shortcutsOf("GLOBAL").map((shortcut) => ({
        label: shortcut.displayName,
        note: [shortcut.app, shortcut.description].filter(Boolean).join(" · "),
        testId: `shortcut-${shortcut.name}`,
        run: () => runShortcut(shortcut, null, threadRootId),
      })),
  };
}

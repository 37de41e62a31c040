import { createComposer } from "./composer.js";
import { t } from "./i18n.js";
import { createMessageList, rootOf, timeline } from "./messages.js";

export function createThread(panel, { send, commands, shortcuts, handlers, close }) {
  const composer = createComposer(panel.querySelector("form"), { prefix: "thread-", send, commands, shortcuts });
  const scroller = panel.querySelector("#thread-messages");
  const list = createMessageList(scroller, scroller);
  const channelTitle = panel.querySelector("#thread-channel");
  let shown = null;

  panel.querySelector("#close-thread").addEventListener("click", close);
  panel.addEventListener("keydown", (event) => event.key === "Escape" && close());

  return {
    show(screen, rootId, directory, title) {
      // Until the thread is loaded, show its first message from the channel.
      const loaded = screen?.thread?.[0]?.id === rootId ? screen.thread : null;
      const root = rootId && (loaded?.[0] ?? screen?.messages.find((message) => message.id === rootId));
      panel.hidden = !root;
      if (!root) {
        shown = null;
        return;
      }
      if (shown !== rootId) list.clear();
      const ephemeral = (screen.ephemeral ?? []).filter((message) => rootOf(message) === rootId);
      list.show(timeline({ messages: loaded ?? [root], ephemeral }), { directory, handlers });
      channelTitle.textContent = title;
      composer.enter(`${directory.person.id} ${rootId}`, t("reply"));
      if (shown !== rootId) composer.focus();
      shown = rootId;
    },
    forgetDrafts: composer.forgetDrafts,
  };
}

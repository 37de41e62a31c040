// An app's Home tab.

import { renderBlocks } from "./blocks.js";
import { el } from "./dom.js";
import { wordsOf } from "./values.js";
import { collect, signatureOf, valuesOf } from "./views.js";

export function createHome(panel, { press, findOptions }) {
  let shown = null;
  let shownId = null;
  let fields = [];
  let sent = {};
  return {
    show(home, directory) {
      const signature = home && signatureOf(home, directory);
      if (signature === shown) return;
      const typed = home && home.id === shownId ? collect(fields) : {};
      shown = signature;
      shownId = home?.id ?? null;
      fields = [];
      const source = home && { type: "HOME", id: home.id };
      const blocks =
        home &&
        renderBlocks(home.blocks, {
          directory,
          fields,
          copyable: true,
          values: valuesOf(home, typed, sent),
          findOptions: (onAction, query, value) => findOptions(source, onAction, query, value),
          press: (action) => press(source, action, (sent = collect(fields))),
        });
      panel.dataset.sourceId = home?.id ?? "";
      panel.replaceChildren(
        ...(home && wordsOf(home.title) ? [el("h2", { dir: "auto" }, wordsOf(home.title))] : []),
        ...(blocks ? [blocks] : []),
      );
    },
  };
}

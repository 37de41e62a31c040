// An app's Home tab.

import { renderBlocks } from "./blocks.js";
import { el } from "./dom.js";
import { textOf } from "./values.js";
import { collectValues, signatureOf, valuesOf } from "./views.js";

export function createHome(panel, { press, findOptions }) {
  let shown = null;
  let shownId = null;
  let fields = [];
  let sent = {};
  return {
    show(home, directory) {
      const signature = home && signatureOf(home, directory);
      if (signature === shown) return;
      const typed = home && home.id === shownId ? collectValues(fields) : {};
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
          press: (action) => press(source, action, (sent = collectValues(fields))),
        });
      panel.dataset.sourceId = home?.id ?? "";
      panel.replaceChildren(
        ...(home && textOf(home.title) ? [el("h2", { dir: "auto" }, textOf(home.title))] : []),
        ...(blocks ? [blocks] : []),
      );
    },
  };
}

// Files: in messages, and those chosen for the next message.

import { el, icon, name } from "./dom.js";
import { formatSize, t } from "./i18n.js";
import { string } from "./values.js";

const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

// A file of a message: a link that saves it, and a preview if it is an image.
export function fileView(item, personId) {
  const address = new URL("/act/file", location.origin);
  address.search = new URLSearchParams({ userId: personId, fileId: string(item.id) });
  const title = string(item.name) || t("attached_file");
  const preview =
    IMAGES.includes(item.mimeType) &&
    el("img", {
      class: "file-preview",
      src: address.href,
      alt: "",
      loading: "lazy",
      // A type that lies, or bytes that are gone: the link alone remains.
      error: (event) => event.currentTarget.remove(),
    });
  return el(
    "a",
    { class: "file", href: address.href, download: title, "data-testid": "file" },
    preview,
    el("span", { class: "file-line" }, icon("file"), name(title, "file-name"), fileSize(item.size)),
  );
}

function fileSize(bytes) {
  return Number.isFinite(bytes) && el("span", { class: "muted small" }, formatSize(bytes));
}

// The button that chooses files, and the list of those chosen. `changed` is called when the list changes.
export function createFilePicker({ prefix, changed }) {
  const input = el("input", { type: "file", multiple: true, hidden: true, "data-testid": `${prefix}files` });
  const button = el(
    "button",
    { type: "button", class: "icon-button composer-tool", "data-testid": `${prefix}attach`, click: () => input.click() },
    icon("clip"),
  );
  const list = el("ul", { class: "chosen-files", hidden: true });
  let chosen = [];

  function show(files) {
    chosen = files;
    list.hidden = chosen.length === 0;
    list.replaceChildren(
      ...chosen.map((file) =>
        el(
          "li",
          { class: "file-line", "data-testid": "chosen-file" },
          icon("file"),
          name(file.name, "file-name"),
          fileSize(file.size),
          el(
            "button",
            {
              type: "button",
              class: "icon-button chosen-remove",
              "aria-label": t("remove_file", { file: file.name }),
              title: t("remove_file", { file: file.name }),
              click: () => {
                show(chosen.filter((other) => other !== file));
                button.focus();
              },
            },
            icon("close"),
          ),
        ),
      ),
    );
    changed();
  }

  input.addEventListener("change", () => {
    show([...chosen, ...input.files]);
    input.value = ""; // So that the same file can be chosen again.
  });

  return {
    button,
    input,
    list,
    get files() {
      return chosen;
    },
    clear: () => show([]),
    translate() {
      button.setAttribute("aria-label", t("attach_files"));
      button.title = t("attach_files");
    },
  };
}

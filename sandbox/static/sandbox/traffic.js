// Hooks and API calls in order, with their bodies. The server has removed the secrets.

import * as api from "./api.js";
import { codeBlock } from "./blocks.js";
import { el } from "./dom.js";
import { currentLanguage, lookUp, t } from "./i18n.js";

const POLL_INTERVAL = 1000;
const MAX_ENTRIES = 500;
const SIGNATURE_REFUSALS = [401, 403];

const isFailed = ({ status, kind, outcome }) =>
  kind === "hook" ? !/^(ack|view|options|delivered)/.test(outcome ?? "ack") : status !== null && status >= 400;

const KINDS = {
  all: () => true,
  hook: ({ kind }) => kind === "hook",
  api: ({ kind }) => kind === "api",
  failed: isFailed,
};

const titleOf = (entry) => [entry.messageType, entry.eventType].filter(Boolean).join(" · ");

function pathOf(entry) {
  try {
    const { pathname, search } = new URL(entry.url, location.origin);
    return decodeURIComponent(pathname) + search;
  } catch {
    return entry.url;
  }
}

function verdictOf(entry) {
  if (entry.kind === "api") return t(`token.${entry.token ?? "none"}`, { who: entry.who ?? "" });
  if (!entry.outcome) return "";
  if (SIGNATURE_REFUSALS.includes(entry.status)) return t("outcome.signature");
  const [kind, ...reason] = entry.outcome.split(": ");
  return [lookUp(`outcome.${kind}`) ?? kind, ...reason].join(": ");
}

function timeOf(entry) {
  const at = new Date(entry.at);
  return at.toLocaleTimeString("en-GB") + `.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

// Indents JSON, also JSON inside JSON, such as the body of an event.
function pretty(text) {
  try {
    const value = JSON.parse(text);
    if (typeof value?.body === "string") value.body = JSON.parse(value.body);
    if (typeof value?.payload === "string") value.payload = JSON.parse(value.payload);
    return JSON.stringify(value, null, 2);
  } catch {
    return text;
  }
}

function bodies(entry) {
  const part = (word, text) => text && [el("p", { class: "wire-part" }, t(word)), codeBlock(pretty(text), true)];
  return el(
    "div",
    { class: "wire-bodies" },
    el("p", { class: "muted small" }, `${entry.method} ${entry.url}`),
    part("sent_body", entry.sent),
    part("received_answer", entry.received),
  );
}

const textOf = (entry) =>
  [entry.method, entry.url, titleOf(entry), entry.status, verdictOf(entry), entry.fault, entry.sent, entry.received]
    .join(" ")
    .toLowerCase();

function row(entry) {
  const isPending = entry.durationMs === null;
  const status = isPending ? "…" : String(entry.status ?? "—");
  const node = el(
    "details",
    { class: `wire${isFailed(entry) ? " wire-failed" : ""}`, "data-testid": "wire", "data-kind": entry.kind },
    el(
      "summary",
      {},
      el("time", { class: "wire-time" }, timeOf(entry)),
      el("span", { class: `wire-kind wire-${entry.kind}` }, entry.kind === "hook" ? "HOOK" : entry.method),
      el(
        "span",
        { class: "wire-what" },
        entry.kind === "hook" ? el("strong", {}, titleOf(entry)) : el("strong", {}, pathOf(entry)),
        entry.kind === "hook" && el("span", { class: "muted" }, ` ${entry.url}`),
      ),
      el(
        "span",
        { class: "wire-verdict" },
        verdictOf(entry),
        entry.fault && el("span", { class: "badge" }, entry.fault),
      ),
      el("span", { class: "wire-status" }, status),
      el("span", { class: "wire-duration" }, isPending ? t("pending") : t("duration", { ms: entry.durationMs })),
    ),
  );
  // Most entries are never opened, so build the bodies only then.
  node.addEventListener("toggle", () => node.open && node.children.length === 1 && node.append(bodies(entry)));
  return node;
}

export function createTraffic(part) {
  const list = part.querySelector("#wire-list");
  const filter = part.querySelector("#wire-filter");
  const kind = part.querySelector("#wire-kind");
  const empty = part.querySelector("#wire-empty");
  const rows = new Map();
  let timer = null;
  let isActive = false;
  let language = null;

  function sift() {
    const wanted = filter.value.trim().toLowerCase();
    let seen = 0;
    for (const { entry, node, searchText } of rows.values()) {
      node.hidden = !KINDS[kind.value](entry) || !searchText.includes(wanted);
      if (!node.hidden) seen += 1;
    }
    empty.hidden = seen > 0;
    empty.textContent = t(rows.size ? "traffic_no_match" : "traffic_empty");
  }

  function forget() {
    rows.clear();
    list.replaceChildren();
  }

  function put(entry) {
    const before = rows.get(entry.id);
    if (before && JSON.stringify(before.entry) === JSON.stringify(entry)) return;
    const node = row(entry);
    node.open = before?.node.open ?? false;
    if (before) before.node.replaceWith(node);
    else list.append(node);
    rows.set(entry.id, { entry, node, searchText: textOf(entry) });
  }

  // Load entries again that were in progress at the last poll.
  function cursor() {
    const entries = [...rows.values()].map(({ entry }) => entry);
    const pending = entries.filter(({ durationMs }) => durationMs === null).map(({ id }) => id - 1);
    return Math.max(0, Math.min(...pending, entries.at(-1)?.id ?? 0));
  }

  async function refresh() {
    clearTimeout(timer);
    if (!isActive) return;
    if (language !== currentLanguage()) forget();
    language = currentLanguage();
    try {
      if (!document.hidden) {
        const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
        (await api.traffic(cursor())).forEach(put);
        const surplus = [...rows.keys()].slice(0, -MAX_ENTRIES);
        for (const id of surplus) {
          rows.get(id).node.remove();
          rows.delete(id);
        }
        sift();
        if (isAtEnd) list.scrollTop = list.scrollHeight;
      }
    } catch {
      // The header already shows that the local Pumble does not answer.
    } finally {
      timer = setTimeout(refresh, POLL_INTERVAL);
    }
  }

  filter.addEventListener("input", sift);
  kind.addEventListener("change", sift);
  part.querySelector("#wire-clear").addEventListener("click", async () => {
    await api.clearTraffic();
    forget();
    sift();
  });

  return {
    setActive(active) {
      if (active === isActive) return;
      isActive = active;
      refresh();
    },
  };
}

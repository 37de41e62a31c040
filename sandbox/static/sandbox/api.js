// Client of the /act/ interface. The page does nothing that a script could not do through it.

import { t } from "./i18n.js";

// The messages of both errors are for the person.
export class Refused extends Error {}

export class Unreachable extends Error {
  constructor() {
    super(t("unreachable"));
  }
}

async function call(method, path, { query, body, form } = {}) {
  const address = new URL(`/act/${path}`, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) address.searchParams.set(name, value);
  const request = { method, cache: "no-store", headers: { Accept: "application/json" } };
  if (form) {
    request.body = form;
  } else if (body !== undefined) {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response;
  let answer = null;
  try {
    response = await fetch(address, request);
    const text = await response.text();
    if (text) answer = JSON.parse(text);
  } catch {
    throw new Unreachable();
  }
  if (response.ok) return answer;
  if (response.status < 500 && typeof answer?.error === "string") throw new Refused(answer.error);
  throw new Unreachable();
}

export const workspaces = () => call("GET", "workspaces");
export const commands = (userId) => call("GET", "commands", { query: { userId } });
export const shortcuts = (userId) => call("GET", "shortcuts", { query: { userId } });
export const apps = (userId) => call("GET", "apps", { query: { userId } });
export const screen = (userId, channelId, threadRootId) =>
  call("GET", "screen", { query: { userId, channelId, ...(threadRootId && { threadRootId }) } });

export const openPage = () => call("GET", "arrival");
export function message(body, files = []) {
  if (files.length === 0) return call("POST", "message", { body });
  const form = new FormData();
  for (const [field, value] of Object.entries(body)) form.append(field, value);
  for (const file of files) form.append("file", file);
  return call("POST", "message", { form });
}
export const click = (body) => call("POST", "click", { body });
export const submit = (body) => call("POST", "submit", { body });
export const close = (body) => call("POST", "close", { body });
export const menu = (body) => call("POST", "menu", { body });
export const react = (body) => call("POST", "react", { body });
export const shortcut = (body) => call("POST", "shortcut", { body });

export const register = (manifestUrl) => call("POST", "apps", { body: { manifestUrl } });
export const unauthorize = (userId, appId) => call("POST", "unauthorize", { body: { userId, appId } });
export const uninstall = (userId, appId) => call("POST", "uninstall", { body: { userId, appId } });
export const deactivate = (userId) => call("POST", "deactivate", { body: { userId } });
export const activate = (userId) => call("POST", "activate", { body: { userId } });

export const changeRole = (userId, memberId, role) => call("POST", "role", { body: { userId, memberId, role } });

export const traffic = (since) => call("GET", "traffic", { query: { since, bodies: true } });
export const clearTraffic = () => call("DELETE", "traffic");
export const faults = () => call("GET", "faults");
export const addFaults = (body) => call("POST", "faults", { body });
export const clearFaults = () => call("DELETE", "faults");

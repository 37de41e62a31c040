// Everything the page says, in the reader's language.

import { ENGLISH } from "./words-en.js";
import { SPANISH } from "./words-es.js";

const DICTIONARIES = { en: ENGLISH, es: SPANISH };
const REMEMBERED = "sandbox_language";

let language = "en";

// Times follow the reader's region where it speaks the chosen language.
const region = () => navigator.languages.find((tag) => tag.toLowerCase().startsWith(language)) ?? language;

export function currentLanguage() {
  return language;
}

export function startLanguage() {
  let wanted = null;
  try {
    wanted = localStorage.getItem(REMEMBERED);
  } catch {
    // Storage may be blocked; then the browser's language decides every time.
  }
  language = wanted in DICTIONARIES ? wanted : navigator.language.toLowerCase().startsWith("es") ? "es" : "en";
  translatePage();
}

export function chooseLanguage(wanted) {
  language = wanted in DICTIONARIES ? wanted : "en";
  try {
    localStorage.setItem(REMEMBERED, language);
  } catch {
    // See above.
  }
  translatePage();
}

export function known(key) {
  return DICTIONARIES[language][key];
}

export function say(key, values = {}) {
  const text = known(key) ?? ENGLISH[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function sayCount(key, count) {
  const form = new Intl.PluralRules(language).select(count) === "one" ? "one" : "other";
  return say(`${key}.${form}`, { count: new Intl.NumberFormat(language).format(count) });
}

export function sayRole(role) {
  return known(`role.${role}`) ?? String(role).toLowerCase();
}

function translatePage() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
  for (const [from, to] of [
    ["label", "aria-label"],
    ["placeholder", "placeholder"],
  ]) {
    for (const node of document.querySelectorAll(`[data-${from}]`)) node.setAttribute(to, say(node.dataset[from]));
  }
}

export function sayTime(milliseconds) {
  return new Intl.DateTimeFormat(region(), { timeStyle: "short" }).format(milliseconds);
}

// In the narrow gutter, where the full time stands close above.
export function sayHour(milliseconds) {
  const parts = new Intl.DateTimeFormat(region(), { timeStyle: "short" }).formatToParts(milliseconds);
  return parts
    .filter(({ type }) => type !== "dayPeriod")
    .map(({ value }) => value)
    .join("")
    .trim();
}

export function sayMoment(milliseconds) {
  return new Intl.DateTimeFormat(region(), { dateStyle: "full", timeStyle: "medium" }).format(milliseconds);
}

export function sayDay(milliseconds) {
  const day = new Date(milliseconds).toDateString();
  const now = new Date();
  if (day === now.toDateString()) return say("today");
  now.setDate(now.getDate() - 1);
  if (day === now.toDateString()) return say("yesterday");
  return new Intl.DateTimeFormat(region(), { weekday: "long", day: "numeric", month: "long" }).format(milliseconds);
}

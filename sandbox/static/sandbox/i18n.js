// The texts of the page in the reader's language.

import { ENGLISH } from "./words-en.js";
import { SPANISH } from "./words-es.js";

const DICTIONARIES = { en: ENGLISH, es: SPANISH };
const STORAGE_KEY = "sandbox_language";

let language = "en";

// Times use the reader's region if its language is the chosen one.
const region = () => navigator.languages.find((tag) => tag.toLowerCase().startsWith(language)) ?? language;

export function currentLanguage() {
  return language;
}

export function startLanguage() {
  let choice = null;
  try {
    choice = localStorage.getItem(STORAGE_KEY);
  } catch {
    // Storage may be blocked. Then use the browser's language.
  }
  language = choice in DICTIONARIES ? choice : navigator.language.toLowerCase().startsWith("es") ? "es" : "en";
  translatePage();
}

export function chooseLanguage(choice) {
  language = choice in DICTIONARIES ? choice : "en";
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // See above.
  }
  translatePage();
}

export function lookUp(key) {
  return DICTIONARIES[language][key];
}

export function t(key, values = {}) {
  const text = lookUp(key) ?? ENGLISH[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function tCount(key, count) {
  const form = new Intl.PluralRules(language).select(count) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { count: new Intl.NumberFormat(language).format(count) });
}

export function roleName(role) {
  return lookUp(`role.${role}`) ?? String(role).toLowerCase();
}

function translatePage() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  for (const [from, to] of [
    ["label", "aria-label"],
    ["placeholder", "placeholder"],
  ]) {
    for (const node of document.querySelectorAll(`[data-${from}]`)) node.setAttribute(to, t(node.dataset[from]));
  }
}

export function formatTime(milliseconds) {
  return new Intl.DateTimeFormat(region(), { timeStyle: "short" }).format(milliseconds);
}

// For the narrow gutter, where the full time is close above.
export function formatHour(milliseconds) {
  const parts = new Intl.DateTimeFormat(region(), { timeStyle: "short" }).formatToParts(milliseconds);
  return parts
    .filter(({ type }) => type !== "dayPeriod")
    .map(({ value }) => value)
    .join("")
    .trim();
}

export function formatDateTime(milliseconds) {
  return new Intl.DateTimeFormat(region(), { dateStyle: "full", timeStyle: "medium" }).format(milliseconds);
}

export function formatSize(bytes) {
  const [size, unit] =
    bytes < 1000 ? [bytes, "byte"] : bytes < 1e6 ? [bytes / 1000, "kilobyte"] : [bytes / 1e6, "megabyte"];
  const style = { style: "unit", unit, unitDisplay: unit === "byte" ? "long" : "short", maximumFractionDigits: size < 10 ? 1 : 0 };
  return new Intl.NumberFormat(language, style).format(size);
}

export function formatDay(milliseconds) {
  const day = new Date(milliseconds).toDateString();
  const now = new Date();
  if (day === now.toDateString()) return t("today");
  now.setDate(now.getDate() - 1);
  if (day === now.toDateString()) return t("yesterday");
  return new Intl.DateTimeFormat(region(), { weekday: "long", day: "numeric", month: "long" }).format(milliseconds);
}

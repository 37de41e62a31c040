// Apps may send values of any type. These functions return a usable value for each.

export const objects = (value) =>
  Array.isArray(value) ? value.filter((item) => item && typeof item === "object") : [];

export const string = (value) => (typeof value === "string" ? value : "");

// The text of a plain_text object, or a string in its place.
export const textOf = (text) => string(text) || string(text?.text);

// Ids increase with time.
export const newerThan = (since, items) => (items ?? []).filter((item) => item.id > since);

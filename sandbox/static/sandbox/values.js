// What apps send may have any shape; these answer something usable for all of them.

export const objects = (value) =>
  Array.isArray(value) ? value.filter((item) => item && typeof item === "object") : [];

export const string = (value) => (typeof value === "string" ? value : "");

// The words of a plain_text object, or of a bare string in its place.
export const textOf = (text) => string(text) || string(text?.text);

// Ids grow with time.
export const newerThan = (since, items) => (items ?? []).filter((item) => item.id > since);

// What Home tabs and modals have in common: the server keeps a view; here what was typed into it is collected.

import { currentLanguage, t } from "./i18n.js";

export const signatureOf = (view, directory) => JSON.stringify([view, currentLanguage(), directory.signature]);

// What the app put into the state goes before what was typed here, unless it is only what was sent to it: meanwhile
// more may have been typed.
export function valuesOf(view, typed, sent) {
  return (blockId, onAction) => {
    const stored = view.state?.values?.[blockId]?.[onAction];
    const value = stored?.value ?? stored?.values;
    const isEcho = JSON.stringify(value) === JSON.stringify(sent[blockId]?.[onAction]);
    return isEcho ? (typed[blockId]?.[onAction] ?? value) : (value ?? typed[blockId]?.[onAction]);
  };
}

export function collectValues(fields) {
  const values = {};
  for (const { blockId, onAction, read, initial } of fields) {
    // What was emptied is said so; what was never filled is left out.
    const emptyValue = initial === undefined ? undefined : Array.isArray(initial) ? [] : "";
    const value = read() ?? emptyValue;
    if (value !== undefined) (values[blockId] ??= {})[onAction] = value;
  }
  return values;
}

// Says under each input what is wrong with it, goes to the first of them, and answers whether there is any.
export function hasErrors(fields) {
  let first = null;
  for (const { controls, isRequired, read, setError } of fields) {
    const [control] = controls;
    const isMissing = isRequired && read() === undefined;
    const error = isMissing ? t("is_required") : control?.validationMessage;
    setError(error || "");
    if (error) first ??= control;
  }
  first?.focus();
  return Boolean(first);
}

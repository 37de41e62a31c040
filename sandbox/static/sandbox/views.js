// What Home tabs and modals share: the entered values of a view.

import { currentLanguage, t } from "./i18n.js";

export const signatureOf = (view, directory) => JSON.stringify([view, currentLanguage(), directory.signature]);

// Values that the app set have priority over entered ones, unless they are only what was sent to it: meanwhile
// more may have been entered.
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
    // An emptied field is sent as empty. A field that was never filled is left out.
    const emptyValue = initial === undefined ? undefined : Array.isArray(initial) ? [] : "";
    const value = read() ?? emptyValue;
    if (value !== undefined) (values[blockId] ??= {})[onAction] = value;
  }
  return values;
}

// Shows the errors of all fields, focuses the first of them, and returns whether there is any.
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

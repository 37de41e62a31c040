// What Home tabs and modals have in common: the server keeps a view; here what was typed into it is collected.

import { currentLanguage, say } from "./strings.js";

export const signatureOf = (view, directory) => JSON.stringify([view, currentLanguage(), directory.signature]);

// What the app put into the state goes before what was typed here, unless it is only what was sent to it: meanwhile
// more may have been typed.
export function valuesOf(view, typed, sent) {
  return (blockId, onAction) => {
    const held = view.state?.values?.[blockId]?.[onAction];
    const kept = held?.value ?? held?.values;
    const isEcho = JSON.stringify(kept) === JSON.stringify(sent[blockId]?.[onAction]);
    return isEcho ? (typed[blockId]?.[onAction] ?? kept) : (kept ?? typed[blockId]?.[onAction]);
  };
}

export function collect(fields) {
  const values = {};
  for (const { blockId, onAction, read, initial } of fields) {
    // What was emptied is said so; what was never filled is left out.
    const emptied = initial === undefined ? undefined : Array.isArray(initial) ? [] : "";
    const value = read() ?? emptied;
    if (value !== undefined) (values[blockId] ??= {})[onAction] = value;
  }
  return values;
}

// Says under each input what is wrong with it, goes to the first of them, and answers whether there is any.
export function hasFaults(fields) {
  let first = null;
  for (const { controls, isRequired, read, complain } of fields) {
    const [control] = controls;
    const isMissing = isRequired && read() === undefined;
    const wrong = isMissing ? say("is_required") : control?.validationMessage;
    complain(wrong || "");
    if (wrong) first ??= control;
  }
  first?.focus();
  return Boolean(first);
}

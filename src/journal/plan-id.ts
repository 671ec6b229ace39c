/** Whether a plan's id may become a part of a file name or key: up to 30 letters, digits, `-` and `_`. */
export function isStorablePlanId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,30}$/.test(text);
}

/** The id, checked. Throws when a store should never have been given it. */
export function storablePlanId(text: string): string {
  if (!isStorablePlanId(text)) throw new TypeError('not a plan id');
  return text;
}

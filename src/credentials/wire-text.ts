/**
 * Whether a credential can travel in a header or a query as it is: printable ASCII without spaces. A line break would
 * let a value add headers of its own; anything else outside this set comes from a paste that went wrong.
 */
export function isWireSafe(value: string): boolean {
  return /^[\x21-\x7e]+$/.test(value);
}

/**
 * Whether a credential can travel in a header or a query as it is: printable ASCII without spaces. A line break would
 * let a value add headers of its own; anything else outside this set comes from a paste that went wrong.
 */
export function isWireSafe(value: string): boolean {
  return /^[\x21-\x7e]+$/.test(value);
}

/** A name from a file or an option, fit for a message: quoted, without control characters, at most 60 characters. */
export function quoteName(name: string): string {
  const plain = name.replace(/[\p{C}\p{Zl}\p{Zp}"]/gu, '?');
  return `"${plain.length > 60 ? `${plain.slice(0, 60)}…` : plain}"`;
}

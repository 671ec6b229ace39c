import type { Hash } from 'node:crypto';

/** A running SHA-256. `node:crypto` is fetched when it is first needed: loading it is a part of a start that shows. */
export function startHash(): Hash {
  return process.getBuiltinModule('node:crypto').createHash('sha256');
}

/** A short name for a value: equal for equal JSON. */
export function digest(value: unknown): string {
  return startHash().update(JSON.stringify(value)).digest('base64url');
}

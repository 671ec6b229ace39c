import { createHash } from 'node:crypto';

/** An ID of 18 digits for something that has only a name; always the same for the same one. */
export function madeUpId(kind: string, name: string): string {
  const digest = createHash('sha256').update(`${kind}/${name}`).digest();
  return `3${(digest.readBigUInt64BE() % 100_000_000_000_000_000n).toString().padStart(17, '0')}`;
}

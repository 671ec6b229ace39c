import { createHash } from 'node:crypto';
import { assumptions } from '../assumptions.js';

export interface NonceStore {
  /** Remembers a nonce seen at `now` (ms). False when it was seen before, within the time it is remembered. */
  admit(nonce: string, now: number): boolean;
  readonly size: number;
}

/** A nonce is remembered as long as any timestamp signed with it could still be accepted. */
const REMEMBERED_MS = 2 * assumptions.timeWindowMs;

/**
 * A bounded store of used nonces: the oldest goes when it has expired, or when there are more than `capacity`.
 * Source of the rule: "must not repeat within 15 minutes" (acme.sh issue 1639).
 */
export function createNonceStore(capacity = 100_000): NonceStore {
  // A Map keeps the order of insertion, so the oldest nonce is always its first.
  const seenAt = new Map<string, number>();
  return {
    admit(nonce, now) {
      for (const [oldest, at] of seenAt) {
        if (now - at <= REMEMBERED_MS && seenAt.size < capacity) {
          break;
        }
        seenAt.delete(oldest);
      }
      // A nonce may be of any length; the store must not grow with it.
      const name = nonce.length <= 64 ? nonce : createHash('sha256').update(nonce).digest('base64');
      if (seenAt.has(name)) {
        return false;
      }
      seenAt.set(name, now);
      return true;
    },
    get size() {
      return seenAt.size;
    },
  };
}

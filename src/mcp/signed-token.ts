import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';

/** What travels through the client and must come back unchanged. Readable by anybody, changeable by nobody. */
export interface Sealed {
  /** `confirm` or `plan`: one never passes for the other. */
  readonly purpose: string;
  /** Who it was made for. */
  readonly subject: string | undefined;
  /** Digest of the tool and its arguments. */
  readonly request: string;
  /** Digest of the tags that were seen. */
  readonly seen: string;
  /** Where a bulk change goes on: after this id of its sorted selection. */
  readonly after?: string | undefined;
}

export type Opened =
  | { readonly kind: 'good'; readonly sealed: Sealed /** For once-only use. */; readonly id: string }
  | { readonly kind: 'expired' }
  | { readonly kind: 'forged' };

/** Seals and opens tokens with one key. */
export interface Seal {
  readonly ttlMs: number;
  close(sealed: Sealed): string;
  open(token: string): Opened;
}

const form = z.object({
  i: z.string(),
  x: z.number(),
  p: z.string(),
  s: z.string().optional(),
  r: z.string(),
  d: z.string(),
  a: z.string().optional(),
});

/** A seal by HMAC-SHA256. Tokens are `base64url(JSON).base64url(MAC)`, about 250 characters. `key`: 32 bytes or more. */
export function hmacSeal(key: string | Uint8Array, ttlMs: number, now: () => number = Date.now): Seal {
  const macOf = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    ttlMs,
    close({ purpose, subject, request, seen, after }) {
      const content = { i: randomUUID(), x: now() + ttlMs, p: purpose, s: subject, r: request, d: seen, a: after };
      const text = Buffer.from(JSON.stringify(content)).toString('base64url');
      return `${text}.${macOf(text).toString('base64url')}`;
    },
    open(token) {
      const [text = '', mac = '', ...rest] = token.trim().split('.');
      const expected = macOf(text);
      const given = Buffer.from(mac, 'base64url');
      if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
        return { kind: 'forged' };
      }
      const { i, x, p, s, r, d, a } = form.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
      if (x <= now()) return { kind: 'expired' };
      return { kind: 'good', id: i, sealed: { purpose: p, subject: s, request: r, seen: d, after: a } };
    },
  };
}

import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../base/json.js';

/** What travels through the client and must come back unchanged. Readable by anybody, changeable by nobody. */
export interface Claims {
  /** One purpose never passes for another. */
  readonly purpose: string;
  /** Who it was made for. */
  readonly subject: string | undefined;
  /** Digest of the tool and its arguments. */
  readonly request: string;
  /** Digest of the tags that were seen. */
  readonly seen: string;
}

export type Verified =
  | { readonly kind: 'good'; readonly claims: Claims /** For once-only use. */; readonly id: string }
  | { readonly kind: 'expired' }
  | { readonly kind: 'forged' };

/** Signs and verifies tokens with one key. */
export interface TokenSigner {
  readonly ttlMs: number;
  sign(claims: Claims): string;
  verify(token: string): Verified;
}

const form = z.object({
  i: z.string(),
  x: z.number(),
  p: z.string(),
  s: z.string().optional(),
  r: z.string(),
  d: z.string(),
});

/** HMAC-SHA256. Tokens are `base64url(JSON).base64url(MAC)`, about 250 characters. `key`: 32 bytes or more. */
export function tokenSigner(key: string | Uint8Array, ttlMs: number, now: () => number): TokenSigner {
  const macOf = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    ttlMs,
    sign({ purpose, subject, request, seen }) {
      const content = { i: randomUUID(), x: now() + ttlMs, p: purpose, s: subject, r: request, d: seen };
      const text = Buffer.from(JSON.stringify(content)).toString('base64url');
      return `${text}.${macOf(text).toString('base64url')}`;
    },
    verify(token) {
      const [text = '', mac = '', ...rest] = token.trim().split('.');
      const expected = macOf(text);
      const given = Buffer.from(mac, 'base64url');
      if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
        return { kind: 'forged' };
      }
      const { i, x, p, s, r, d } = form.parse(parseJson(Buffer.from(text, 'base64url').toString()));
      if (x <= now()) return { kind: 'expired' };
      return { kind: 'good', id: i, claims: { purpose: p, subject: s, request: r, seen: d } };
    },
  };
}

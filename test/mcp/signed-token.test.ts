import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claims, type TokenSigner, tokenSigner } from '../../src/mcp/signed-token.js';

const KEY = randomBytes(32);
const CLAIMS: Claims = { purpose: 'confirm', subject: 'alice', request: 'digest-1', seen: 'digest-2' };

/** Signs for a minute. */
function signer(key: string | Uint8Array = KEY): TokenSigner {
  return tokenSigner(key, 60_000, Date.now);
}

describe('a signed token', () => {
  it('gives back what was signed', () => {
    const tokens = signer();
    const text = fc.string({ unit: fc.constantFrom('a', '.', '"', 'é', '漢', '😀', '\n') });
    const content = fc.record(
      { purpose: text, subject: fc.option(text, { nil: undefined }), request: text, seen: text },
      { requiredKeys: ['purpose', 'subject', 'request', 'seen'] },
    );
    fc.assert(
      fc.property(content, (claims) => {
        expect(tokens.verify(tokens.sign(claims))).toMatchObject({ kind: 'good', claims: { ...claims } });
      }),
    );
  });

  it('is like no other, though the claims are', () => {
    const tokens = signer();
    const [one, two] = [tokens.verify(tokens.sign(CLAIMS)), tokens.verify(tokens.sign(CLAIMS))];
    expect('id' in one && 'id' in two && one.id !== two.id).toBe(true);
  });

  it('fits anywhere', () => {
    const token = signer().sign(CLAIMS);
    expect(token).toMatch(/^[\w-]+\.[\w-]{43}$/);
    expect(token.length).toBeLessThan(400);
  });

  it('is verified with white space around it', () => {
    const tokens = signer();
    expect(tokens.verify(` ${tokens.sign(CLAIMS)}\n`).kind).toBe('good');
  });

  it('is broken by any change of a character', () => {
    const tokens = signer();
    const token = tokens.sign(CLAIMS);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('');
    // The last character of the MAC carries four bits that count and two that do not.
    fc.assert(
      fc.property(fc.nat({ max: token.length - 2 }), fc.constantFrom(...alphabet), (place, character) => {
        if (token[place] === character || token[place] === '.') return;
        const changed = token.slice(0, place) + character + token.slice(place + 1);
        expect(tokens.verify(changed)).toEqual({ kind: 'forged' });
      }),
      { numRuns: 500 },
    );
  });

  it('that was bent without breaking it still has the same id, so that it cannot be used twice', () => {
    const tokens = signer();
    const token = tokens.sign(CLAIMS);
    const verified = tokens.verify(token);
    for (const bent of [`${token}!`, `${token}==`, ` ${token}`]) {
      const again = tokens.verify(bent);
      if (again.kind === 'good') expect(again).toEqual(verified);
    }
  });

  it('is forged to a holder of another key', () => {
    const token = signer().sign(CLAIMS);
    expect(signer(randomBytes(32)).verify(token)).toEqual({ kind: 'forged' });
  });

  it('is good to another holder of the key, given as text', () => {
    const key = 'k'.repeat(32);
    expect(signer(key).verify(tokenSigner(key, 1_000, Date.now).sign(CLAIMS)).kind).toBe('good');
  });

  it('ends after its time, to the millisecond', () => {
    let time = 1_000;
    const tokens = tokenSigner(KEY, 500, () => time);
    const token = tokens.sign(CLAIMS);
    time = 1_499;
    expect(tokens.verify(token).kind).toBe('good');
    time = 1_500;
    expect(tokens.verify(token)).toEqual({ kind: 'expired' });
  });

  it.each(['', '.', '..', 'a.b', 'a.b.c', '{}', 'null', '😀.😀', `${'a'.repeat(100_000)}.b`])(
    'takes %# for forged',
    (token) => {
      expect(signer().verify(token)).toEqual({ kind: 'forged' });
    },
  );

  it('takes any text for forged, and never throws', () => {
    const tokens = signer();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (token) => {
        expect(tokens.verify(token)).toEqual({ kind: 'forged' });
      }),
    );
  });
});

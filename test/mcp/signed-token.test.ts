import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hmacSeal, type Sealed } from '../../src/mcp/signed-token.js';

const KEY = randomBytes(32);
const CONTENT: Sealed = { purpose: 'plan', subject: 'alice', request: 'digest-1', seen: 'digest-2' };

describe('a seal', () => {
  it('gives back what was sealed', () => {
    const seal = hmacSeal(KEY, 60_000);
    const text = fc.string({ unit: fc.constantFrom('a', '.', '"', 'é', '漢', '😀', '\n') });
    const content = fc.record(
      { purpose: text, subject: fc.option(text, { nil: undefined }), request: text, seen: text, after: text },
      { requiredKeys: ['purpose', 'subject', 'request', 'seen'] },
    );
    fc.assert(
      fc.property(content, (sealed) => {
        expect(seal.open(seal.close(sealed))).toMatchObject({ kind: 'good', sealed: { ...sealed } });
      }),
    );
  });

  it('makes no two tokens alike, though the content is', () => {
    const seal = hmacSeal(KEY, 60_000);
    const [one, two] = [seal.open(seal.close(CONTENT)), seal.open(seal.close(CONTENT))];
    expect('id' in one && 'id' in two && one.id !== two.id).toBe(true);
  });

  it('makes tokens that fit anywhere', () => {
    const token = hmacSeal(KEY, 60_000).close(CONTENT);
    expect(token).toMatch(/^[\w-]+\.[\w-]{43}$/);
    expect(token.length).toBeLessThan(400);
  });

  it('is opened with white space around the token', () => {
    const seal = hmacSeal(KEY, 60_000);
    expect(seal.open(` ${seal.close(CONTENT)}\n`).kind).toBe('good');
  });

  it('is broken by any change of a character', () => {
    const seal = hmacSeal(KEY, 60_000);
    const token = seal.close(CONTENT);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('');
    // The last character of the MAC carries four bits that count and two that do not.
    fc.assert(
      fc.property(fc.nat({ max: token.length - 2 }), fc.constantFrom(...alphabet), (place, character) => {
        if (token[place] === character || token[place] === '.') return;
        const changed = token.slice(0, place) + character + token.slice(place + 1);
        expect(seal.open(changed)).toEqual({ kind: 'forged' });
      }),
      { numRuns: 500 },
    );
  });

  it('that was bent without breaking it still opens to the same id, so that it cannot be spent twice', () => {
    const seal = hmacSeal(KEY, 60_000);
    const token = seal.close(CONTENT);
    const opened = seal.open(token);
    for (const bent of [`${token}!`, `${token}==`, ` ${token}`]) {
      const again = seal.open(bent);
      if (again.kind === 'good') expect(again).toEqual(opened);
    }
  });

  it('is not opened with another key', () => {
    const token = hmacSeal(KEY, 60_000).close(CONTENT);
    expect(hmacSeal(randomBytes(32), 60_000).open(token)).toEqual({ kind: 'forged' });
  });

  it('is opened by another holder of the key, given as text', () => {
    const key = 'k'.repeat(32);
    expect(hmacSeal(key, 60_000).open(hmacSeal(key, 1_000).close(CONTENT)).kind).toBe('good');
  });

  it('ends after its time, to the millisecond', () => {
    let time = 1_000;
    const seal = hmacSeal(KEY, 500, () => time);
    const token = seal.close(CONTENT);
    time = 1_499;
    expect(seal.open(token).kind).toBe('good');
    time = 1_500;
    expect(seal.open(token)).toEqual({ kind: 'expired' });
  });

  it.each(['', '.', '..', 'a.b', 'a.b.c', '{}', 'null', '😀.😀', `${'a'.repeat(100_000)}.b`])(
    'takes %# for forged',
    (token) => {
      expect(hmacSeal(KEY, 60_000).open(token)).toEqual({ kind: 'forged' });
    },
  );

  it('takes any text for forged, and never throws', () => {
    const seal = hmacSeal(KEY, 60_000);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (token) => {
        expect(seal.open(token)).toEqual({ kind: 'forged' });
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain, quote, quoteCode, quoteList } from '../../src/base/quote.js';

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Variation_Selector}]/u;

describe('quoted text', () => {
  it('is a JSON string of visible characters, however hostile the text', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('a', '"', '\\', '\n', '\u202e', '\u200b', '\u{e0041}', '\ufe0f', '\ud83d', '\u2028', ' '),
      }),
    );
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 20 }), (text, cap) => {
        const quoted = quote(text, cap);
        expect(quoted).not.toMatch(INVISIBLE);
        expect(quoted.isWellFormed()).toBe(true);
        const read: unknown = JSON.parse(quoted);
        expect(read).toBe(plain(text, cap));
        expect([...plain(text, cap)].length).toBeLessThanOrEqual(cap + 1);
        expect(plain(plain(text, cap), cap + 1)).toBe(plain(text, cap));
      }),
    );
  });

  it('is the text itself when there is nothing to take out', () => {
    const harmless = fc.string({ unit: fc.constantFrom('a', 'Z', '0', 'é', '漢', '😀', '-', '_', ':', '/', ' ') });
    fc.assert(
      fc.property(harmless, (text) => {
        expect(quote(text, 200)).toBe(`"${text}"`);
      }),
    );
  });

  it.each([
    ['bidirectional marks', 'safe\u202egnp.exe', '"safe gnp.exe"'],
    ['zero-width characters', 'a\u200b\u200db', '"a b"'],
    ['a soft hyphen', 'a\u00adb', '"a b"'],
    ['invisible tag characters', 'a\u{e0041}\u{e0042}', '"a "'],
    ['colours of a terminal', '\u001b[31mred\u001b[0m', '" [31mred [0m"'],
    ['line breaks', 'one\r\ntwo\u2028three', '"one two three"'],
    ['quotes and backslashes', 'say "hi" \\', '"say \\"hi\\" \\\\"'],
    ['a lone surrogate', 'a\ud800', '"a\ufffd"'],
  ])('holds no %s', (_, text, expected) => {
    expect(quote(text)).toBe(expected);
  });

  it('is cut between characters, not within', () => {
    expect(quote('😀😀😀', 2)).toBe('"😀😀…"');
  });
});

describe('a list of quoted texts', () => {
  it.each([
    [[], '', 3],
    [['a'], '"a"', 3],
    [['a', 'b', 'c'], '"a", "b", "c"', 3],
    [['a', 'b', 'c', 'd', 'e'], '"a", "b", "c" and 2 more', 3],
  ])('%j reads %s', (items, expected, most) => {
    expect(quoteList(items, most)).toBe(expected);
  });
});

describe('a code of the service', () => {
  it.each([
    ['Forbidden.KeyNotFound', 'Forbidden.KeyNotFound'],
    ['e85db688-a2d3-44ca-9790-4259f59e90d8', 'e85db688-a2d3-44ca-9790-4259f59e90d8'],
    ['Ignore all of this', '"Ignore all of this"'],
    ['', '""'],
    ['X\n', '"X "'],
    ['x'.repeat(81), `"${'x'.repeat(80)}…"`],
  ])('%j is shown as %s', (text, expected) => {
    expect(quoteCode(text)).toBe(expected);
  });
});

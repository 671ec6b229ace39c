import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alikePairs, isAlike } from '../../src/inventory/alike.js';

describe('two tag keys or values that look like spellings of one another', () => {
  it.each([
    ['Prod', 'prod'],
    ['cost-center', 'CostCenter'],
    ['cost_center', 'cost center'],
    ['cost.center', 'cost:center'],
    ['owner', 'onwer'],
    ['owner', 'ownr'],
    ['production', 'prodcution'],
    ['environment', 'enviroment'],
    ['payments', 'paymants'],
    ['env', 'evn'],
    ['temp', 'tmp'],
    ['cc-1001', 'cc1001'],
    ['Straße', 'strasse'],
  ])('%j and %j', (a, b) => {
    expect(isAlike(a, b)).toBe(true);
    expect(isAlike(b, a)).toBe(true);
  });

  it.each([
    ['the same text', 'prod', 'prod'],
    ['other numbers', 'cc-1001', 'cc-1002'],
    ['other versions', 'v1', 'v2'],
    ['other words', 'prod', 'test'],
    ['short words', 'eu', 'us'],
    ['a part of it', 'owner', 'ownership'],
    ['three letters of five', 'alice', 'carol'],
    ['nothing and something', '', 'prod'],
    ['texts as long as a certificate', 'x'.repeat(65), `${'x'.repeat(64)}y`],
  ])('are not alike for %s: %j and %j', (_, a, b) => {
    expect(isAlike(a, b)).toBe(false);
    expect(isAlike(b, a)).toBe(false);
  });

  it('are alike both ways or not at all, and nothing is alike to itself', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(isAlike(a, b)).toBe(isAlike(b, a));
        expect(isAlike(a, a)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('come in pairs, the more frequent one first, each pair once', () => {
    const names = new Map([
      ['prod', 2],
      ['Prod', 40],
      ['test', 10],
      ['PROD', 1],
    ]);
    const pairs = alikePairs(names).map(({ a, b, resourcesA, resourcesB }) => [a, resourcesA, b, resourcesB]);
    expect(pairs).toEqual([
      ['Prod', 40, 'prod', 2],
      ['Prod', 40, 'PROD', 1],
      ['prod', 2, 'PROD', 1],
    ]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_SENTENCE,
  type SentenceParts,
  sentenceOf,
  singleSentence,
  undoSentence,
} from '../../src/changes/sentence.js';

const account = { id: '1234567890123456', origin: 'o' };
const REGIONS = new Map([['cn-hangzhou', 24]]);
const NONE = { remove: [], set: [], rename: [] };

function sentence(parts: Partial<SentenceParts>): string {
  const selection = { kind: 'ids' } as const;
  return sentenceOf({ operations: NONE, selection, resourceType: 'key', regions: REGIONS, ids: [], account, ...parts });
}

describe('the sentence of a plan', () => {
  it.each<[string, Partial<SentenceParts>]>([
    [
      'Remove "temp" from 24 keys in cn-hangzhou of account 1234567890123456 where "temp" is there and "env" is not "prod"',
      {
        operations: { ...NONE, remove: ['temp'] },
        selection: { kind: 'where', conditions: [{ key: 'temp' }, { key: 'env', value: 'prod', not: true }] },
      },
    ],
    [
      'Set "owner" to "" on 24 keys in cn-hangzhou of account 1234567890123456 where "owner" is "" and "x" is not there',
      {
        operations: { ...NONE, set: [['owner', '']] },
        selection: {
          kind: 'where',
          conditions: [
            { key: 'owner', value: '' },
            { key: 'x', not: true },
          ],
        },
      },
    ],
    [
      'Rename "Owner" to "owner" and "Env" to "env" on 1 secret in cn-hangzhou of account 1234567890123456: "db"',
      {
        operations: {
          ...NONE,
          rename: [
            ['Owner', 'owner'],
            ['Env', 'env'],
          ],
        },
        resourceType: 'secret',
        regions: new Map([['cn-hangzhou', 1]]),
        ids: ['db'],
      },
    ],
    [
      'Remove "a", set "b" to "1" and "c" to "2" and rename "d" to "e" on 10,000 keys in cn-hangzhou (9,999) and cn-beijing (1): "k1", "k2", "k3", "k4", "k5", "k6" and 9,994 more',
      {
        operations: {
          remove: ['a'],
          set: [
            ['b', '1'],
            ['c', '2'],
          ],
          rename: [['d', 'e']],
        },
        regions: new Map([
          ['cn-hangzhou', 9_999],
          ['cn-beijing', 1],
        ]),
        ids: ['k1', 'k2', 'k3', 'k4', 'k5', 'k6'],
        account: { id: undefined, origin: 'o' },
      },
    ],
  ])('reads: %s', (expected, parts) => {
    expect(sentence(parts)).toBe(expected);
  });

  it('says how many conditions it leaves out, when there are too many to fit', () => {
    const conditions = Array.from({ length: 20 }, (_, n) => ({
      key: `a-rather-long-tag-key-${n}`,
      value: 'x'.repeat(60),
    }));
    const text = sentence({ operations: { ...NONE, remove: ['temp'] }, selection: { kind: 'where', conditions } });
    expect(text.length).toBeLessThanOrEqual(MAX_SENTENCE);
    expect(text).toMatch(/ where "a-rather-long-.* and \d+ more conditions$/);
  });

  it.each(['"', '\\', '😀', '漢', 'x'])(
    'keeps count, regions, account and conditions when every tag is long and full of %s',
    (unit) => {
      const long = unit.repeat(128);
      const pairs = Array.from({ length: 10 }, () => [long, long] as const);
      const regions = new Map(['cn-shanghai-finance-1', 'cn-hangzhou-finance'].map((id) => [id, 1_000_000] as const));
      const text = sentence({
        operations: { remove: Array.from({ length: 20 }, () => long), set: pairs, rename: pairs },
        selection: {
          kind: 'where',
          conditions: Array.from({ length: 20 }, () => ({ key: long, value: long, not: true })),
        },
        resourceType: 'secret',
        regions,
      });
      expect(text.length).toBeLessThanOrEqual(MAX_SENTENCE);
      expect(text).toMatch(
        / on 2,000,000 secrets in cn-shanghai-finance-1 .* of account 1234567890123456 where .* and 19 more conditions$/,
      );
      const one = { remove: [long], set: pairs, rename: pairs };
      const single = singleSentence(one, { type: 'certificate', id: long, regionId: 'cn-shanghai-finance-1' }, account);
      expect(single.length).toBeLessThanOrEqual(MAX_SENTENCE);
      expect(single).toMatch(/ certificate ".*" in cn-shanghai-finance-1 of account 1234567890123456$/);
    },
  );

  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 140 }),
    fc.string({ unit: fc.constantFrom('a', 'é', '漢', '😀', '"', '\\', '\n', '\u202e', '\ud83d'), maxLength: 130 }),
    fc.constantFrom('env', 'owner', '', 'x'.repeat(256)),
  );
  const key = text.filter((one) => one !== '');
  const pair = fc.tuple(key, text);
  const operations = fc.record({
    remove: fc.array(key, { maxLength: 20 }),
    set: fc.array(pair, { maxLength: 20 }),
    rename: fc.array(fc.tuple(key, key), { maxLength: 10 }),
  });
  const condition = fc.record({ key, value: text, not: fc.boolean() }, { requiredKeys: ['key'] });
  const regionIds = ['cn-hangzhou', 'cn-heyuan-acdr-1', 'cn-hangzhou-finance', 'cn-shanghai-finance-1', 'me-central-1'];
  const parts = fc.record({
    operations: operations.filter(({ remove, set, rename }) => remove.length + set.length + rename.length > 0),
    selection: fc.oneof(
      fc.constant({ kind: 'ids' as const }),
      fc
        .array(condition, { minLength: 1, maxLength: 20 })
        .map((conditions) => ({ kind: 'where' as const, conditions })),
    ),
    resourceType: fc.constantFrom('key', 'secret'),
    regions: fc
      .uniqueArray(fc.constantFrom(...regionIds), { minLength: 1 })
      .chain((ids) => fc.tuple(...ids.map((id) => fc.tuple(fc.constant(id), fc.integer({ min: 1, max: 1_000_000 })))))
      .map((counts) => new Map(counts)),
    ids: fc.array(key, { minLength: 1, maxLength: 6 }),
    account: fc.constantFrom(account, { id: undefined, origin: 'o' }),
  });

  it('is never longer than 300 characters, is always the same, and says what, how many and where', () => {
    fc.assert(
      fc.property(parts, (plan) => {
        const made = sentenceOf(plan);
        expect(made.length).toBeLessThanOrEqual(MAX_SENTENCE);
        expect(made.isWellFormed()).toBe(true);
        expect(made).not.toMatch(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u);
        expect(made).toBe(made.trim());
        expect(sentenceOf(plan)).toBe(made);
        expect(made).toMatch(/^(Remove|Set|Rename) "/);
        const count = [...plan.regions.values()].reduce((sum, each) => sum + each, 0);
        expect(made).toContain(`${count.toLocaleString('en')} ${plan.resourceType}${count === 1 ? '' : 's'} in `);
        if (plan.account.id !== undefined) expect(made).toContain(` of account ${plan.account.id}`);
        if (plan.selection.kind === 'where') expect(made).toContain(' where "');
      }),
      { numRuns: 2_000 },
    );
  });

  it('of one resource, and of an undo, is never longer either', () => {
    const types = fc.constantFrom('key', 'secret', 'certificate');
    fc.assert(
      fc.property(operations, types, text, fc.boolean(), (some, type, id, isPart) => {
        const made = singleSentence(some, { type, id, regionId: 'cn-heyuan-acdr-1' }, account);
        const undo = undoSentence(made, isPart);
        for (const one of [made, undo]) {
          expect(one.length).toBeLessThanOrEqual(MAX_SENTENCE);
          expect(one.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSystemTag } from '../../src/aliyun/kms/limits.js';
import { tagProtection } from '../../src/changes/protection.js';

describe('protection', () => {
  it.each([
    [['owner'], ['owner', 'Owner', 'owners', 'own'], ['owner']],
    [['cost-*'], ['cost-center', 'cost-', 'cost', 'Cost-x'], ['cost-center', 'cost-']],
    [['*'], ['', 'a', '__proto__'], ['', 'a', '__proto__']],
    [
      ['a', 'b*'],
      ['b', 'bb', 'a', 'c'],
      ['b', 'bb', 'a'],
    ],
    [['constructor'], ['constructor', '__proto__'], ['constructor']],
    [['a.c'], ['abc', 'a.c'], ['a.c']],
    [[], ['a'], []],
  ])('by %j covers, of %j, just %j', (patterns, keys, expected) => {
    expect(tagProtection(patterns).protectedOf(keys)).toEqual(expected);
  });

  it('covers whatever begins like a pattern with a star, and nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (prefix, rest, other) => {
        const { protectedOf } = tagProtection([`${prefix}*`]);
        expect(protectedOf([prefix + rest])).toEqual([prefix + rest]);
        expect(protectedOf([other])).toEqual(other.startsWith(prefix) ? [other] : []);
      }),
    );
  });

  it('refuses all when one is protected, and names that one', () => {
    const { refuse } = tagProtection(['owner']);
    expect(() => refuse(['temp', 'owner'])).toThrow(
      expect.objectContaining({ code: 'PROTECTED_TAG', message: expect.stringContaining('"owner"') }),
    );
    expect(() => refuse(['temp'])).not.toThrow();
    expect(() => refuse([])).not.toThrow();
  });
});

describe('a system tag', () => {
  it.each([
    ['acs:ecs:x', true],
    ['aliyun', true],
    ['aliyun-x', true],
    ['Aliyun', false],
    ['my-acs:', false],
    ['acs', false],
  ])('%s: %s', (key, expected) => {
    expect(isSystemTag(key)).toBe(expected);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberField, tagKeysField, targetOf } from '../../src/mcp/schemas.js';
import { openSession } from '../support/session.js';

const KeyId = '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678';
const schema = tagKeysField('Tag keys.');

/** What the schema makes of an argument; undefined when it refuses. */
function parse(value: unknown): readonly string[] | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** The API page: 1 to 128 bytes. Only text that has a UTF-8 form has bytes. */
function isAllowed(key: string): boolean {
  return key.isWellFormed() && Buffer.byteLength(key) >= 1 && Buffer.byteLength(key) <= 128;
}

/** Text of one to four bytes a character and lone surrogates, of lengths around the limit. */
const anyKey = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('a', 'é', '漢', '😀', '\ud83d', '\0', ','), maxLength: 6 }),
  fc
    .tuple(
      fc.constantFrom('a', 'é', '漢', '😀', '/'),
      fc.integer({ min: 0, max: 132 }),
      fc.constantFrom('', 'b', '\udc00'),
    )
    .map(([unit, count, rest]) => unit.repeat(count) + rest),
);
const allowedKey = anyKey.filter(isAllowed);

describe('tag keys', () => {
  it('are accepted just when the API page allows each, and sent once', () => {
    fc.assert(
      fc.property(fc.array(anyKey, { maxLength: 6 }), (keys) => {
        const isRight = keys.length > 0 && keys.every(isAllowed);
        expect(parse(keys)).toEqual(isRight ? [...new Set(keys)] : undefined);
      }),
      { numRuns: 1_000 },
    );
  });

  it('may come as a JSON array in a string', () => {
    fc.assert(
      fc.property(fc.array(anyKey, { maxLength: 6 }), fc.constantFrom('', ' ', '\n\t'), (keys, space) => {
        expect(parse(`${space}${JSON.stringify(keys)}${space}`)).toEqual(parse(keys));
      }),
    );
  });

  it('may come separated by commas, with spaces around', () => {
    const plainKey = allowedKey.filter((key) => !key.includes(',') && key.trim() === key && !key.startsWith('['));
    fc.assert(
      fc.property(
        fc.array(plainKey, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(',', ', ', ' , '),
        (keys, comma) => {
          expect(parse(keys.join(comma))).toEqual(parse(keys));
        },
      ),
    );
  });

  it.each([
    ['a key of 128 bytes', ['a'.repeat(128)], true],
    ['a key of 129 bytes', ['a'.repeat(129)], false],
    ['64 é, two bytes each', ['é'.repeat(64)], true],
    ['64 é and one more byte', [`${'é'.repeat(64)}a`], false],
    ['32 emoji, four bytes each', ['😀'.repeat(32)], true],
    ['32 emoji and one more byte', [`${'😀'.repeat(32)}a`], false],
    ['42 ideographs, three bytes each', ['漢'.repeat(42)], true],
    ['43 ideographs', ['漢'.repeat(43)], false],
    ['half an emoji', ['\ud83d'], false],
    ['the other half', ['a\ude00b'], false],
    ['an empty key', [''], false],
    ['a space', [' '], true],
    ['a line break', ['a\nb'], true],
    ['a zero byte', ['\0'], true],
    ['a comma within a key', ['a,b'], true],
    ['a system tag', ['acs:tag', 'aliyun'], true],
    ['a thousand keys', Array.from({ length: 1_000 }, (_, index) => `k${index}`), true],
    ['no keys', [], false],
    ['nothing', undefined, false],
    ['a number', 7, false],
    ['numbers', [1, 2], false],
    ['null in the list', ['a', null], false],
    ['a list in the list', [['a']], false],
    ['an object', { 0: 'a', length: 1 }, false],
    ['an object with keys', { TagKeys: ['a'] }, false],
    ['an empty string', '', false],
    ['one key as a string', 'a', true],
    ['a JSON array that breaks off', '["a","b"', false],
    ['a list without quotes', '[a,b]', false],
    ['a list without quotes and end', '[a,b', false],
    ['a JSON array of numbers', '[1]', false],
    ['an empty JSON array', '[]', false],
    ['an empty item between commas', 'a,,b', false],
    ['a comma at the end', 'a,', false],
    ['only a comma', ',', false],
  ])('%s: %#', (_, value, isRight) => {
    expect(parse(value) !== undefined).toBe(isRight);
  });

  it('keep their order and their case', () => {
    expect(parse(['b', 'a', 'B', 'a', 'b'])).toEqual(['b', 'a', 'B']);
  });

  it('that are composed differently are different keys', () => {
    expect(parse(['é', 'e\u0301'])).toEqual(['é', 'e\u0301']);
  });
});

describe('on the wire', () => {
  it('a valid call is one request with one JSON array, and an invalid one is none', async () => {
    const { call, emulator } = await openSession({ args: ['--no-snapshot'] });
    // Learns the account, which every change asks for.
    await call('list_changes');
    const value = fc.oneof(
      fc.array(anyKey, { maxLength: 4 }),
      fc.array(anyKey, { maxLength: 4 }).map((keys) => JSON.stringify(keys)),
      fc.array(anyKey, { maxLength: 4 }).map((keys) => keys.join(',')),
      fc.anything({ maxDepth: 2 }),
    );
    await fc.assert(
      fc.asyncProperty(value, async (TagKeys) => {
        // What a host sends is JSON.
        const sent: unknown = JSON.parse(JSON.stringify({ TagKeys }));
        const before = emulator.count();
        const reply = await call('untag_resource', { KeyId, ...Object(sent) });
        const keys = parse(Reflect.get(Object(sent), 'TagKeys'));
        expect(emulator.count() - before).toBe(keys === undefined ? 0 : 1);
        if (keys === undefined)
          expect(reply.text).toMatch(/^INVALID_ARGUMENT: TagKeys.* Nothing was changed\. Example for untag_resource: /);
        else expect(emulator.requests.at(-1)?.parameters).toMatchObject({ KeyId, TagKeys: JSON.stringify(keys) });
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['none', {}],
    ['none but empty ones', { KeyId: '', SecretName: null }],
    ['two', { KeyId, SecretName: 's' }],
    ['three', { KeyId, SecretName: 's', CertificateId: 'c' }],
    ['half a surrogate pair', { KeyId: 'a\ud800' }],
    ['a number', { KeyId: 7 }],
    ['an array', { KeyId: [KeyId] }],
    ['an unknown field', { KeyId, TagKey: 'a' }],
    ['a region that is no region ID', { KeyId, RegionId: 'cn-hangzhou.evil.com' }],
    ['a region with a path', { KeyId, RegionId: 'cn-hangzhou/x' }],
  ])('a target that is %s is no request', async (_, target) => {
    const { call, emulator } = await openSession();
    const reply = await call('untag_resource', { ...target, TagKeys: ['a'] });
    expect(reply.text).toMatch(/^INVALID_ARGUMENT: .+ Nothing was changed\. .+/);
    expect(emulator.count()).toBe(0);
  });
});

describe('the target', () => {
  it.each([
    [{ KeyId: 'k' }, { type: 'key', id: 'k' }],
    [
      { SecretName: 's', KeyId: undefined },
      { type: 'secret', id: 's' },
    ],
    [{ CertificateId: 'c' }, { type: 'certificate', id: 'c' }],
  ])('of %j is %j', (args, target) => {
    expect(targetOf(args, '{}')).toEqual(target);
  });

  it.each([{}, { KeyId: 'k', SecretName: 's' }])(
    'of %j is an error that names the three and shows a right call',
    (args) => {
      expect(() => targetOf(args, '{"KeyId":"x"}')).toThrow(/KeyId, SecretName and CertificateId/);
    },
  );
});

describe('a number', () => {
  it.each([
    ['7', 7],
    [' 50 ', 50],
    [7, 7],
    [undefined, 5],
    ['-1', 'refused'],
    ['1.5', 'refused'],
    ['', 'refused'],
    ['many', 'refused'],
    ['9'.repeat(10), 'refused'],
    [null, 'refused'],
    [1_000_000, 'refused'],
  ])('%j is taken for %j', (value, expected) => {
    const parsed = numberField(0, 999_999, 5, 'Rows.').safeParse(value);
    expect(parsed.success ? parsed.data : 'refused').toBe(expected);
  });
});

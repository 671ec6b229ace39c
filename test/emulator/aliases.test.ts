import { describe, expect, it } from 'vitest';
import type { Emulator } from '../../emulator/index.js';
import { emulators } from '../support/running-emulator.js';
import { callV1 } from './raw-client.js';

const start = emulators();
const startWithTwo = () => start({ data: { keys: [{ KeyId: 'one', Alias: 'alias/main' }, { KeyId: 'two' }] } });
const realId = async (emulator: Emulator, KeyId: string) => {
  const { json } = await callV1(emulator, 'DescribeKey', { KeyId });
  return json['Code'] ?? JSON.stringify(json['KeyMetadata']).match(/"KeyId":"(\w+)"/)?.[1];
};
const codeOf = async (emulator: Emulator, action: string, parameters: Readonly<Record<string, string>>) =>
  (await callV1(emulator, action, parameters)).json['Code'];

describe('an alias', () => {
  it('names another key once it has been pointed there, for every operation that takes it', async () => {
    const emulator = await startWithTwo();
    const arn = `acs:kms:cn-hangzhou:${emulator.accountId}:alias/main`;
    expect([await realId(emulator, 'alias/main'), await realId(emulator, arn)]).toEqual(['one', 'one']);
    expect(await codeOf(emulator, 'UpdateAlias', { KeyId: 'two', AliasName: 'alias/main' })).toBeUndefined();
    expect([await realId(emulator, 'alias/main'), await realId(emulator, arn)]).toEqual(['two', 'two']);
    await callV1(emulator, 'TagResource', { KeyId: 'alias/main', Tags: '[{"TagKey":"a","TagValue":"1"}]' });
    expect([emulator.tagsOf('key', 'one'), emulator.tagsOf('key', 'two')]).toEqual([{}, { a: '1' }]);
    const listed = await callV1(emulator, 'ListAliases');
    expect(listed.json['Aliases']).toMatchObject({ Alias: [{ AliasName: 'alias/main', KeyId: 'two' }] });
  });

  it('can be one of several of a key, which ListKeys finds by each', async () => {
    const emulator = await startWithTwo();
    const Filters = '[{"Key":"AliasName","Values":["alias/other"]}]';
    expect((await callV1(emulator, 'ListKeys', { Filters })).json['TotalCount']).toBe(0);
    expect(await codeOf(emulator, 'CreateAlias', { KeyId: 'one', AliasName: 'alias/other' })).toBeUndefined();
    expect((await callV1(emulator, 'ListKeys', { Filters })).json['TotalCount']).toBe(1);
    const ofOne = await callV1(emulator, 'ListAliasesByKeyId', { KeyId: 'one' });
    expect(ofOne.json).toMatchObject({
      TotalCount: 2,
      Aliases: { Alias: [{ AliasName: 'alias/main' }, { AliasName: 'alias/other' }] },
    });
  });

  it('is gone when it was deleted, and its key stays', async () => {
    const emulator = await startWithTwo();
    expect(await codeOf(emulator, 'DeleteAlias', { AliasName: 'alias/main' })).toBeUndefined();
    expect(await realId(emulator, 'alias/main')).toBe('Forbidden.AliasNotFound');
    expect(await realId(emulator, 'one')).toBe('one');
    expect(await codeOf(emulator, 'DeleteAlias', { AliasName: 'alias/main' })).toBe('Forbidden.AliasNotFound');
  });

  it.each([
    ['CreateAlias', { KeyId: 'one', AliasName: 'alias/main' }, 'AliasAlreadyExists'],
    ['CreateAlias', { KeyId: 'none', AliasName: 'alias/new' }, 'Forbidden.KeyNotFound'],
    ['CreateAlias', { KeyId: 'one', AliasName: 'main' }, 'InvalidParameter'],
    ['CreateAlias', { KeyId: 'one', AliasName: 'alias/acs/oss' }, 'InvalidParameter'],
    ['CreateAlias', { KeyId: 'one', AliasName: `alias/${'x'.repeat(256)}` }, 'InvalidParameter'],
    ['CreateAlias', { KeyId: 'one' }, 'MissingParameter'],
    ['CreateAlias', { KeyId: 'alias/main', AliasName: 'alias/new' }, 'Forbidden.KeyNotFound'],
    ['UpdateAlias', { KeyId: 'two', AliasName: 'alias/none' }, 'Forbidden.AliasNotFound'],
    ['UpdateAlias', { KeyId: 'none', AliasName: 'alias/main' }, 'Forbidden.KeyNotFound'],
  ])('%s %j is refused: %s', async (action, parameters: Readonly<Record<string, string>>, code) => {
    const emulator = await startWithTwo();
    expect(await codeOf(emulator, action, parameters)).toBe(code);
    expect(await realId(emulator, 'alias/main')).toBe('one');
  });

  it('is one of 300 in a region', async () => {
    const keys = Array.from({ length: 300 }, (_, index) => ({ KeyId: `k${index}`, Alias: `alias/a${index}` }));
    const emulator = await start({ data: { keys } });
    const code = await codeOf(emulator, 'CreateAlias', { KeyId: 'k0', AliasName: 'alias/one-more' });
    expect(code).toBe('Rejected.LimitExceeded');
  });

  it.each(['UntagResource', 'ListResourceTags', 'ListAliasesByKeyId', 'GetKeyPolicy'])(
    'is not taken by %s, whose page speaks of the ID',
    async (action) => {
      const emulator = await startWithTwo();
      const code = await codeOf(emulator, action, { KeyId: 'alias/main', TagKeys: '["a"]' });
      expect(code).toBe('Forbidden.KeyNotFound');
    },
  );
});

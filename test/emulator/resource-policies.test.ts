import { describe, expect, it } from 'vitest';
import { type AccountData, parseAccountData } from '../../emulator/index.js';
import { emulators } from '../support/running-emulator.js';
import { callV1 } from './raw-client.js';

const start = emulators();
const DENY = {
  Version: '1',
  Statement: [
    {
      Effect: 'Deny',
      Principal: { RAM: ['acs:ram::1111222233334444:*'] },
      Action: ['kms:Decrypt'],
      Resource: ['*'],
      Condition: { StringEquals: { 'kms:tag/env': ['prod'] } },
    },
  ],
};
const DATA: AccountData = {
  AccountId: '1111222233334444',
  keys: [
    { KeyId: 'default', Alias: 'alias/default' },
    { KeyId: 'plain', DKMSInstanceId: 'kst-1', Tags: { env: 'prod' } },
    { KeyId: 'guarded', DKMSInstanceId: 'kst-1', Policy: DENY },
    { KeyId: 'broken', DKMSInstanceId: 'kst-2', Policy: '{"Version":' },
  ],
  secrets: [{ SecretName: 'default' }, { SecretName: 'in/instance', DKMSInstanceId: 'kst-3', Policy: DENY }],
};

async function policyOf(action: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const { json } = await callV1(await start({ data: DATA }), action, parameters);
  return json['Code'] ?? json['Policy'];
}

describe('the policy of a key or secret', () => {
  it('is answered as a string that holds what the data gave, even where that is no JSON', async () => {
    const text = JSON.stringify(DENY);
    expect(await policyOf('GetKeyPolicy', { KeyId: 'guarded' })).toBe(text);
    expect(await policyOf('GetKeyPolicy', { KeyId: 'acs:kms:cn-hangzhou:1111222233334444:key/guarded' })).toBe(text);
    expect(await policyOf('GetSecretPolicy', { SecretName: 'in/instance', PolicyName: 'default' })).toBe(text);
    const arn = 'acs:kms:cn-hangzhou:1111222233334444:secret/in/instance';
    expect(await policyOf('GetSecretPolicy', { SecretName: arn })).toBe(text);
    expect(await policyOf('GetKeyPolicy', { KeyId: 'broken' })).toBe('{"Version":');
  });

  it('is the default one where nobody gave another', async () => {
    const policy: unknown = JSON.parse(String(await policyOf('GetKeyPolicy', { KeyId: 'plain' })));
    expect(policy).toMatchObject({
      Statement: [{ Sid: 'kms default key policy', Principal: { RAM: ['acs:ram::1111222233334444:*'] } }],
    });
  });

  it.each([
    ['GetKeyPolicy', { KeyId: 'default' }, 'Forbidden.KeyPolicyUnSupported'],
    ['SetKeyPolicy', { KeyId: 'default', Policy: JSON.stringify(DENY) }, 'Forbidden.KeyPolicyUnSupported'],
    ['GetKeyPolicy', { KeyId: 'none' }, 'Forbidden.KeyNotFound'],
    ['GetKeyPolicy', { KeyId: 'acs:kms:cn-hangzhou:9999222233334444:key/guarded' }, 'Forbidden.KeyNotFound'],
    ['GetKeyPolicy', { KeyId: 'guarded', PolicyName: 'other' }, 'Forbidden.ResourceNotFound'],
    ['GetKeyPolicy', {}, 'MissingParameter'],
    ['GetSecretPolicy', { SecretName: 'default' }, 'UnsupportedOperation'],
    ['GetSecretPolicy', { SecretName: 'none' }, 'Forbidden.ResourceNotFound'],
  ])('%s %j is refused: %s', async (action, parameters: Readonly<Record<string, string>>, code) => {
    expect(await policyOf(action, parameters)).toBe(code);
  });

  it('is replaced by one that the grammar allows', async () => {
    const emulator = await start({ data: DATA });
    const text = JSON.stringify({
      ...DENY,
      Statement: DENY.Statement.map((one) => ({ ...one, Action: 'kms:Encrypt' })),
    });
    for (const [set, get, target] of [
      ['SetKeyPolicy', 'GetKeyPolicy', { KeyId: 'plain' }],
      ['SetSecretPolicy', 'GetSecretPolicy', { SecretName: 'in/instance' }],
    ] as const) {
      expect((await callV1(emulator, set, { ...target, Policy: text })).status).toBe(200);
      expect((await callV1(emulator, get, target)).json['Policy']).toBe(text);
    }
  });

  it.each([
    ['no JSON', '{'],
    ['an action of another product', JSON.stringify(DENY).replace('kms:Decrypt', 'oss:GetObject')],
    ['one resource alone', JSON.stringify(DENY).replace('"*"', '"acs:kms:*:*:key/guarded"')],
    ['no statement', '{"Version":"1","Statement":[]}'],
    ['more than 32 KiB', JSON.stringify(DENY).padEnd(32_769)],
    ['nobody', JSON.stringify(DENY).replace('"Principal":{"RAM":["acs:ram::1111222233334444:*"]},', '')],
  ])('is kept when the new one is for %s', async (_, Policy) => {
    const emulator = await start({ data: DATA });
    const reply = await callV1(emulator, 'SetKeyPolicy', { KeyId: 'guarded', Policy });
    expect(reply.json['Code']).toBe('InvalidParameter');
    const kept = await callV1(emulator, 'GetKeyPolicy', { KeyId: 'guarded' });
    expect(kept.json['Policy']).toBe(JSON.stringify(DENY));
  });

  it('is refused in data for what is in no instance', () => {
    const data = JSON.stringify({ keys: [{ KeyId: 'k', Policy: {} }] });
    expect(() => parseAccountData(data)).toThrow('only what has a DKMSInstanceId has a Policy');
  });
});

describe('KMS instances', () => {
  it('are those of the keys and secrets, in pages', async () => {
    const reply = await callV1(await start({ data: DATA }), 'ListKmsInstances', { PageNumber: '2', PageSize: '1' });
    expect(reply.json).toMatchObject({
      TotalCount: 3,
      PageNumber: 2,
      KmsInstances: {
        KmsInstance: [
          { KmsInstanceId: 'kst-2', KmsInstanceArn: 'acs:kms:cn-hangzhou:1111222233334444:keystore/kst-2' },
        ],
      },
    });
  });

  it('are none in an account without', async () => {
    const reply = await callV1(await start({ keys: 1 }), 'ListKmsInstances');
    expect(reply.json).toMatchObject({ TotalCount: 0, KmsInstances: { KmsInstance: [] } });
  });

  it('are shown by keys and secrets, and filter them together with a tag', async () => {
    const emulator = await start({ data: DATA });
    const described = await callV1(emulator, 'DescribeKey', { KeyId: 'guarded' });
    expect(described.json['KeyMetadata']).toMatchObject({ DKMSInstanceId: 'kst-1' });
    const secret = await callV1(emulator, 'DescribeSecret', { SecretName: 'in/instance' });
    expect(secret.json['DKMSInstanceId']).toBe('kst-3');
    const inInstance = { Key: 'DKMSInstanceId', Values: ['kst-1', 'kst-3'] };
    const list = (action: string, ...filters: readonly object[]) =>
      callV1(emulator, action, { Filters: JSON.stringify(filters) });
    expect((await list('ListKeys', inInstance)).json['TotalCount']).toBe(2);
    expect((await list('ListKeys', inInstance, { Key: 'TagKey', Values: ['env'] })).json['TotalCount']).toBe(1);
    expect((await list('ListSecrets', inInstance)).json['TotalCount']).toBe(1);
  });
});

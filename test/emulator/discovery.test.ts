import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { sampleData } from '../../emulator/index.js';
import { emulators, SAMPLE_CERTIFICATE, SAMPLE_KEY } from '../support/running-emulator.js';
import { callV1 } from './raw-client.js';

const start = emulators();
const keyList = z.object({ Keys: z.object({ Key: z.array(z.object({ KeyId: z.string(), KeyArn: z.string() })) }) });
const secretList = z.object({ SecretList: z.object({ Secret: z.array(z.looseObject({ SecretName: z.string() })) }) });

describe('ListKeys', () => {
  it('gives ten keys a page unless asked otherwise, and counts them all', async () => {
    const emulator = await start({ keys: 101 });
    const first = await callV1(emulator, 'ListKeys');
    expect(keyList.parse(first.json).Keys.Key).toHaveLength(10);
    expect(first.json).toMatchObject({ TotalCount: 101, PageNumber: 1, PageSize: 10 });
    const last = await callV1(emulator, 'ListKeys', { PageNumber: '2', PageSize: '100' });
    expect(last.json['Keys']).toEqual({
      Key: [{ KeyId: 'key-000101', KeyArn: `acs:kms:cn-hangzhou:${emulator.accountId}:key/key-000101` }],
    });
    const beyond = await callV1(emulator, 'ListKeys', { PageNumber: '9', PageSize: '100' });
    expect(keyList.parse(beyond.json).Keys.Key).toEqual([]);
  });

  it.each([
    { filter: 'a state', filters: [{ Key: 'KeyState', Values: ['Disabled', 'PendingDeletion'] }], ids: ['c', 'd'] },
    { filter: 'an id', filters: [{ Key: 'keyId', Values: ['b'] }], ids: ['b'] },
    { filter: 'an alias', filters: [{ Key: 'AliasName', Values: ['alias/a'] }], ids: ['a'] },
    { filter: 'a tag key', filters: [{ Key: 'TagKey', Values: ['env'] }], ids: ['a', 'b', 'c'] },
    { filter: 'a tag value', filters: [{ Key: 'TagValue', Values: ['prod'] }], ids: ['a', 'd'] },
    {
      filter: 'key and value of one tag',
      filters: [
        { Key: 'TagKey', Values: ['env'] },
        { Key: 'TagValue', Values: ['prod'] },
      ],
      ids: ['a'],
    },
    {
      filter: 'a key named twice, which adds values',
      filters: [
        { Key: 'keyId', Values: ['a'] },
        { Key: 'keyId', Values: ['b'] },
      ],
      ids: ['a', 'b'],
    },
    { filter: 'no values', filters: [{ Key: 'KeyState', Values: [] }], ids: ['a', 'b', 'c', 'd'] },
    { filter: 'what all keys share', filters: [{ Key: 'KeyUsage', Values: ['SIGN/VERIFY'] }], ids: [] },
  ])('filters by $filter', async ({ filters, ids }) => {
    const emulator = await start({
      data: {
        keys: [
          { KeyId: 'a', Alias: 'alias/a', Tags: { env: 'prod' } },
          { KeyId: 'b', Tags: { env: 'dev', stage: 'dev' } },
          { KeyId: 'c', KeyState: 'Disabled', Tags: { env: 'test' } },
          { KeyId: 'd', KeyState: 'PendingDeletion', Tags: { stage: 'prod' } },
        ],
      },
    });
    const reply = await callV1(emulator, 'ListKeys', { Filters: JSON.stringify(filters) });
    expect(keyList.parse(reply.json).Keys.Key.map((key) => key.KeyId)).toEqual(ids);
    expect(reply.json['TotalCount']).toBe(ids.length);
  });

  it('filters by what the tags are now', async () => {
    const emulator = await start({ keys: 2 });
    const Filters = JSON.stringify([{ Key: 'TagKey', Values: ['temp'] }]);
    expect((await callV1(emulator, 'ListKeys', { Filters })).json['TotalCount']).toBe(2);
    emulator.removeTag('key', 'key-000001', 'temp');
    expect((await callV1(emulator, 'ListKeys', { Filters })).json['TotalCount']).toBe(1);
  });

  it.each([
    { PageSize: '0' },
    { PageSize: '101' },
    { PageSize: 'ten' },
    { PageSize: '-1' },
    { PageNumber: '0' },
    { Filters: 'KeyState=Enabled' },
    { Filters: '{"Key":"KeyState"}' },
    { Filters: '[{"Key":"Nothing","Values":["x"]}]' },
    { Filters: '[{"Key":"constructor","Values":["x"]}]' },
    { Filters: JSON.stringify(Array(11).fill({ Key: 'KeyState', Values: [] })) },
    { Filters: JSON.stringify([{ Key: 'KeyState', Values: Array(11).fill('Enabled') }]) },
  ])('answers InvalidParameter to %j', async (parameters) => {
    expect((await callV1(await start(), 'ListKeys', parameters)).json['Code']).toBe('InvalidParameter');
  });
});

describe('DescribeKey', () => {
  it.each([SAMPLE_KEY, 'alias/payments', `acs:kms:cn-hangzhou:1234567890123456:key/${SAMPLE_KEY}`])(
    'tells the real id and no tags when asked for %s',
    async (KeyId) => {
      const reply = await callV1(await start(), 'DescribeKey', { KeyId });
      expect(reply.json['KeyMetadata']).toMatchObject({ KeyId: SAMPLE_KEY, KeyState: 'Enabled', DeleteDate: '' });
      expect(reply.text).not.toContain('tagkey1');
    },
  );

  it('tells when a key goes that is pending deletion', async () => {
    const emulator = await start({ data: { keys: [{ KeyId: 'k', KeyState: 'PendingDeletion' }] } });
    const reply = await callV1(emulator, 'DescribeKey', { KeyId: 'k' });
    expect(reply.json['KeyMetadata']).toMatchObject({
      KeyState: 'PendingDeletion',
      DeleteDate: expect.stringMatching(/Z$/),
    });
  });
});

describe('aliases', () => {
  const payments = {
    AliasName: 'alias/payments',
    KeyId: SAMPLE_KEY,
    AliasArn: 'acs:kms:cn-hangzhou:1234567890123456:alias/payments',
  };

  it('are listed in pages', async () => {
    const aliases = sampleData().keys?.filter((key) => key.Alias !== undefined).length;
    const reply = await callV1(await start(), 'ListAliases', { PageSize: '1' });
    expect(reply.json).toMatchObject({ Aliases: { Alias: [payments] }, TotalCount: aliases, PageSize: 1 });
  });

  it('are listed by key, and a key may have none', async () => {
    const emulator = await start();
    const one = await callV1(emulator, 'ListAliasesByKeyId', { KeyId: SAMPLE_KEY, PageSize: '101' });
    expect(one.json).toMatchObject({ Aliases: { Alias: [payments] }, TotalCount: 1 });
    const none = await callV1(emulator, 'ListAliasesByKeyId', { KeyId: '4c1f7d0e-93b2-4f5a-8a77-0b6e2d9c1a35' });
    expect(none.json).toMatchObject({ Aliases: { Alias: [] }, TotalCount: 0 });
  });
});

describe('secrets', () => {
  it('are listed with their tags only when asked', async () => {
    const emulator = await start();
    const without = secretList.parse((await callV1(emulator, 'ListSecrets')).json).SecretList.Secret;
    const fetched = (await callV1(emulator, 'ListSecrets', { FetchTags: 'true' })).json;
    expect(without[0]).not.toHaveProperty('Tags');
    expect(secretList.parse(fetched).SecretList.Secret[0]).toMatchObject({
      SecretName: 'MyDbCredentials',
      Tags: { Tag: expect.arrayContaining([{ TagKey: 'owner', TagValue: 'alice' }]) },
    });
  });

  it('are filtered by name and by tag', async () => {
    const emulator = await start();
    const named = async (filter: object) => {
      const reply = await callV1(emulator, 'ListSecrets', { Filters: JSON.stringify([filter]) });
      return secretList.parse(reply.json).SecretList.Secret.map((secret) => secret.SecretName);
    };
    expect(await named({ Key: 'SecretName', Values: ['smtp-relay'] })).toEqual(['smtp-relay']);
    expect(await named({ Key: 'TagKey', Values: ['temp'] })).toEqual([
      'orders/db-password-staging',
      'ci/registry-token',
    ]);
  });

  it.each(['MyDbCredentials', 'acs:kms:cn-hangzhou:1234567890123456:secret/MyDbCredentials'])(
    'are described by %s, never with a value',
    async (SecretName) => {
      const reply = await callV1(await start(), 'DescribeSecret', { SecretName, FetchTags: 'true' });
      expect(reply.json).toMatchObject({
        SecretName: 'MyDbCredentials',
        SecretType: 'Generic',
        Tags: { Tag: expect.anything() },
      });
      expect(reply.json).not.toHaveProperty('SecretData');
    },
  );

  it.each([
    { SecretName: 'secret/MyDbCredentials', code: 'Forbidden.ResourceNotFound' },
    { SecretName: '', code: 'MissingParameter' },
    { SecretName: 'MyDbCredentials', FetchTags: 'yes', code: 'InvalidParameter' },
  ])('answer $code to %j', async ({ code, ...parameters }) => {
    expect((await callV1(await start(), 'DescribeSecret', parameters)).json['Code']).toBe(code);
  });
});

describe('DescribeCertificate', () => {
  it('prints the tags as a string that holds JSON', async () => {
    const reply = await callV1(await start(), 'DescribeCertificate', { CertificateId: SAMPLE_CERTIFICATE });
    expect(JSON.parse(z.string().parse(reply.json['Tags']))).toContainEqual({ TagKey: 'owner', TagValue: 'alice' });
  });

  it('is not found where newer accounts no longer have it', async () => {
    const emulator = await start({ certificateOperations: false });
    const reply = await callV1(emulator, 'DescribeCertificate', { CertificateId: SAMPLE_CERTIFICATE });
    expect(reply.status).toBe(404);
    expect(reply.json).toMatchObject({ Code: 'InvalidAction.NotFound', HostId: expect.anything() });
  });
});

describe('DescribeRegions', () => {
  it('lists the regions, the emulator’s own among them', async () => {
    const reply = await callV1(await start({ regionId: 'xx-nowhere-1' }), 'DescribeRegions');
    expect(reply.json['Regions']).toMatchObject({
      Region: expect.arrayContaining([{ RegionId: 'cn-beijing' }, { RegionId: 'xx-nowhere-1' }]),
    });
  });
});

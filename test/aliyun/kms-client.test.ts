import { describe, expect, it, onTestFinished } from 'vitest';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/index.js';
import { type Kms, kmsClient } from '../../src/aliyun/kms/kms-client.js';
import { tagRecord } from '../../src/aliyun/kms/tag-record.js';
import { staticCredentials } from '../../src/credentials/source.js';
import type { SignatureVersion } from '../../src/rpc/signed-request.js';
import { failureOf, testClient } from '../rpc/test-client.js';
import { httpServer } from '../support/upstream.js';

const KEY = '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678';
const SECRET = 'MyDbCredentials';
const CERTIFICATE = '770dbe42-e146-43d1-a55a-1355db861234';
const SAMPLE = { tagkey1: 'tagvalue1', tagkey2: 'tagvalue2', owner: 'alice' };

interface World {
  readonly emulator: Emulator;
  readonly kms: Kms;
}

async function world(signature: SignatureVersion, options: EmulatorOptions = {}): Promise<World> {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  const { accessKeyId, accessKeySecret } = emulator;
  const { securityToken } = options;
  const session = securityToken === undefined ? {} : { securityToken };
  const credentials = staticCredentials({ accessKeyId, accessKeySecret, ...session });
  return { emulator, kms: kmsClient(testClient(emulator.endpoint, { signature, credentials }), emulator.regionId) };
}

const WAYS = [
  ['v3', undefined],
  ['v1', undefined],
  ['v3', 'CAIS/token+with=signs'],
  ['v1', 'CAIS/token+with=signs'],
] as const;

describe.each(WAYS)('every operation, signed with %s and the token %s', (signature, securityToken) => {
  const open = (options: EmulatorOptions = {}): Promise<World> =>
    world(signature, { ...options, ...(securityToken === undefined ? {} : { securityToken }) });

  it.each([
    ['key', KEY],
    ['secret', SECRET],
    ['certificate', CERTIFICATE],
  ] as const)('reads, sets and removes tags of a %s', async (type, id) => {
    const { emulator, kms } = await open();
    const target = { type, id };
    expect({ ...(await kms.readTags(target)).tags }).toEqual(SAMPLE);
    const { requestId } = await kms.untagResource(target, ['tagkey1', 'no-such-key']);
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    await kms.tagResource(
      target,
      tagRecord([
        ['owner', 'bob'],
        ['note', ''],
      ]),
    );
    expect(emulator.tagsOf(type, id)).toEqual({ tagkey2: 'tagvalue2', owner: 'bob', note: '' });
    expect(emulator.requests.every((request) => request.outcome === 'ok')).toBe(true);
  });

  it('sends the tag keys as one JSON array, whatever they are made of', async () => {
    const { emulator, kms } = await open();
    const keys = ['a,b', 'ü/x y+z', '"quoted"', "it's!(*)~", '标签', '\\', '%41', '&=?#'];
    for (const key of keys) emulator.setTag('key', KEY, key, 'x');
    await kms.untagResource({ type: 'key', id: KEY }, keys);
    expect(emulator.requests[0]?.parameters['TagKeys']).toBe(JSON.stringify(keys));
    expect(emulator.tagsOf('key', KEY)).toEqual(SAMPLE);
  });

  it('changes many resources at a time', async () => {
    const { emulator, kms } = await open();
    const ids = [SECRET];
    await kms.tagResources(
      'secret',
      ids,
      tagRecord([
        ['a', '1'],
        ['b', '2'],
      ]),
    );
    expect(emulator.tagsOf('secret', SECRET)).toEqual({ ...SAMPLE, a: '1', b: '2' });
    await kms.untagResources('secret', ids, ['a', 'tagkey1']);
    expect(emulator.tagsOf('secret', SECRET)).toEqual({ tagkey2: 'tagvalue2', owner: 'alice', b: '2' });
  });

  it('takes lists of fifty resources and twenty keys', async () => {
    const { emulator, kms } = await open({ keys: 50 });
    const { rows: ids } = await kms.listKeys({ pageNumber: 1, pageSize: 100 }, undefined);
    const tagKeys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
    await kms.untagResources('key', ids, [...tagKeys.slice(1), 'temp']);
    expect(ids.map((id) => emulator.tagsOf('key', id)?.['temp'])).toEqual(new Array(50).fill(undefined));
  });

  it('pages through the tags of all resources', async () => {
    const { emulator, kms } = await open({ keys: 150 });
    const rows: string[] = [];
    let nextToken: string | undefined;
    let pages = 0;
    do {
      const page = await kms.listTagResources({ type: 'key', nextToken });
      rows.push(...page.rows.map(({ resourceId, key }) => `${resourceId} ${key}`));
      nextToken = page.nextToken;
      pages += 1;
    } while (nextToken !== undefined);
    expect(pages).toBeGreaterThan(1);
    expect(new Set(rows).size).toBe(rows.length);
    const { rows: ids } = await kms.listKeys({ pageNumber: 1, pageSize: 100 }, undefined);
    const { rows: more } = await kms.listKeys({ pageNumber: 2, pageSize: 100 }, undefined);
    const held = [...ids, ...more].flatMap((id) => Object.keys(emulator.tagsOf('key', id) ?? {}));
    expect(rows).toHaveLength(held.length);
  });

  it('lists the resources that carry a tag', async () => {
    const { kms } = await open();
    const byKey = await kms.listTagResources({ type: 'key', filter: { key: 'tagkey1' } });
    const byValue = await kms.listTagResources({ type: 'key', filter: { key: 'tagkey1', value: 'other' } });
    const byId = await kms.listTagResources({ type: 'key', ids: [KEY] });
    expect(new Set(byKey.rows.map(({ resourceId }) => resourceId))).toEqual(new Set([KEY]));
    expect(byValue.rows).toEqual([]);
    expect(Object.fromEntries(byId.rows.map(({ key, value }) => [key, value]))).toEqual(SAMPLE);
  });

  it('describes and lists keys, aliases, secrets and regions', async () => {
    const { kms } = await open();
    const page = { pageNumber: 1, pageSize: 2 };
    expect(await kms.describeKey('alias/payments')).toMatchObject({ keyId: KEY, state: 'Enabled' });
    const keys = await kms.listKeys(page, undefined);
    expect(keys.rows).toHaveLength(2);
    expect(keys.totalCount).toBeGreaterThan(2);
    const pending = await kms.listKeys(page, 'PendingDeletion');
    expect(pending.totalCount).toBeLessThan(keys.totalCount);
    expect(await kms.describeKey(pending.rows[0] ?? '')).toMatchObject({ state: 'PendingDeletion' });
    expect((await kms.listAliases({ pageNumber: 1, pageSize: 100 })).rows).toContainEqual({
      alias: 'alias/payments',
      keyId: KEY,
    });
    expect((await kms.listAliasesByKeyId(KEY)).aliases).toEqual(['alias/payments']);
    const secrets = await kms.listSecrets({ pageNumber: 1, pageSize: 100 });
    expect({ ...secrets.rows.find(({ name }) => name === SECRET)?.tags }).toEqual(SAMPLE);
    expect((await kms.describeRegions()).regionIds).toContain('cn-hangzhou');
  });
});

describe('an error of KMS', () => {
  it.each([
    ['key', 'no-such-key', 'Forbidden.KeyNotFound', 404],
    ['secret', 'no-such-secret', 'Forbidden.ResourceNotFound', 404],
    ['certificate', 'no-such-certificate', 'Certificate.NotFound', 404],
  ] as const)('for a %s that is not there keeps code, status and RequestId', async (type, id, code, httpStatus) => {
    const { kms } = await world('v3');
    const failure = await failureOf(kms.untagResource({ type, id }, ['a']));
    expect(failure.failure).toMatchObject({ kind: 'service', code, httpStatus, requestId: expect.stringMatching(/./) });
  });

  it('says that DescribeCertificate is gone', async () => {
    const { kms } = await world('v3', { certificateOperations: false });
    const failure = await failureOf(kms.readTags({ type: 'certificate', id: CERTIFICATE }));
    expect(failure.failure).toMatchObject({ code: 'InvalidAction.NotFound' });
  });
});

/** KMS that answers everything with this body. */
async function answering(body: unknown): Promise<Kms> {
  const { origin } = await httpServer((_, response) =>
    response.end(JSON.stringify({ RequestId: 'r', ...Object(body) })),
  );
  return kmsClient(testClient(origin), 'cn-hangzhou');
}

describe('a list of tags', () => {
  const rows = [{ TagKey: 'a', TagValue: '1', KeyId: 'k' }, { TagKey: 'b' }];
  const expected = { a: '1', b: '' };

  it.each([
    ['in its wrapper', { Tag: rows }, expected],
    ['without its wrapper', rows, expected],
    ['as JSON in a string', JSON.stringify(rows), expected],
    ['as JSON in a string, in its wrapper', JSON.stringify({ Tag: rows }), expected],
    ['with a value that is null', { Tag: [{ TagKey: 'b', TagValue: null }] }, { b: '' }],
    ['that is empty', { Tag: [] }, {}],
    ['that is empty without its wrapper', [], {}],
    ['that is an empty object', {}, {}],
    ['that is an empty string', '', {}],
    ['that is JSON of an empty list', '[]', {}],
    ['that is null', null, {}],
    ['whose wrapper is null', { Tag: null }, {}],
    ['that is left out', undefined, {}],
  ])('%s is read', async (_, Tags, tags) => {
    const kms = await answering({ Tags });
    for (const type of ['key', 'secret', 'certificate'] as const) {
      expect({ ...(await kms.readTags({ type, id: 'x' })).tags }).toEqual(tags);
    }
  });

  it.each([
    ['a wrapper of another name', { tag: rows }],
    ['a wrapper within a wrapper', { Tag: { Tag: rows } }],
    ['text that is no JSON', 'a=1'],
    ['a number', 7],
    ['rows without a key', { Tag: [{ TagValue: '1' }] }],
    ['a key that is no text', { Tag: [{ TagKey: 1 }] }],
    ['rows that are text', { Tag: ['a'] }],
  ])('that is %s is not taken for an empty one', async (_, Tags) => {
    const kms = await answering({ Tags });
    const failure = await failureOf(kms.readTags({ type: 'key', id: 'x' }));
    expect(failure).toMatchObject({
      failure: { kind: 'unreadable', reason: 'an answer to ListResourceTags in an unknown form' },
      effect: 'none',
    });
  });

  it('may hold keys that are named like parts of JavaScript objects', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const kms = await answering({ Tags: { Tag: names.map((TagKey) => ({ TagKey, TagValue: 'v' })) } });
    const { tags } = await kms.readTags({ type: 'key', id: 'x' });
    expect(Object.entries(tags)).toEqual(names.map((name) => [name, 'v']));
  });
});

describe('other lists', () => {
  it.each([
    ['wrapped', (name: string, row: unknown) => ({ [name]: [row] })],
    ['plain', (_: string, row: unknown) => [row]],
  ])('are read when they are %s, and their count may be text', async (_, wrap) => {
    const page = { pageNumber: 1, pageSize: 10 };
    const kms = await answering({
      TotalCount: '7',
      Keys: wrap('Key', { KeyId: 'k', KeyArn: 'arn' }),
      Aliases: wrap('Alias', { AliasName: 'alias/a', KeyId: 'k' }),
      SecretList: wrap('Secret', {
        SecretName: 's',
        PlannedDeleteTime: '2026-12-01T00:00:00Z',
        Tags: wrap('Tag', { TagKey: 'a', TagValue: '1' }),
      }),
      Regions: wrap('Region', { RegionId: 'cn-hangzhou' }),
      TagResources: wrap('TagResource', { ResourceId: 'k', ResourceType: 'key', TagKey: 'a', TagValue: '1' }),
      NextToken: 'more',
    });
    expect(await kms.listKeys(page, undefined)).toEqual({ requestId: 'r', totalCount: 7, rows: ['k'] });
    expect((await kms.listAliases(page)).rows).toEqual([{ alias: 'alias/a', keyId: 'k' }]);
    const [secret] = (await kms.listSecrets(page)).rows;
    expect({ ...secret, tags: { ...secret?.tags } }).toEqual({ name: 's', pendingDeletion: true, tags: { a: '1' } });
    expect((await kms.describeRegions()).regionIds).toEqual(['cn-hangzhou']);
    expect(await kms.listTagResources({ type: 'key' })).toEqual({
      requestId: 'r',
      rows: [{ resourceId: 'k', key: 'a', value: '1' }],
      nextToken: 'more',
    });
  });

  it.each([undefined, null, ''])('end with the page whose NextToken is %j', async (NextToken) => {
    const kms = await answering({ NextToken, TagResources: { TagResource: [] } });
    expect(await kms.listTagResources({ type: 'key' })).toEqual({ requestId: 'r', rows: [], nextToken: undefined });
  });
});

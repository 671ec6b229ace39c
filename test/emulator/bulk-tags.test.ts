import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Emulator } from '../../emulator/index.js';
import { emulators } from '../support/running-emulator.js';
import { callV1 } from './raw-client.js';

const start = emulators();
const KEYS = { RegionId: 'cn-hangzhou', ResourceType: 'key' };
const keyId = (number: number) => `key-${String(number).padStart(6, '0')}`;
const list = (name: string, items: readonly string[]) =>
  Object.fromEntries(items.map((item, index) => [`${name}.${index + 1}`, item]));
const ids = (from: number, to: number) =>
  list(
    'ResourceId',
    Array.from({ length: to - from + 1 }, (_, index) => keyId(from + index)),
  );

const pageSchema = z.object({
  NextToken: z.string(),
  TagResources: z.object({
    TagResource: z.array(
      z.object({ ResourceId: z.string(), ResourceType: z.string(), TagKey: z.string(), TagValue: z.string() }),
    ),
  }),
});

async function readPage(emulator: Emulator, parameters: Readonly<Record<string, string>>) {
  const reply = await callV1(emulator, 'ListTagResources', { ...KEYS, ...parameters });
  const { NextToken, TagResources } = pageSchema.parse(reply.json);
  return { NextToken, rows: TagResources.TagResource };
}

async function readAll(emulator: Emulator, parameters: Readonly<Record<string, string>>) {
  const pages = [await readPage(emulator, parameters)];
  for (let token = pages[0]?.NextToken ?? ''; token !== ''; token = pages.at(-1)?.NextToken ?? '') {
    pages.push(await readPage(emulator, { ...parameters, NextToken: token }));
  }
  return { pages: pages.length, rows: pages.flatMap((page) => page.rows) };
}

describe('UntagResources', () => {
  it('removes what is there from up to 50 keys, in one request', async () => {
    const emulator = await start({ keys: 60 });
    const parameters = { ...KEYS, ...ids(1, 50), ...list('TagKey', ['temp', 'owner', 'never-there']) };
    expect((await callV1(emulator, 'UntagResources', parameters)).status).toBe(200);
    expect(Object.keys(emulator.tagsOf('key', keyId(50)) ?? {})).toEqual(['env']);
    expect(Object.keys(emulator.tagsOf('key', keyId(51)) ?? {})).toContain('temp');
  });

  it('removes every tag with All, but only when no TagKey is given, and never a system tag', async () => {
    const emulator = await start({ data: { secrets: [{ SecretName: 's', Tags: { a: '1', b: '2', 'acs:c': '3' } }] } });
    const target = { RegionId: 'cn-hangzhou', ResourceType: 'secret', 'ResourceId.1': 's', All: 'true' };
    await callV1(emulator, 'UntagResources', { ...target, 'TagKey.1': 'a' });
    expect(emulator.tagsOf('secret', 's')).toEqual({ b: '2', 'acs:c': '3' });
    await callV1(emulator, 'UntagResources', target);
    expect(emulator.tagsOf('secret', 's')).toEqual({ 'acs:c': '3' });
  });

  it('changes nothing at all when one id is unknown', async () => {
    const emulator = await start({ keys: 3 });
    const parameters = { ...KEYS, ...list('ResourceId', [keyId(1), 'nothing', keyId(2)]), 'TagKey.1': 'temp' };
    const reply = await callV1(emulator, 'UntagResources', parameters);
    expect(reply.json).toMatchObject({
      HttpStatus: 404,
      Code: 'InvalidResourceId.NotFound',
      Message: 'The specified ResourceId is not found.',
    });
    expect(emulator.tagsOf('key', keyId(1))).toHaveProperty('temp');
  });

  it('takes an id that is given twice', async () => {
    const emulator = await start({ keys: 1 });
    const parameters = { ...KEYS, ...list('ResourceId', [keyId(1), keyId(1)]), 'TagKey.1': 'temp' };
    expect((await callV1(emulator, 'UntagResources', parameters)).status).toBe(200);
  });

  it.each([
    { reason: '51 resources', parameters: { ...KEYS, ...ids(1, 51), 'TagKey.1': 'temp' } },
    { reason: '21 tag keys', parameters: { ...KEYS, ...ids(1, 1), ...list('TagKey', Array(21).fill('x')) } },
    { reason: 'certificates', parameters: { ...KEYS, ResourceType: 'certificate', ...ids(1, 1), 'TagKey.1': 'x' } },
    { reason: 'a JSON list', parameters: { ...KEYS, ResourceId: '["key-000001"]', 'TagKey.1': 'x' } },
    { reason: 'a system tag', parameters: { ...KEYS, ...ids(1, 1), 'TagKey.1': 'aliyun:x' } },
    { reason: 'All = maybe', parameters: { ...KEYS, ...ids(1, 1), All: 'maybe' } },
    { reason: 'a key of 129 characters', parameters: { ...KEYS, ...ids(1, 1), 'TagKey.1': 'x'.repeat(129) } },
    { reason: 'a list that starts at 0', parameters: { ...KEYS, ...ids(1, 1), 'TagKey.0': 'x' } },
    { reason: 'neither TagKey nor All', parameters: { ...KEYS, ...ids(1, 1) }, code: 'MissingParameter' },
    { reason: 'no resource', parameters: { ...KEYS, 'TagKey.1': 'x' }, code: 'MissingParameter' },
    { reason: 'no region', parameters: { ResourceType: 'key', ...ids(1, 1) }, code: 'MissingParameter' },
  ])('answers InvalidParameter or MissingParameter to $reason', async ({ parameters, code }) => {
    const reply = await callV1(await start({ keys: 60 }), 'UntagResources', parameters);
    expect(reply.json).toMatchObject({ HttpStatus: 400, Code: code ?? 'InvalidParameter' });
  });

  it('answers InvalidRegionId.NotFound for another region', async () => {
    const parameters = { ...KEYS, RegionId: 'eu-west-1', ...ids(1, 1), 'TagKey.1': 'x' };
    const reply = await callV1(await start({ keys: 1 }), 'UntagResources', parameters);
    expect(reply.status).toBe(404);
    expect(reply.json['Code']).toBe('InvalidRegionId.NotFound');
  });
});

describe('TagResources', () => {
  it('sets tags on all resources, and overwrites', async () => {
    const emulator = await start({ keys: 2 });
    const tags = { 'Tag.1.Key': 'env', 'Tag.1.Value': 'new', 'Tag.2.Key': 'back\\slash', 'Tag.2.Value': '' };
    expect((await callV1(emulator, 'TagResources', { ...KEYS, ...ids(1, 2), ...tags })).status).toBe(200);
    for (const number of [1, 2]) {
      expect(emulator.tagsOf('key', keyId(number))).toMatchObject({ env: 'new', 'back\\slash': '' });
    }
  });

  it('sets nothing anywhere when one resource would have too many tags', async () => {
    const Tags = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${index}`, 'v']));
    const emulator = await start({ data: { keys: [{ KeyId: 'a' }, { KeyId: 'b', Tags }] } });
    const parameters = { ...KEYS, 'ResourceId.1': 'a', 'ResourceId.2': 'b', 'Tag.1.Key': 'x', 'Tag.1.Value': 'y' };
    expect((await callV1(emulator, 'TagResources', parameters)).json['Code']).toBe('Rejected.LimitExceeded');
    expect(emulator.tagsOf('key', 'a')).toEqual({});
  });

  it.each([
    { reason: 'a system tag', key: 'acs:x', value: 'v' },
    { reason: 'an empty key', key: '', value: 'v' },
    { reason: 'a space', key: 'with space', value: 'v' },
    { reason: 'a value of 129 characters', key: 'k', value: 'x'.repeat(129) },
    { reason: 'a key of 129 characters', key: 'x'.repeat(129), value: 'v' },
  ])('answers InvalidParameter to $reason', async ({ key, value }) => {
    const parameters = { ...KEYS, ...ids(1, 2), 'Tag.1.Key': key, 'Tag.1.Value': value };
    const reply = await callV1(await start({ keys: 2 }), 'TagResources', parameters);
    expect(reply.json['Code']).toBe('InvalidParameter');
  });
});

describe('ListTagResources', () => {
  it('pages through every row, 200 at a time, once each', async () => {
    const emulator = await start({ keys: 1000 });
    const { pages, rows } = await readAll(emulator, {});
    expect(rows).toHaveLength(2900);
    expect(pages).toBe(15);
    expect(new Set(rows.map((row) => `${row.ResourceId} ${row.TagKey}`)).size).toBe(2900);
  });

  it('gives no token with a last page that is just full', async () => {
    const data = { keys: Array.from({ length: 200 }, (_, index) => ({ KeyId: `k${index}`, Tags: { a: 'b' } })) };
    expect((await readPage(await start({ data }), {})).NextToken).toBe('');
  });

  it('loses and repeats nothing that stays, whatever changes between two pages', async () => {
    const emulator = await start({ keys: 300 });
    const first = await readPage(emulator, { 'Tag.1.Key': 'env' });
    for (let number = 1; number <= 100; number += 1) {
      emulator.removeTag('key', keyId(number), 'env');
      emulator.setTag('key', keyId(number), 'added', 'x');
    }
    const { rows } = await readAll(emulator, { 'Tag.1.Key': 'env', NextToken: first.NextToken });
    const seen = [...first.rows, ...rows].filter((row) => row.TagKey === 'env').map((row) => row.ResourceId);
    expect(new Set(seen).size).toBe(seen.length);
    const staying = Array.from({ length: 200 }, (_, index) => keyId(101 + index));
    expect(seen).toEqual(expect.arrayContaining(staying));
    expect(rows.some((row) => row.TagKey === 'added')).toBe(false);
  });

  it('gives all tags of the resources that carry the tag', async () => {
    const emulator = await start({ keys: 40 });
    const { rows } = await readAll(emulator, { 'Tag.1.Key': 'temp', 'Tag.1.Value': 'temp-01' });
    expect(new Set(rows.map((row) => row.ResourceId))).toEqual(new Set([keyId(1), keyId(21)]));
    expect(new Set(rows.map((row) => row.TagKey))).toEqual(new Set(['env', 'owner', 'temp']));
  });

  it('asks for every one of several tags', async () => {
    const tags = { 'Tag.1.Key': 'temp', 'Tag.1.Value': 'temp-01', 'Tag.2.Key': 'env', 'Tag.2.Value': 'test' };
    const { rows } = await readAll(await start({ keys: 60 }), tags);
    expect(new Set(rows.map((row) => row.ResourceId))).toEqual(new Set([keyId(41)]));
  });

  it('gives the rows of the resources named, in pages when there are many, and none for an unknown one', async () => {
    const Tags = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${index}`, 'v']));
    const data = { keys: Array.from({ length: 80 }, (_, index) => ({ KeyId: `k${index}`, Tags })) };
    const named = Array.from({ length: 49 }, (_, index) => `k${79 - index}`);
    const emulator = await start({ data });
    const { pages, rows } = await readAll(emulator, list('ResourceId', [...named, 'nothing']));
    expect(rows).toHaveLength(490);
    expect(pages).toBe(3);
  });

  it.each([
    { reason: 'a system tag', parameters: { 'Tag.1.Key': 'acs:x' } },
    { reason: 'a value without a key', parameters: { 'Tag.1.Value': 'x' } },
    { reason: 'a token nobody gave', parameters: { NextToken: 'made-up' } },
    { reason: 'a token for secrets', parameters: { NextToken: Buffer.from('["secret",0,"a"]').toString('base64url') } },
    { reason: 'a broken token', parameters: { NextToken: Buffer.from('["key",0,"a\\q"]').toString('base64url') } },
    { reason: 'certificates', parameters: { ResourceType: 'certificate' } },
    { reason: '51 resources', parameters: list('ResourceId', Array(51).fill('x')) },
  ])('answers InvalidParameter to $reason', async ({ parameters }) => {
    const reply = await callV1(await start(), 'ListTagResources', { ...KEYS, ...parameters });
    expect(reply.json['Code']).toBe('InvalidParameter');
  });

  it('reads 500 pages of 100,000 keys in seconds of CPU time', async () => {
    const emulator = await start({ keys: 100_000 });
    const begun = process.cpuUsage();
    let NextToken = '';
    for (let page = 0; page < 500; page += 1) {
      NextToken = (await readPage(emulator, { 'Tag.1.Key': 'temp', ...(NextToken === '' ? {} : { NextToken }) }))
        .NextToken;
    }
    const { user, system } = process.cpuUsage(begun);
    expect((user + system) / 1e6).toBeLessThan(8);
  });
});

describe('a resource that was deleted', () => {
  const TWO = { ...KEYS, ...ids(1, 2) };

  it('is gone from lists, names and pages, and leaves the places of others', async () => {
    const emulator = await start({ keys: 300 });
    const list = async (NextToken: string) => (await callV1(emulator, 'ListTagResources', { ...KEYS, NextToken })).json;
    const token = String((await list(''))['NextToken']);
    const second = await list(token);
    emulator.deleteResource('key', 'key-000001');
    expect(await list(token)).toMatchObject({ TagResources: second['TagResources'] });
    expect((await callV1(emulator, 'ListKeys')).json['TotalCount']).toBe(299);
    expect((await callV1(emulator, 'UntagResources', { ...TWO, 'TagKey.1': 'env' })).json['Code']).toBe(
      'InvalidResourceId.NotFound',
    );
    expect(() => emulator.deleteResource('key', 'key-000001')).toThrow('no key "key-000001"');
  });

  it('takes its alias with it', async () => {
    const emulator = await start({ data: { keys: [{ KeyId: 'k', Alias: 'alias/k' }] } });
    emulator.deleteResource('key', 'k');
    const reply = await callV1(emulator, 'DescribeKey', { KeyId: 'alias/k' });
    expect(reply.json['Code']).toBe('Forbidden.AliasNotFound');
  });

  it('has no rows in ListTagResources, or makes it fail where the emulator is told so', async () => {
    for (const [refuseUnknownIds, status] of [
      [false, 200],
      [true, 404],
    ] as const) {
      const emulator = await start({ keys: 2, refuseUnknownIds });
      expect((await callV1(emulator, 'ListTagResources', TWO)).status).toBe(200);
      emulator.deleteResource('key', 'key-000002');
      expect((await callV1(emulator, 'ListTagResources', TWO)).status).toBe(status);
    }
  });
});

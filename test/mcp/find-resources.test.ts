import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { generatedData, startEmulator } from '../../emulator/index.js';
import { ERAS, expectRefusal, KEY, type Reply, SAMPLE_TAGS } from '../support/reply.js';
import { openSession } from '../support/session.js';

const pageForm = z.object({
  RegionId: z.string(),
  Resources: z.array(
    z.object({
      ResourceId: z.string(),
      Name: z.string(),
      State: z.string(),
      Tags: z.array(z.object({ TagKey: z.string(), TagValue: z.string() })),
    }),
  ),
  Matching: z.number(),
  Total: z.number(),
  NextToken: z.string().optional(),
});

const pageOf = (reply: Reply): z.output<typeof pageForm> => pageForm.parse(reply.structured);
const idsOf = (reply: Reply): string[] => pageOf(reply).Resources.map((resource) => resource.ResourceId);
/** The end of a sample key’s id. */
const sample = (...ends: readonly string[]): string[] => ends.map((end) => `key-hzz65f1c2d3a4b5c6d7${end}`);

describe('find_resources', () => {
  it.each(ERAS)('shows ids, names, states and tags of keys, on the %s era', async (era) => {
    const { call } = await openSession({ era });
    const reply = await call('find_resources');
    const { Resources, ...counts } = pageOf(reply);
    expect(counts).toEqual({ RegionId: 'cn-hangzhou', Matching: 12, Total: 12 });
    expect(Resources[0]).toEqual({
      ResourceId: KEY.KeyId,
      Name: 'alias/payments',
      State: 'Enabled',
      Tags: Object.entries(SAMPLE_TAGS).map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
    });
    expect(Resources).toContainEqual(expect.objectContaining({ State: 'PendingDeletion', Name: 'alias/legacy-crm' }));
    expect(Resources).toContainEqual(expect.objectContaining({ State: 'Disabled', Name: '' }));
    const lines = reply.text.split('\n');
    expect(lines[0]).toBe('12 keys of 12 in cn-hangzhou match.');
    expect(lines[1]).toBe(
      `"${KEY.KeyId}" "alias/payments" Enabled: "owner"="alice", "tagkey1"="tagvalue1", "tagkey2"="tagvalue2"`,
    );
    expect(lines).toHaveLength(13);
  });

  it('shows secrets', async () => {
    const { call } = await openSession();
    const { Resources, Matching } = pageOf(await call('find_resources', { ResourceType: 'secret', TagKey: 'temp' }));
    expect(Matching).toBe(2);
    expect(Resources[0]).toEqual({
      ResourceId: 'ci/registry-token',
      Name: 'ci/registry-token',
      State: 'Active',
      Tags: [
        { TagKey: 'env', TagValue: 'dev' },
        { TagKey: 'temp', TagValue: 'spike' },
      ],
    });
  });

  it.each([
    { filter: { TagKey: 'temp' }, ids: sample('e9', 'f2', 'f3', 'f4') },
    { filter: { TagKey: 'Owner' }, ids: sample('f0') },
    { filter: { TagKey: 'env', TagValue: 'prod' }, ids: sample('e8', 'f4', 'f5', 'f7') },
    { filter: { TagValue: 'migration-2025' }, ids: sample('e9') },
    { filter: { MissingTagKey: 'env' }, ids: [KEY.KeyId, '4c1f7d0e-93b2-4f5a-8a77-0b6e2d9c1a35', ...sample('f6')] },
    { filter: { TagKey: 'env', MissingTagKey: 'owner' }, ids: sample('f0', 'f5') },
    { filter: { Text: 'PAYMENTS' }, ids: [KEY.KeyId] },
    { filter: { Text: '4c1f7d0e' }, ids: ['4c1f7d0e-93b2-4f5a-8a77-0b6e2d9c1a35'] },
    { filter: { Text: 'delete-after' }, ids: sample('f3') },
    { filter: { TagKey: 'constructor' }, ids: [] },
    { filter: { TagKey: '__proto__' }, ids: [] },
    { filter: { TagKey: 'temp', TagValue: '', Text: null }, ids: sample('e9', 'f2', 'f3', 'f4') },
  ])('finds what $filter asks for', async ({ filter, ids }) => {
    const { call } = await openSession();
    const reply = await call('find_resources', filter);
    expect(idsOf(reply).sort()).toEqual([...ids].sort());
    expect(pageOf(reply)).toMatchObject({ Matching: ids.length, Total: 12 });
    expect(reply.text).toContain(`${ids.length} key${ids.length === 1 ? '' : 's'} of 12 in cn-hangzhou match`);
  });

  it('goes through all pages to the end, with every key once', async () => {
    const { call, emulator } = await openSession({ emulator: { keys: 1_234 } });
    const seen: string[] = [];
    let NextToken: string | undefined;
    let pages = 0;
    do {
      const reply = await call('find_resources', { TagKey: 'owner', PageSize: '100', NextToken });
      const page = pageOf(reply);
      seen.push(...idsOf(reply));
      expect(page).toMatchObject({ Total: 1_234, Matching: 1_111 });
      if (page.NextToken !== undefined) expect(reply.text).toContain(`NextToken ${page.NextToken}`);
      NextToken = page.NextToken;
      pages += 1;
    } while (NextToken !== undefined);
    expect(pages).toBe(12);
    expect(seen).toEqual([...new Set(seen)].sort());
    const wanted = generatedData(1_234).keys?.filter((key) => Object.hasOwn(key.Tags ?? {}, 'owner'));
    expect(seen).toEqual(wanted?.map((key) => key.KeyId).sort());
    // 13 pages of keys and 3 other states, 13 of aliases, 18 of tags; none for the pages that follow the first.
    expect(emulator.count()).toBeLessThanOrEqual(50);
  });

  it('pages over what is there when a list is read again', async () => {
    const emulator = await startEmulator({ keys: 30 });
    const first = await openSession({ emulator });
    const second = await openSession({ emulator });
    const page = await first.call('find_resources', { PageSize: 20 });
    const rest = await second.call('find_resources', { PageSize: 20, NextToken: pageOf(page).NextToken });
    expect([...idsOf(page), ...idsOf(rest)]).toEqual([...new Set([...idsOf(page), ...idsOf(rest)])].sort());
    expect(idsOf(rest)).toHaveLength(10);
    await emulator.close();
  });

  it('reads again after two minutes of paging, however often it was asked meanwhile', async () => {
    let now = 0;
    const clock = (): number => now;
    const { recentList } = await import('../../src/inventory/recent-list.js');
    const { call, emulator } = await openSession({
      emulator: { keys: 9 },
      tune: (deps) => ({ ...deps, recentList: recentList(clock) }),
    });
    const { NextToken } = pageOf(await call('find_resources', { PageSize: 3 }));
    now = 100_000;
    await call('find_resources', { PageSize: 3, NextToken });
    const before = emulator.count();
    now = 130_000;
    await call('find_resources', { PageSize: 3, NextToken });
    expect(emulator.count()).toBeGreaterThan(before);
  });

  it.each(['damaged', 'e30', '../../x'])('refuses NextToken %j', async (NextToken) => {
    const { call, emulator } = await openSession();
    expectRefusal(await call('find_resources', { NextToken }), 'INVALID_ARGUMENT');
    expect(emulator.count()).toBe(0);
  });

  it('refuses a NextToken of other filters', async () => {
    const { call } = await openSession();
    const { NextToken } = pageOf(await call('find_resources', { PageSize: 5 }));
    const reply = await call('find_resources', { PageSize: 5, TagKey: 'env', NextToken });
    expectRefusal(reply, 'INVALID_ARGUMENT');
    expect(reply.text).toContain('NextToken');
  });

  it.each([
    { args: { PageSize: 0 }, says: 'PageSize must be at least 1' },
    { args: { PageSize: 101 }, says: 'PageSize must be at most 100' },
    { args: { PageSize: 1.5 }, says: 'PageSize must be a whole number' },
    { args: { PageSize: 'ten' }, says: 'PageSize must be' },
    { args: { ResourceType: 'certificate' }, says: 'ResourceType must be one of key, secret' },
    { args: { ResourceType: 'Key' }, says: 'ResourceType must be one of key, secret' },
  ])('refuses $args, and says why', async ({ args, says }) => {
    const { call } = await openSession();
    const reply = await call('find_resources', args);
    expectRefusal(reply, 'INVALID_ARGUMENT');
    expect(reply.text).toContain(says);
  });

  it('keeps its text below 10,000 characters, whatever the tags hold', async () => {
    const long = Object.fromEntries(
      Array.from({ length: 10 }, (_, n) => [`${'"'.repeat(120)}${n}`, '\u{1f511}"\n'.repeat(80)]),
    );
    const keys = Array.from({ length: 100 }, (_, n) => ({
      KeyId: `key-${n}`,
      Alias: `alias/${'"'.repeat(240)}${n}`,
      Tags: long,
    }));
    const { call } = await openSession({ emulator: { data: { keys } } });
    for (const PageSize of [1, 50, 100]) {
      const reply = await call('find_resources', { PageSize });
      expect(reply.text.length).toBeLessThan(10_000);
      expect(reply.text).toContain('"key-0"');
      expect(reply.text.split('\n')[0]).toBe('100 keys of 100 in cn-hangzhou match.');
      expect(pageOf(reply).Resources).toHaveLength(PageSize);
      if (PageSize > 1) expect(reply.text).toMatch(/and \d+ more on this page: use a smaller PageSize/);
    }
  });

  it('reads 1,000 keys in about N/100 requests for ids and names and rows/200 for tags, within the quota', async () => {
    const keys = (generatedData(1_000).keys ?? []).map((key) => ({ ...key, Alias: `alias/${key.KeyId}` }));
    const rows = keys.flatMap((key) => Object.keys(key.Tags ?? {})).length;
    const { call, emulator } = await openSession({ emulator: { data: { keys }, quota: true } });
    await call('find_resources');
    // Three of the four key states have no keys, which takes a request each to learn.
    expect(emulator.count('ListKeys')).toBe(10 + 3);
    expect(emulator.count('ListAliases')).toBe(10);
    expect(emulator.count('ListTagResources')).toBe(Math.ceil(rows / 200));
    expect(emulator.count()).toBe(23 + Math.ceil(rows / 200));
    expect(emulator.requests.filter((request) => request.outcome !== 'ok')).toEqual([]);
  });
});

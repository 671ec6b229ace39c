import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { generatedData, startEmulator } from '../../emulator/index.js';
import { recentRegions } from '../../src/inventory/recent-regions.js';
import { inAllRegionsOf } from '../support/regions.js';
import { ERAS, expectRefusal, KEY, type Reply, SAMPLE_TAGS } from '../support/reply.js';
import { openSession, type ToolSession } from '../support/session.js';

const pageForm = z.object({
  Message: z.string(),
  Resources: z.array(
    z.object({
      ResourceId: z.string(),
      Name: z.string(),
      State: z.string(),
      RegionId: z.string(),
      Tags: z.array(z.object({ TagKey: z.string(), TagValue: z.string() })),
    }),
  ),
  FirstRow: z.int(),
  LastRow: z.int(),
  Matching: z.int(),
  Total: z.int(),
  UnreadRegions: z.array(z.object({ RegionId: z.string(), Why: z.string() })).optional(),
  NextToken: z.string().optional(),
});

const pageOf = (reply: Reply): z.output<typeof pageForm> => pageForm.parse(reply.structured);
const idsOf = (reply: Reply): string[] => pageOf(reply).Resources.map((resource) => resource.ResourceId);
/** The end of a sample key’s id. */
const sample = (...ends: readonly string[]): string[] => ends.map((end) => `key-hzz65f1c2d3a4b5c6d7${end}`);
const HAND_MADE = '4c1f7d0e-93b2-4f5a-8a77-0b6e2d9c1a35';
const ALL = [KEY.KeyId, HAND_MADE, ...sample('e8', 'e9', 'f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7')];

/** Every page from the first to the last, each joined to the one before. */
async function allPages({ call }: Pick<ToolSession, 'call'>, args: object): Promise<readonly Reply[]> {
  const pages: Reply[] = [];
  let NextToken: string | undefined;
  let last = 0;
  do {
    const reply = await call('find_resources', { ...args, NextToken });
    const page = pageOf(reply);
    expect(page.FirstRow).toBe(last + 1);
    expect(page.LastRow).toBe(last + page.Resources.length);
    last = page.LastRow;
    NextToken = page.NextToken;
    if (NextToken !== undefined) expect(reply.text).toContain(`NextToken ${NextToken}`);
    else expect(last).toBe(page.Matching);
    pages.push(reply);
  } while (NextToken !== undefined);
  return pages;
}

describe('find_resources', () => {
  it.each(ERAS)('shows ids, names, states and tags of keys, on the %s era', async (era) => {
    const { call } = await openSession({ era });
    const reply = await call('find_resources');
    const { Resources, ...counts } = pageOf(reply);
    const lines = reply.text.split('\n');
    expect(counts).toEqual({ Message: lines[0], FirstRow: 1, LastRow: 12, Matching: 12, Total: 12 });
    expect(Resources[0]).toEqual({
      ResourceId: KEY.KeyId,
      Name: 'alias/payments',
      State: 'Enabled',
      RegionId: 'cn-hangzhou',
      Tags: Object.entries(SAMPLE_TAGS).map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
    });
    expect(Resources).toContainEqual(expect.objectContaining({ State: 'PendingDeletion', Name: 'alias/legacy-crm' }));
    expect(Resources).toContainEqual(expect.objectContaining({ State: 'Disabled', Name: '' }));
    expect(lines[0]).toBe('12 of 12 keys in cn-hangzhou match. Rows 1–12 of 12.');
    expect(lines[1]).toBe(
      `"${KEY.KeyId}" "alias/payments" Enabled in cn-hangzhou: "owner"="alice", "tagkey1"="tagvalue1", "tagkey2"="tagvalue2"`,
    );
    expect(lines).toHaveLength(13);
  });

  it('shows secrets', async () => {
    const { call } = await openSession();
    const Where = [{ TagKey: 'temp' }];
    const { Resources, Matching } = pageOf(await call('find_resources', { ResourceType: 'secret', Where }));
    expect(Matching).toBe(2);
    expect(Resources[0]).toEqual({
      ResourceId: 'ci/registry-token',
      Name: 'ci/registry-token',
      State: 'Active',
      RegionId: 'cn-hangzhou',
      Tags: [
        { TagKey: 'env', TagValue: 'dev' },
        { TagKey: 'temp', TagValue: 'spike' },
      ],
    });
  });

  it.each([
    { filter: { Where: [{ TagKey: 'temp' }] }, ids: sample('e9', 'f2', 'f3', 'f4') },
    { filter: { Where: [{ TagKey: 'Owner' }] }, ids: sample('f0') },
    { filter: { Where: [{ TagKey: ' Owner' }] }, ids: [] },
    { filter: { Where: [{ TagKey: 'env', TagValue: 'prod' }] }, ids: sample('e8', 'f4', 'f5', 'f7') },
    { filter: { Where: [{ TagKey: 'env', TagValue: 'prod', Not: false }] }, ids: sample('e8', 'f4', 'f5', 'f7') },
    {
      filter: { Where: [{ TagKey: 'env', TagValue: 'prod', Not: true }] },
      ids: [KEY.KeyId, HAND_MADE, ...sample('e9', 'f0', 'f1', 'f2', 'f3', 'f6')],
    },
    { filter: { Where: [{ TagKey: 'env', Not: true }] }, ids: [KEY.KeyId, HAND_MADE, ...sample('f6')] },
    { filter: { Where: [{ TagKey: 'env', Not: 'true' }] }, ids: [KEY.KeyId, HAND_MADE, ...sample('f6')] },
    { filter: { Where: [{ TagKey: 'env' }, { TagKey: 'owner', Not: true }] }, ids: sample('f0', 'f5') },
    {
      filter: {
        Where: [
          { TagKey: 'env', TagValue: 'prod' },
          { TagKey: 'env', TagValue: 'dev' },
        ],
      },
      ids: [],
    },
    {
      filter: {
        Where: [{ TagKey: 'env' }, { TagKey: 'env', TagValue: 'prod', Not: true }, { TagKey: 'temp', Not: true }],
      },
      ids: sample('f0', 'f1'),
    },
    { filter: { Where: [{ TagKey: 'constructor' }] }, ids: [] },
    { filter: { Where: [{ TagKey: '__proto__' }] }, ids: [] },
    { filter: { Where: [{ TagKey: '__proto__', Not: true }] }, ids: ALL },
    { filter: { Where: { TagKey: 'Owner' } }, ids: sample('f0') },
    { filter: { Where: '[{"TagKey":"Owner"}]' }, ids: sample('f0') },
    { filter: { Text: 'migration-2025' }, ids: sample('e9') },
    { filter: { Text: 'PAYMENTS' }, ids: [KEY.KeyId] },
    { filter: { Text: '4c1f7d0e' }, ids: [HAND_MADE] },
    { filter: { Text: 'delete-after' }, ids: sample('f3') },
    { filter: { Name: 'alias/orders' }, ids: sample('e8') },
    { filter: { Name: 'orders' }, ids: sample('e8') },
    { filter: { Name: '  orders\n' }, ids: sample('e8') },
    { filter: { Name: 'Orders' }, ids: [] },
    { filter: { Name: 'order' }, ids: [] },
    { filter: { Name: HAND_MADE }, ids: [HAND_MADE] },
    { filter: { Name: 'orders', Where: [{ TagKey: 'temp' }] }, ids: [] },
    { filter: { Name: 'orders-staging', Text: 'migration', Where: [{ TagKey: 'temp' }] }, ids: sample('e9') },
    { filter: { Where: [{ TagKey: 'temp' }], Text: null, Name: null }, ids: sample('e9', 'f2', 'f3', 'f4') },
  ])('finds what $filter asks for', async ({ filter, ids }) => {
    const { call } = await openSession();
    const reply = await call('find_resources', filter);
    expect(idsOf(reply).sort()).toEqual([...ids].sort());
    expect(pageOf(reply)).toMatchObject({ Matching: ids.length, Total: 12, LastRow: ids.length });
    expect(reply.text).toContain(`${ids.length} of 12 keys in cn-hangzhou match${ids.length === 1 ? 'es' : ''}.`);
  });

  it('takes "" for a value: a tag that has it is not one that is missing', async () => {
    const { call, emulator } = await openSession();
    emulator.setTag('key', HAND_MADE, 'env', '');
    const found = async (condition: object) => idsOf(await call('find_resources', { Where: [condition] }));
    expect(await found({ TagKey: 'env', TagValue: '' })).toEqual([HAND_MADE]);
    expect(await found({ TagKey: 'env', Not: true })).not.toContain(HAND_MADE);
    const others = await found({ TagKey: 'env', TagValue: '', Not: true });
    expect(others.sort()).toEqual(ALL.filter((id) => id !== HAND_MADE).sort());
  });

  it('finds a secret by its whole name alone', async () => {
    const { call } = await openSession();
    const reply = await call('find_resources', { ResourceType: 'secret', Name: 'orders/db-password' });
    expect(idsOf(reply)).toEqual(['orders/db-password']);
  });

  it('says which rows a page shows', async () => {
    const session = await openSession({ emulator: { keys: 130 } });
    const pages = await allPages(session, { PageSize: 80 });
    expect(pages.map(({ text }) => text.split('\n')[0])).toEqual([
      expect.stringMatching(/^130 of 130 keys in cn-hangzhou match\. Rows 1–80 of 130\. More: .*NextToken \S+\.$/),
      '130 of 130 keys in cn-hangzhou match. Rows 81–130 of 130.',
    ]);
    expect(pages.map(({ text }) => text.split('\n').length)).toEqual([81, 51]);
  });

  it('goes through all pages to the end, with every key once, and reads the region once', async () => {
    const session = await openSession({ emulator: { keys: 1_234 } });
    const pages = await allPages(session, { Where: [{ TagKey: 'owner' }], PageSize: '100' });
    for (const page of pages) expect(pageOf(page)).toMatchObject({ Total: 1_234, Matching: 1_111 });
    expect(pages).toHaveLength(12);
    const seen = pages.flatMap(idsOf);
    expect(seen).toEqual([...new Set(seen)].sort());
    const wanted = generatedData(1_234).keys?.filter((key) => Object.hasOwn(key.Tags ?? {}, 'owner'));
    expect(seen).toEqual(wanted?.map((key) => key.KeyId).sort());
    // 13 pages of keys and 3 other states, 13 of aliases, 18 of tags; none for the pages that follow the first.
    expect(session.emulator.count()).toBeLessThanOrEqual(50);
  });

  it('goes on with the rows that follow when a list is read again', async () => {
    const emulator = await startEmulator({ keys: 30 });
    onTestFinished(() => emulator.close());
    const first = await openSession({ emulator });
    const second = await openSession({ emulator });
    const page = await first.call('find_resources', { PageSize: 15 });
    const rest = await second.call('find_resources', { PageSize: 15, NextToken: pageOf(page).NextToken });
    expect([...idsOf(page), ...idsOf(rest)]).toEqual([...new Set([...idsOf(page), ...idsOf(rest)])].sort());
    expect(idsOf(rest)).toHaveLength(15);
  });

  it('reads again after two minutes of paging, however often it was asked meanwhile', async () => {
    let now = 0;
    const { call, emulator } = await openSession({
      emulator: { keys: 9 },
      tune: (deps) => ({ ...deps, recentRegions: recentRegions(() => now) }),
    });
    const { NextToken } = pageOf(await call('find_resources', { PageSize: 3 }));
    now = 100_000;
    const soon = emulator.count();
    await call('find_resources', { PageSize: 3, NextToken });
    expect(emulator.count()).toBe(soon);
    now = 130_000;
    await call('find_resources', { PageSize: 3, NextToken });
    expect(emulator.count()).toBeGreaterThan(soon);
  });

  it.each(['damaged', 'e30', '../../x'])('refuses NextToken %j', async (NextToken) => {
    const { call, emulator } = await openSession();
    expectRefusal(await call('find_resources', { NextToken }), 'INVALID_ARGUMENT');
    expect(emulator.count()).toBe(0);
  });

  it('refuses a NextToken of other filters', async () => {
    const { call } = await openSession();
    const { NextToken } = pageOf(await call('find_resources', { PageSize: 5 }));
    const reply = await call('find_resources', { PageSize: 5, Where: [{ TagKey: 'env' }], NextToken });
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
    { args: { Where: [] }, says: 'Where must hold at least one condition' },
    { args: { Where: [{ TagValue: 'prod' }] }, says: 'Where[0].TagKey is missing' },
    { args: { Where: [{ TagKey: '' }] }, says: 'Where[0].TagKey must be 1 to 128 bytes' },
    { args: { Name: '' }, says: 'Name is empty; leave it out' },
    { args: { Where: [{ TagKey: 'env', Not: 'yes' }] }, says: 'Where[0].Not must be of type boolean' },
    { args: { Where: [{ TagKey: 'env', Value: 'prod' }] }, says: 'Where[0] No such parameter: "Value"' },
    { args: { Where: 'env=prod' }, says: 'Where must be of type array' },
    { args: { TagKey: 'env' }, says: 'No such parameter: "TagKey"' },
  ])('refuses $args, and says why', async ({ args, says }) => {
    const { call, emulator } = await openSession();
    const reply = await call('find_resources', args);
    expectRefusal(reply, 'INVALID_ARGUMENT');
    expect(reply.text).toContain(says);
    expect(emulator.count()).toBe(0);
  });

  it.each([1, 20, 100])(
    'loses no row between pages of %i, whatever the tags hold, and shows all it claims',
    async (PageSize) => {
      const long = Object.fromEntries(
        Array.from({ length: 10 }, (_, n) => [`${'"'.repeat(120)}${n}`, '\u{1f511}"\n'.repeat(80)]),
      );
      const keys = Array.from({ length: 40 }, (_, n) => ({
        KeyId: `key-${String(n).padStart(2, '0')}`,
        Alias: `alias/${'"'.repeat(240)}${n}`,
        Tags: long,
      }));
      const session = await openSession({ emulator: { data: { keys } } });
      const pages = await allPages(session, { PageSize });
      expect(pages.flatMap(idsOf)).toEqual(keys.map(({ KeyId }) => KeyId));
      for (const reply of pages) {
        expect(reply.text.split('\n')).toHaveLength(1 + pageOf(reply).Resources.length);
        expect(reply.text.length).toBeLessThan(PageSize === 100 ? 30_000 : 10_000);
      }
    },
  );

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

describe('find_resources in all regions', () => {
  const REGIONS = ['cn-hangzhou', 'cn-beijing', 'cn-shanghai'];

  async function severalRegions(): Promise<ToolSession> {
    const emulator = await startEmulator({ regions: REGIONS });
    onTestFinished(() => emulator.close());
    return openSession({ emulator, tune: inAllRegionsOf(emulator) });
  }

  it('finds where a name exists', async () => {
    const { call } = await severalRegions();
    const orders = pageOf(await call('find_resources', { Name: 'orders', RegionId: '*' }));
    expect(orders.Resources.map(({ RegionId, Name }) => [RegionId, Name])).toEqual(
      [...REGIONS].sort().map((RegionId) => [RegionId, 'alias/orders']),
    );
    const reply = await call('find_resources', { Name: 'payments', RegionId: '*' });
    expect(pageOf(reply).Resources.map(({ RegionId }) => RegionId)).toEqual(['cn-hangzhou']);
    expect(reply.text).toContain('1 of 20 keys in 3 regions matches.');
  });

  it('goes through the pages of all of them', async () => {
    const session = await severalRegions();
    const pages = await allPages(session, { RegionId: '*', PageSize: 7 });
    const rows = pages.flatMap((page) =>
      pageOf(page).Resources.map(({ RegionId, ResourceId }) => `${RegionId} ${ResourceId}`),
    );
    expect(rows).toHaveLength(20);
    expect(new Set(rows).size).toBe(20);
  });

  it('names a region that cannot be read, and shows the others', async () => {
    const session = await severalRegions();
    session.emulator.region('cn-beijing').setFaults({ probabilities: { error500: 1 } });
    const reply = await session.call('find_resources', { RegionId: '*' });
    const page = pageOf(reply);
    expect(page.Total).toBe(16);
    expect(page.UnreadRegions).toEqual([{ RegionId: 'cn-beijing', Why: expect.stringMatching(/^InternalFailure: "/) }]);
    expect(page.Message).toMatch(/in 2 regions match\..* Not read: cn-beijing \(InternalFailure: /);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { type AccountData, startEmulator } from '../../emulator/index.js';
import { inAllRegionsOf } from '../support/regions.js';
import { ERAS, expectRefusal, type Reply } from '../support/reply.js';
import { openSession } from '../support/session.js';

const form = z.object({
  Message: z.string(),
  ResourceTypes: z.array(
    z.object({
      ResourceType: z.string(),
      Resources: z.int(),
      Untagged: z.int(),
      TagKeys: z.array(
        z.object({
          TagKey: z.string(),
          Resources: z.int(),
          Missing: z.int(),
          Values: z.array(z.object({ TagValue: z.string(), Resources: z.int() })),
          OtherValues: z.int(),
        }),
      ),
    }),
  ),
  OtherTagKeys: z.int(),
  LooksAlike: z.array(
    z.object({
      ResourceType: z.string(),
      TagKey: z.string().optional(),
      A: z.string(),
      B: z.string(),
      ResourcesA: z.int(),
      ResourcesB: z.int(),
    }),
  ),
  UnreadRegions: z.array(z.object({ RegionId: z.string(), Why: z.string() })).optional(),
});
const summaryOf = (reply: Reply): z.output<typeof form> => {
  expect(reply.isError, reply.text).toBe(false);
  return form.parse(reply.structured);
};

const DATA: AccountData = {
  keys: [
    { KeyId: 'k1', Tags: { env: 'prod', owner: 'alice' } },
    { KeyId: 'k2', Tags: { env: 'prod', owner: 'bob' } },
    { KeyId: 'k3', Tags: { env: 'Prod', Owner: 'carol', flag: '' } },
    { KeyId: 'k4', Tags: { env: 'dev' } },
    { KeyId: 'k5' },
  ],
  secrets: [
    { SecretName: 's1', Tags: { env: 'prod', cost_center: '1' } },
    { SecretName: 's2', Tags: { cost_center: '2' } },
  ],
};

describe('summarize_tags', () => {
  it.each(ERAS)('counts keys, values and what is missing, and finds what looks alike, on the %s era', async (era) => {
    const { call } = await openSession({ era, emulator: { data: DATA } });
    const reply = await call('summarize_tags', { ResourceType: 'key' });
    const summary = summaryOf(reply);
    expect(summary.ResourceTypes).toEqual([
      {
        ResourceType: 'key',
        Resources: 5,
        Untagged: 1,
        TagKeys: [
          usage('env', 4, 1, { prod: 2, Prod: 1, dev: 1 }),
          usage('owner', 2, 3, { alice: 1, bob: 1 }),
          usage('Owner', 1, 4, { carol: 1 }),
          usage('flag', 1, 4, { '': 1 }),
        ],
      },
    ]);
    expect(summary.LooksAlike).toEqual([
      { ResourceType: 'key', A: 'owner', B: 'Owner', ResourcesA: 2, ResourcesB: 1 },
      { ResourceType: 'key', TagKey: 'env', A: 'prod', B: 'Prod', ResourcesA: 2, ResourcesB: 1 },
    ]);
    expect(reply.text.split('\n')).toEqual([
      summary.Message,
      '"env" on 4, missing on 1: "prod" 2, "Prod" 1, "dev" 1',
      '"owner" on 2, missing on 3: "alice" 1, "bob" 1',
      '"Owner" on 1, missing on 4: "carol" 1',
      '"flag" on 1, missing on 4: "" 1',
      'Look alike: key "owner" (2) and "Owner" (1); value of "env" "prod" (2) and "Prod" (1).',
    ]);
    expect(summary.Message).toBe('Tags of 5 keys (1 without tags) in cn-hangzhou.');
  });

  it('finds a key that secrets spell otherwise than keys do', async () => {
    const data: AccountData = {
      keys: [{ KeyId: 'k1', Tags: { 'cost-center': '1', owner: 'a' } }],
      secrets: [
        { SecretName: 's1', Tags: { cost_center: '1', owner: 'a' } },
        { SecretName: 's2', Tags: { cost_center: '2' } },
      ],
    };
    const { call } = await openSession({ emulator: { data } });
    const { LooksAlike, ResourceTypes, Message } = summaryOf(await call('summarize_tags'));
    expect(ResourceTypes.map(({ ResourceType, Resources }) => [ResourceType, Resources])).toEqual([
      ['key', 1],
      ['secret', 2],
    ]);
    expect(LooksAlike).toEqual([
      { ResourceType: 'key, secret', A: 'cost-center', B: 'cost_center', ResourcesA: 1, ResourcesB: 2 },
    ]);
    expect(Message).toBe('Tags of 1 key (0 without tags) and 2 secrets (0 without tags) in cn-hangzhou.');
  });

  it('shows all values of one key, and only what looks like it', async () => {
    const { call, emulator } = await openSession({ emulator: { keys: 200 } });
    emulator.setTag('key', 'key-000001', 'tenp', 'x');
    const one = summaryOf(await call('summarize_tags', { ResourceType: 'key', TagKey: 'temp' }));
    const [type] = one.ResourceTypes;
    expect(type?.TagKeys.map(({ TagKey }) => TagKey)).toEqual(['temp']);
    expect(type?.TagKeys[0]).toMatchObject({ Resources: 200, Missing: 0, OtherValues: 0 });
    expect(type?.TagKeys[0]?.Values).toHaveLength(20);
    expect(one.LooksAlike).toEqual([{ ResourceType: 'key', A: 'temp', B: 'tenp', ResourcesA: 200, ResourcesB: 1 }]);
    const all = summaryOf(await call('summarize_tags', { ResourceType: 'key' }));
    expect(all.ResourceTypes[0]?.TagKeys[0]).toMatchObject({ TagKey: 'env', OtherValues: 0 });
    expect(all.ResourceTypes[0]?.TagKeys[1]).toMatchObject({ TagKey: 'temp', OtherValues: 16 });
  });

  it('says how many resources lack a tag key that nobody uses', async () => {
    const { call } = await openSession({ emulator: { data: DATA } });
    const reply = await call('summarize_tags', { ResourceType: 'key', TagKey: 'team' });
    expect(summaryOf(reply).ResourceTypes[0]).toMatchObject({
      TagKeys: [{ TagKey: 'team', Resources: 0, Missing: 5, Values: [], OtherValues: 0 }],
    });
    expect(reply.text).toContain('"team" on 0, missing on 5');
  });

  it('shows the most frequent of very many keys and values, and counts the others', async () => {
    const keys = Array.from({ length: 60 }, (_, n) => ({
      KeyId: `k${n}`,
      Tags: { id: `value-${'abcdefghij'[n % 10]}${n}`, [`key-${n}`]: 'x', common: 'y' },
    }));
    const { call } = await openSession({ emulator: { data: { keys } } });
    const reply = await call('summarize_tags', { ResourceType: 'key' });
    const { ResourceTypes, OtherTagKeys, LooksAlike } = summaryOf(reply);
    const shown = ResourceTypes[0]?.TagKeys ?? [];
    expect(shown.slice(0, 2).map(({ TagKey }) => TagKey)).toEqual(['common', 'id']);
    expect(shown.length + OtherTagKeys).toBe(62);
    for (const { Values, OtherValues, TagKey } of shown) {
      expect(Values.length + OtherValues).toBe(TagKey === 'id' ? 60 : 1);
    }
    expect(reply.text).toContain(`And ${OtherTagKeys} less frequent tag keys: name one as TagKey to see it.`);
    // Digits make a difference: `key-1` and `key-2` are two things.
    expect(LooksAlike).toEqual([]);
  });

  it('takes the empty account for what it is', async () => {
    const { call } = await openSession({ emulator: { data: {} } });
    const reply = await call('summarize_tags');
    expect(reply.text).toBe('Tags of 0 keys (0 without tags) and 0 secrets (0 without tags) in cn-hangzhou.');
    expect(summaryOf(reply)).toMatchObject({ OtherTagKeys: 0, LooksAlike: [] });
  });

  it('counts all regions together, and names one that cannot be read', async () => {
    const emulator = await startEmulator({ regions: ['cn-hangzhou', 'cn-beijing'] });
    onTestFinished(() => emulator.close());
    const { call } = await openSession({ emulator, tune: inAllRegionsOf(emulator) });
    const all = summaryOf(await call('summarize_tags', { RegionId: '*' }));
    expect(all.Message).toBe('Tags of 16 keys (3 without tags) and 9 secrets (1 without tags) in 2 regions.');
    emulator.region('cn-beijing').setFaults({ probabilities: { error500: 1 } });
    const some = summaryOf(await call('summarize_tags', { RegionId: '*' }));
    expect(some.ResourceTypes.map(({ Resources }) => Resources)).toEqual([12, 7]);
    expect(some.UnreadRegions).toEqual([{ RegionId: 'cn-beijing', Why: expect.stringContaining('InternalFailure') }]);
    expect(some.Message).toContain('Not read: cn-beijing');
  });

  it.each([
    { args: { ResourceType: 'certificate' }, says: 'one of key, secret' },
    { args: { TagKey: 'é'.repeat(65) }, says: 'TagKey must be 1 to 128 bytes' },
    { args: { RegionId: 'everywhere!' }, says: 'or "*" for all regions' },
    { args: { TagKeys: ['env'] }, says: 'No such parameter: "TagKeys"' },
  ])('refuses $args, and sends nothing', async ({ args, says }) => {
    const { call, emulator } = await openSession();
    const reply = await call('summarize_tags', args);
    expectRefusal(reply, 'INVALID_ARGUMENT');
    expect(reply.text).toContain(says);
    expect(emulator.count()).toBe(0);
  });
});

function usage(TagKey: string, Resources: number, Missing: number, values: Readonly<Record<string, number>>) {
  const Values = Object.entries(values).map(([TagValue, count]) => ({ TagValue, Resources: count }));
  return { TagKey, Resources, Missing, Values, OtherValues: 0 };
}

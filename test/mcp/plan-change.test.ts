import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { type AccountData, startEmulator } from '../../emulator/index.js';
import { inAllRegionsOf } from '../support/regions.js';
import { ERAS, expectRefusal, type Reply } from '../support/reply.js';
import { openSession, type SessionOptions, type ToolSession } from '../support/session.js';

const ACCOUNT = '1234567890123456';
const OF = `in cn-hangzhou of account ${ACCOUNT}`;
/** Ten tags: as many as KMS allows. */
const FULL = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`k${n}`, 'v']));

const DATA: AccountData = {
  AccountId: ACCOUNT,
  keys: [
    { KeyId: 'key-1', Alias: 'alias/orders', Tags: { env: 'prod', owner: 'bob', temp: 'x' } },
    { KeyId: 'key-2', Alias: 'alias/spike', KeyState: 'Disabled', Tags: { env: 'dev', Owner: 'alice', temp: 'y' } },
    { KeyId: 'key-3', Tags: { env: 'Prod', Owner: 'bob', owner: 'carol', temp: 'x' } },
    { KeyId: 'key-4', Tags: { env: 'test', ...FULL } },
    { KeyId: 'key-5', Tags: { Temp: 'x', Owner: 'dave', owner: 'dave' } },
    { KeyId: 'key-6' },
  ],
  secrets: [
    { SecretName: 'db/password', Tags: { owner: 'bob', note: 'a, b' } },
    { SecretName: 'smtp', Tags: { owner: 'bob' } },
  ],
};

const ARN = `acs:kms:cn-hangzhou:${ACCOUNT}:`;

const planForm = z.object({
  Message: z.string(),
  Change: z.string(),
  PlanId: z.string().regex(/^p-[\w-]{16}$/),
  ExpiresAt: z.iso.datetime(),
  Selected: z.int(),
  Concerned: z.int(),
  Rows: z.array(
    z.object({
      ResourceId: z.string(),
      Name: z.string(),
      State: z.string(),
      RegionId: z.string(),
      Tags: z.array(z.object({ TagKey: z.string(), Before: z.string().optional(), After: z.string().optional() })),
    }),
  ),
  Values: z.array(z.unknown()),
  LeftOut: z.array(z.unknown()).default([]),
  NearMisses: z.array(z.unknown()).default([]),
  NotRestorable: z.int().default(0),
  Requests: z.int(),
  ExpectedSeconds: z.int(),
  UnreadRegions: z.array(z.unknown()).default([]),
});
const planOf = (reply: Reply): z.output<typeof planForm> => {
  expect(reply.isError, reply.text).toBe(false);
  return planForm.parse(reply.structured);
};

const KEYS = { ResourceType: 'key' } as const;
const ALL_KEYS = { ...KEYS, Where: [{ TagKey: 'none', Not: true }] } as const;
const open = (options: SessionOptions = {}): Promise<ToolSession> =>
  openSession({ emulator: { data: DATA }, ...options });

describe('plan_change', () => {
  it.each(ERAS)('plans a removal, shows what it read, and changes nothing, on the %s era', async (era) => {
    const { call, writes } = await open({ era });
    const reply = await call('plan_change', { ...KEYS, RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] });
    const { PlanId, ExpiresAt, Message, ...plan } = planOf(reply);
    const Rows = plan.Rows.toSorted((a, b) => (a.ResourceId < b.ResourceId ? -1 : 1));
    expect({ ...plan, Rows }).toEqual({
      Change: `Remove "temp" from 3 keys ${OF} where "temp" is there`,
      Selected: 3,
      Concerned: 3,
      Rows: [
        row('key-1', 'alias/orders', 'Enabled', { TagKey: 'temp', Before: 'x' }),
        row('key-2', 'alias/spike', 'Disabled', { TagKey: 'temp', Before: 'y' }),
        row('key-3', '', 'Enabled', { TagKey: 'temp', Before: 'x' }),
      ],
      Values: [
        { TagKey: 'temp', Before: 'x', Resources: 2 },
        { TagKey: 'temp', Before: 'y', Resources: 1 },
      ],
      LeftOut: [],
      NearMisses: [{ ResourceId: 'key-5', TagKey: 'Temp', TagValue: 'x' }],
      NotRestorable: 0,
      Requests: 1,
      ExpectedSeconds: 1,
      UnreadRegions: [],
    });
    expect(Date.parse(ExpiresAt) - Date.now()).toBeGreaterThan(9 * 60_000);
    expect(Date.parse(ExpiresAt) - Date.now()).toBeLessThanOrEqual(10 * 60_000);
    expect(PlanId.length).toBeLessThanOrEqual(30);
    expect(reply.text.split('\n')[0]).toBe(Message);
    expect(Message).toBe(
      `Plan: ${plan.Change}. Nothing was changed yet. A kms:tag condition in a RAM, key or secret policy can make a tag ` +
        `decide who may use the resource. When this is what the person asked for, call apply_plan with PlanId ${PlanId} ` +
        'and this Change; else ask them first.',
    );
    expect(reply.text).toContain('Values: "temp"="x" removed on 2; "temp"="y" removed on 1.');
    expect(reply.text).toContain('"key-2" "alias/spike" Disabled in cn-hangzhou: "temp"="y" removed');
    expect(reply.text).toContain('Not part of the plan, but nearly the same: "key-5" has "Temp"="x".');
    expect(writes()).toBe(0);
  });

  it('plans to set a tag over any value, and leaves out what has it already', async () => {
    const { call } = await open();
    const SetTags = [{ TagKey: 'env', TagValue: 'prod' }];
    const reply = await call('plan_change', { ...KEYS, SetTags, Where: [{ TagKey: 'env' }] });
    const plan = planOf(reply);
    expect(plan.Change).toBe(`Set "env" to "prod" on 3 keys ${OF} where "env" is there`);
    expect(plan).toMatchObject({ Selected: 4, Concerned: 3 });
    expect(plan.Values).toContainEqual({ TagKey: 'env', Before: 'dev', After: 'prod', Resources: 1 });
    expect(reply.text).toContain('"env" "dev" → "prod" on 1');
    expect(plan.Rows.map(({ ResourceId }) => ResourceId).sort()).toEqual(['key-2', 'key-3', 'key-4']);
  });

  it('plans to set an empty value, which is a value', async () => {
    const { call } = await open();
    const SetTags = [{ TagKey: 'temp', TagValue: '' }];
    const plan = planOf(await call('plan_change', { ...KEYS, SetTags, ResourceIds: ['key-1'] }));
    expect(plan.Rows).toEqual([row('key-1', 'alias/orders', 'Enabled', { TagKey: 'temp', Before: 'x', After: '' })]);
    expect(plan.Change).toBe(`Set "temp" to "" on 1 key ${OF}: "key-1"`);
  });

  it('plans a rename that keeps each value, and leaves out and names what is in conflict', async () => {
    const { call } = await open();
    const RenameTagKeys = [{ From: 'Owner', To: 'owner' }];
    const reply = await call('plan_change', { ...KEYS, RenameTagKeys, Where: [{ TagKey: 'Owner' }] });
    const plan = planOf(reply);
    // key-5 has the same value under both: the old one goes, and nothing is lost.
    expect(plan.Change).toBe(`Rename "Owner" to "owner" on 2 keys ${OF} where "Owner" is there`);
    expect(plan).toMatchObject({ Selected: 3, Concerned: 2 });
    expect(plan.Rows).toContainEqual(
      row(
        'key-2',
        'alias/spike',
        'Disabled',
        { TagKey: 'owner', After: 'alice' },
        { TagKey: 'Owner', Before: 'alice' },
      ),
    );
    expect(plan.Rows).toContainEqual(row('key-5', '', 'Enabled', { TagKey: 'Owner', Before: 'dave' }));
    expect(plan.LeftOut).toEqual([{ ResourceId: 'key-3', Why: 'has "owner" already, with another value' }]);
    expect(reply.text).toContain('Left out: "key-3" has "owner" already, with another value.');
  });

  it('leaves out and names what would end with more tags than KMS allows', async () => {
    const { call } = await open();
    const SetTags = [{ TagKey: 'team', TagValue: 'core' }];
    const plan = planOf(await call('plan_change', { ...ALL_KEYS, SetTags }));
    expect(plan).toMatchObject({ Selected: 6, Concerned: 5 });
    expect(plan.LeftOut).toEqual([{ ResourceId: 'key-4', Why: 'has 10 tags, and KMS allows 10' }]);
    // One is overwritten, none is added.
    const overwritten = { ...KEYS, SetTags: [{ TagKey: 'env', TagValue: 'prod' }], ResourceIds: ['key-4'] };
    expect(planOf(await call('plan_change', overwritten))).toMatchObject({ Concerned: 1, LeftOut: [] });
  });

  it('combines operations on different keys into one sentence', async () => {
    const { call } = await open();
    const reply = await call('plan_change', {
      ...KEYS,
      RemoveTagKeys: ['temp', 'Temp'],
      SetTags: [{ TagKey: 'env', TagValue: 'test' }],
      RenameTagKeys: [{ From: 'Owner', To: 'owner' }],
      Where: [
        { TagKey: 'env', TagValue: 'prod', Not: true },
        { TagKey: 'k0', Not: true },
      ],
    });
    const plan = planOf(reply);
    expect(plan.Change).toBe(
      `Remove "temp" and "Temp", set "env" to "test" and rename "Owner" to "owner" on 3 keys ${OF} where "env" is not ` +
        '"prod" and "k0" is not there',
    );
    expect(plan.LeftOut).toEqual([{ ResourceId: 'key-3', Why: 'has "owner" already, with another value' }]);
    expect(plan.Rows.find(({ ResourceId }) => ResourceId === 'key-6')?.Tags).toEqual([
      { TagKey: 'env', After: 'test' },
    ]);
    expect(plan.Rows.find(({ ResourceId }) => ResourceId === 'key-2')?.Tags).toHaveLength(4);
  });

  it.each([
    { how: 'an alias', id: 'alias/orders' },
    { how: 'an ARN', id: `${ARN}key/key-1` },
    { how: 'the ARN of an alias', id: `${ARN}alias/orders` },
    { how: 'blanks around it', id: '  key-1\n' },
  ])('takes a key by $how', async ({ id }) => {
    const { call } = await open();
    const plan = planOf(await call('plan_change', { ...KEYS, RemoveTagKeys: ['temp'], ResourceIds: [id] }));
    expect(plan.Change).toBe(`Remove "temp" from 1 key ${OF}: "key-1"`);
    expect(plan).toMatchObject({ Selected: 1, Concerned: 1 });
  });

  it('takes a secret by name and by ARN, and one that is named twice once', async () => {
    const { call } = await open();
    const ResourceIds = ['db/password', `${ARN}secret/smtp`, 'smtp'];
    const plan = planOf(await call('plan_change', { ResourceType: 'secret', RemoveTagKeys: ['owner'], ResourceIds }));
    expect(plan.Change).toBe(`Remove "owner" from 2 secrets ${OF}: "db/password" and "smtp"`);
    expect(plan.Rows.map(({ State }) => State)).toEqual(['Active', 'Active']);
  });

  it('leaves out and names ids that are not there, and plans the others', async () => {
    const { call } = await open();
    const ResourceIds = ['key-1', 'key-99', 'alias/nobody', 'key-6'];
    const plan = planOf(await call('plan_change', { ...KEYS, RemoveTagKeys: ['temp'], ResourceIds }));
    expect(plan).toMatchObject({ Selected: 2, Concerned: 1 });
    expect(plan.LeftOut).toHaveLength(2);
    for (const ResourceId of ['key-99', 'alias/nobody']) {
      expect(plan.LeftOut).toContainEqual({ ResourceId, Why: expect.stringMatching(/not in this region|NotFound/) });
    }
  });

  it('leaves out and names protected keys and those of Alibaba Cloud', async () => {
    const { call } = await open({ args: ['--protect', 'owner,cost*'] });
    const reply = await call('plan_change', {
      ...KEYS,
      RemoveTagKeys: ['temp', 'cost-center', 'acs:rds:instance'],
      RenameTagKeys: [{ From: 'Owner', To: 'owner' }],
      Where: [{ TagKey: 'temp' }],
    });
    const plan = planOf(reply);
    expect(plan.Change).toBe(`Remove "temp" from 3 keys ${OF} where "temp" is there`);
    expect(plan.LeftOut).toEqual([
      { TagKey: 'cost-center', Why: 'protected by the operator' },
      { TagKey: 'acs:rds:instance', Why: 'owned by Alibaba Cloud' },
      { TagKey: 'owner', Why: 'protected by the operator' },
    ]);
    expect(reply.text).toMatch(/Tag keys left out: "cost-center" \(protected by the operator\), /);
  });

  it('names what nearly matches: a value or a key in another spelling', async () => {
    const { call } = await open();
    const Where = [{ TagKey: 'env', TagValue: 'prod' }];
    const plan = planOf(await call('plan_change', { ...KEYS, RemoveTagKeys: ['owner'], Where }));
    expect(plan).toMatchObject({ Selected: 1, Concerned: 1 });
    expect(plan.NearMisses).toEqual([{ ResourceId: 'key-3', TagKey: 'env', TagValue: 'Prod' }]);
  });

  it('names a resource that meets the conditions and has the tag under another spelling of its key', async () => {
    const { call } = await open();
    const Where = [{ TagKey: 'env', TagValue: 'dev' }];
    const SetTags = [{ TagKey: 'team', TagValue: 'core' }];
    const removal = { ...KEYS, RemoveTagKeys: ['owner'] };
    expect(planOf(await call('plan_change', { ...removal, SetTags, Where })).NearMisses).toEqual([]);
    const { structured, text } = await call('plan_change', { ...removal, Where });
    expect(structured).toMatchObject({ Selected: 1, Concerned: 0 });
    expect(structured['NearMisses']).toEqual([{ ResourceId: 'key-2', TagKey: 'Owner', TagValue: 'alice' }]);
    expect(text).toContain('"key-2" has "Owner"="alice"');
  });

  it('warns of resources of the plan that nearly are what was to be kept out of it', async () => {
    const { call } = await open();
    const Where = [{ TagKey: 'env', TagValue: 'prod', Not: true }, { TagKey: 'temp' }];
    const reply = await call('plan_change', { ...KEYS, RemoveTagKeys: ['temp'], Where });
    const plan = planOf(reply);
    expect(plan.Concerned).toBe(2);
    expect(plan.NearMisses).toContainEqual({ ResourceId: 'key-3', TagKey: 'env', TagValue: 'Prod', Planned: true });
    expect(plan.Message).toContain('Look: 1 key of the plan nearly has what was to be kept out, such as "env"="Prod".');
    expect(reply.text).toContain('Part of the plan, but nearly what was to be kept out: "key-3" has "env"="Prod".');
    // A key that lacks "owner" and has "Owner" is one more such case.
    const missing = { ...KEYS, SetTags: [{ TagKey: 'owner', TagValue: 'x' }], Where: [{ TagKey: 'owner', Not: true }] };
    const lacking = planOf(await call('plan_change', missing));
    expect(lacking.NearMisses).toEqual([{ ResourceId: 'key-2', TagKey: 'Owner', TagValue: 'alice', Planned: true }]);
  });

  it('takes no key that the plan names itself for a misspelling', async () => {
    const { call } = await open();
    const RenameTagKeys = [{ From: 'Owner', To: 'owner' }];
    const plan = planOf(await call('plan_change', { ...KEYS, RenameTagKeys, Where: [{ TagKey: 'Owner' }] }));
    expect(plan.NearMisses).toEqual([]);
  });

  it('says before a removal which values undo could not restore', async () => {
    const { call } = await open();
    const plan = await call('plan_change', {
      ResourceType: 'secret',
      RemoveTagKeys: ['note'],
      ResourceIds: ['db/password'],
    });
    expect(planOf(plan).NotRestorable).toBe(1);
    expect(planOf(plan).Message).toContain(
      'Undo could not restore 1 tag, because KMS does not accept such text for a new tag: "note"="a, b".',
    );
  });

  it.each([
    {
      what: 'nothing carries the tag',
      args: { ...KEYS, RemoveTagKeys: ['gone'], Where: [{ TagKey: 'gone' }] },
      selected: 0,
    },
    {
      what: 'all have the value',
      args: { ...KEYS, SetTags: [{ TagKey: 'temp', TagValue: 'x' }], ResourceIds: ['key-1'] },
      selected: 1,
    },
    { what: 'the id is unknown', args: { ...KEYS, RemoveTagKeys: ['temp'], ResourceIds: ['key-99'] }, selected: 0 },
  ])('gives no plan when $what', async ({ args, selected }) => {
    const { call } = await open();
    const { isError, structured, text } = await call('plan_change', args);
    expect(isError).toBe(false);
    expect(structured).toMatchObject({ Selected: selected, Concerned: 0, Rows: [] });
    for (const field of ['PlanId', 'Change', 'ExpiresAt']) expect(structured).not.toHaveProperty(field);
    expect(text).toMatch(/^Nothing to do: /);
    expect(text).toContain('Nothing was changed.');
    expect(text).not.toContain('apply_plan');
  });

  it.each([
    {
      what: 'neither ResourceIds nor Where',
      args: { RemoveTagKeys: ['temp'] },
      says: 'either by ResourceIds or by Where',
    },
    {
      what: 'both ResourceIds and Where',
      args: { RemoveTagKeys: ['temp'], ResourceIds: ['key-1'], Where: [{ TagKey: 'temp' }] },
      says: 'either by ResourceIds or by Where',
    },
    { what: 'no operation', args: { ResourceIds: ['key-1'] }, says: 'at least one of RemoveTagKeys, SetTags' },
    {
      what: 'one key twice',
      args: { RemoveTagKeys: ['env'], SetTags: [{ TagKey: 'env', TagValue: 'x' }], ResourceIds: ['key-1'] },
      says: 'different keys',
    },
    {
      what: 'a rename to itself',
      args: { RenameTagKeys: [{ From: 'a', To: 'a' }], ResourceIds: ['key-1'] },
      says: 'different keys',
    },
    {
      what: 'renames in a chain',
      args: {
        RenameTagKeys: [
          { From: 'a', To: 'b' },
          { From: 'b', To: 'c' },
        ],
        ResourceIds: ['key-1'],
      },
      says: 'different keys',
    },
    {
      what: 'ids in all regions',
      args: { RemoveTagKeys: ['temp'], ResourceIds: ['key-1'], RegionId: '*' },
      says: 'RegionId "*" goes with Where',
    },
    {
      what: 'an empty list of ids',
      args: { RemoveTagKeys: ['temp'], ResourceIds: [] },
      says: 'ResourceIds must hold at least one',
    },
    { what: '"" for the ids', args: { RemoveTagKeys: ['temp'], ResourceIds: '' }, says: 'ResourceIds[0] is empty' },
    {
      what: 'an empty Where',
      args: { RemoveTagKeys: ['temp'], Where: [] },
      says: 'Where must hold at least one condition',
    },
    {
      what: 'certificates',
      args: { ResourceType: 'certificate', RemoveTagKeys: ['temp'], ResourceIds: ['x'] },
      says: 'one of key, secret',
    },
    {
      what: 'no ResourceType',
      args: { ResourceType: null, RemoveTagKeys: ['temp'], ResourceIds: ['x'] },
      says: 'ResourceType is missing',
    },
    {
      what: 'parameters of another tool',
      args: { TagKeys: ['temp'], ResourceIds: ['x'] },
      says: 'No such parameter: "TagKeys"',
    },
  ])('refuses $what, and sends nothing', async ({ args, says }) => {
    const { call, emulator } = await open();
    const reply = await call('plan_change', { ...KEYS, ...args });
    expectRefusal(reply, 'INVALID_ARGUMENT');
    expect(reply.text).toContain(says);
    expect(emulator.count()).toBe(0);
  });

  it('shows twenty rows of a large plan, and counts the rest', async () => {
    const { call } = await openSession({ emulator: { keys: 250 } });
    const reply = await call('plan_change', { ...KEYS, RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] });
    const plan = planOf(reply);
    expect(plan.Concerned).toBe(250);
    expect(plan.Rows).toHaveLength(20);
    const rows = reply.text.split('\n').filter((line) => line.startsWith('"key-'));
    expect(reply.text).toContain(`And ${250 - rows.length} keys more.`);
    expect(plan).toMatchObject({ Requests: 5, ExpectedSeconds: 1 });
  });

  it('plans in all regions, says how many are in each, and names a region that could not be read', async () => {
    const emulator = await startEmulator({ regions: ['cn-hangzhou', 'cn-beijing', 'cn-shanghai'] });
    onTestFinished(() => emulator.close());
    const { call } = await openSession({ emulator, tune: inAllRegionsOf(emulator) });
    const removal = { ...KEYS, RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }], RegionId: '*' };
    const all = planOf(await call('plan_change', removal));
    expect(all.Change).toBe(
      `Remove "temp" from 8 keys in cn-hangzhou (4), cn-beijing (2) and cn-shanghai (2) of account ${ACCOUNT} where "temp" is there`,
    );
    emulator.region('cn-beijing').setFaults({ probabilities: { error500: 1 } });
    const some = planOf(await call('plan_change', removal));
    expect(some.Concerned).toBe(6);
    expect(some.UnreadRegions).toEqual([{ RegionId: 'cn-beijing', Why: expect.stringContaining('InternalFailure') }]);
    expect(some.Message).toMatch(/Not read: cn-beijing \(.*\)\. These regions are not part of the plan\./);
  });
});

function row(ResourceId: string, Name: string, State: string, ...Tags: readonly object[]) {
  return { ResourceId, Name, State, RegionId: 'cn-hangzhou', Tags };
}

import { describe, expect, it } from 'vitest';
import type { Emulator } from '../../emulator/index.js';
import { addedUp, planAndApply, textOf } from '../support/workbench.js';
import { workbenches } from './benches.js';

const open = workbenches();

const DATA = {
  AccountId: '1234567890123456',
  keys: [
    { KeyId: 'key-1', Alias: 'alias/one', Tags: { temp: 'a', owner: 'alice' } },
    { KeyId: 'key-2', Tags: { temp: 'b', env: 'prod' } },
    { KeyId: 'key-3', Tags: { temp: 'b' }, KeyState: 'Disabled' as const },
    { KeyId: 'key-4', Tags: { env: 'prod' } },
    { KeyId: 'key-5' },
  ],
  secrets: [
    { SecretName: 'db/one', Tags: { temp: 'x' } },
    { SecretName: 'db/two', Tags: { temp: 'y', owner: 'bob' } },
    { SecretName: 'untagged' },
  ],
};
const WHERE_TEMP = [{ TagKey: 'temp' }];

/** All tags of the account. */
function stateOf(emulator: Emulator): unknown {
  return [
    ...DATA.keys.map(({ KeyId }) => emulator.tagsOf('key', KeyId)),
    ...DATA.secrets.map(({ SecretName }) => emulator.tagsOf('secret', SecretName)),
  ];
}

describe('plan_change', () => {
  it('says what would happen, and changes nothing', async () => {
    const bench = await open({ emulator: { data: DATA }, protect: ['owner'] });
    const before = stateOf(bench.emulator);
    const RemoveTagKeys = ['temp', 'owner', 'acs:rds:instance', 'aliyun.x', 'nowhere'];
    const plan = await bench.call('plan_change', { ResourceType: 'key', RemoveTagKeys, Where: WHERE_TEMP });
    expect(plan.isError).toBe(false);
    const Change =
      'Remove "temp" and "nowhere" from 3 keys in cn-hangzhou of account 1234567890123456 where "temp" is there';
    const row = (ResourceId: string, Name: string, State: string, Before: string) => {
      return { ResourceId, Name, State, RegionId: 'cn-hangzhou', Tags: [{ TagKey: 'temp', Before }] };
    };
    expect(plan.structured).toEqual({
      Message: expect.stringContaining(Change),
      Change,
      PlanId: expect.stringMatching(/^p-[\w-]{16}$/),
      ExpiresAt: expect.stringMatching(/^20\d\d-.*Z$/),
      Selected: 3,
      Concerned: 3,
      Rows: [
        row('key-1', 'alias/one', 'Enabled', 'a'),
        row('key-2', '', 'Enabled', 'b'),
        row('key-3', '', 'Disabled', 'b'),
      ],
      Values: [
        { TagKey: 'temp', Before: 'b', Resources: 2 },
        { TagKey: 'temp', Before: 'a', Resources: 1 },
      ],
      LeftOut: [
        { TagKey: 'owner', Why: 'protected by the operator' },
        { TagKey: 'acs:rds:instance', Why: 'owned by Alibaba Cloud' },
        { TagKey: 'aliyun.x', Why: 'owned by Alibaba Cloud' },
      ],
      Requests: 1,
      ExpectedSeconds: 1,
    });
    for (const fact of [
      `Plan: ${Change}. Nothing was changed yet.`,
      'Values: "temp"="b" removed on 2; "temp"="a" removed on 1.',
      '"key-1" "alias/one" in cn-hangzhou: "temp"="a" removed',
      '"key-3" Disabled in cn-hangzhou: "temp"="b" removed',
      'Tag keys left out: "owner" (protected by the operator), "acs:rds:instance" (owned by Alibaba Cloud)',
      '3 keys selected, 3 would change; about 1 write request, 1 s.',
      'A kms:tag condition in a RAM, key or secret policy can make a tag decide who may use the resource.',
      `call apply_plan with PlanId ${textOf(plan, 'PlanId')} and this Change; else ask them first.`,
    ]) {
      expect(plan.text).toContain(fact);
    }
    expect(stateOf(bench.emulator)).toEqual(before);
    expect(bench.emulator.count('UntagResources')).toBe(0);
  });

  it('is applied by apply_plan: each resource is read again, written, and read back', async () => {
    const bench = await open({ emulator: { data: DATA } });
    const args = { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: WHERE_TEMP };
    const { plan, applied } = await planAndApply(bench, args);
    expect(applied.structured).toEqual({
      Message: expect.stringMatching(/^done: 3 keys changed, all read back\. To undo: call undo_change with ChangeId /),
      Status: 'done',
      Changed: 3,
      ChangedSincePlan: 0,
      Failed: 0,
      Unknown: 0,
      NotAttempted: 0,
      Verified: 3,
      Unverified: 0,
      ChangeId: expect.any(String),
      AccountId: DATA.AccountId,
    });
    expect(applied.text).toContain(`undo_change with ChangeId ${textOf(applied, 'ChangeId')}`);
    expect(bench.emulator.count('UntagResources')).toBe(plan.structured['Requests']);
    expect(bench.emulator.tagsOf('key', 'key-1')).toEqual({ owner: 'alice' });
    expect(bench.emulator.tagsOf('key', 'key-2')).toEqual({ env: 'prod' });
    expect(bench.emulator.tagsOf('secret', 'db/one')).toEqual({ temp: 'x' });
  });

  it('selects by value, too', async () => {
    const bench = await open({ emulator: { data: DATA } });
    const Where = [{ TagKey: 'temp', TagValue: 'b' }];
    const args = { ResourceType: 'key', RemoveTagKeys: ['temp', 'env'], Where };
    const { plan, applied } = await planAndApply(bench, args);
    expect(plan.structured).toMatchObject({ Selected: 2, Concerned: 2 });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 2 });
    expect(bench.emulator.tagsOf('key', 'key-1')).toEqual({ temp: 'a', owner: 'alice' });
    expect(bench.emulator.tagsOf('key', 'key-2')).toEqual({});
    expect(bench.emulator.tagsOf('key', 'key-4')).toEqual({ env: 'prod' });
  });

  it('selects by another tag than the one that goes', async () => {
    const bench = await open({ emulator: { data: DATA } });
    const args = { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'env' }] };
    const { plan, applied } = await planAndApply(bench, args);
    expect(plan.structured).toMatchObject({ Selected: 2, Concerned: 1 });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 1 });
    expect(bench.emulator.tagsOf('key', 'key-1')).toMatchObject({ temp: 'a' });
    expect(bench.emulator.tagsOf('key', 'key-2')).toEqual({ env: 'prod' });
  });

  it('selects all but some, resources without any tag included', async () => {
    const bench = await open({ emulator: { data: DATA } });
    const Where = [{ TagKey: 'env', TagValue: 'prod', Not: true }];
    const args = { ResourceType: 'key', SetTags: [{ TagKey: 'env', TagValue: 'test' }], Where };
    const { plan, applied } = await planAndApply(bench, args);
    expect(plan.structured).toMatchObject({ Selected: 3, Concerned: 3 });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 3, Verified: 3 });
    expect(bench.emulator.tagsOf('key', 'key-2')).toEqual({ temp: 'b', env: 'prod' });
    expect(bench.emulator.tagsOf('key', 'key-5')).toEqual({ env: 'test' });
  });

  it('works on secrets, by name and by tag', async () => {
    const bench = await open({ emulator: { data: DATA } });
    const named = { ResourceType: 'secret', RemoveTagKeys: ['temp'], ResourceIds: ['db/one', 'untagged', 'db/none'] };
    const first = await planAndApply(bench, named);
    expect(first.plan.structured).toMatchObject({ Selected: 2, Concerned: 1 });
    expect(first.plan.structured['LeftOut']).toEqual([{ ResourceId: 'db/none', Why: 'is not in this region' }]);
    expect(first.applied.structured).toMatchObject({ Status: 'done', Changed: 1, Failed: 0 });
    const second = await planAndApply(bench, { ResourceType: 'secret', RemoveTagKeys: ['temp'], Where: WHERE_TEMP });
    expect(second.plan.structured).toMatchObject({ Selected: 1 });
    expect(second.applied.structured).toMatchObject({ Status: 'done', Changed: 1 });
    expect(second.applied.text).toContain('1 secret changed');
    expect(bench.emulator.tagsOf('secret', 'db/two')).toEqual({ owner: 'bob' });
  });

  it.each([
    ['an array', ['key-1', 'key-3', 'key-1', 'key-5']],
    ['a JSON array in a string', '["key-1","key-3","key-1","key-5"]'],
    ['a string with commas', 'key-1, key-3,key-1 ,key-5'],
  ])('takes ResourceIds as %s, and an id that is given twice once', async (_, ResourceIds) => {
    const bench = await open({ emulator: { data: DATA } });
    const { plan, applied } = await planAndApply(bench, { ResourceType: 'key', RemoveTagKeys: 'temp', ResourceIds });
    expect(plan.structured).toMatchObject({ Selected: 3, Concerned: 2 });
    expect(plan.structured['LeftOut']).toBeUndefined();
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 2 });
    expect(addedUp(applied)).toBe(2);
  });

  it.each([
    ['an alias', 'alias/one'],
    ['its ARN', `acs:kms:cn-hangzhou:${DATA.AccountId}:key/key-1`],
    ['the ARN of its alias', `acs:kms:cn-hangzhou:${DATA.AccountId}:alias/one`],
  ])('takes a key by %s, and once if it is named by its id, too', async (_, name) => {
    const bench = await open({ emulator: { data: DATA } });
    const args = { ResourceType: 'key', RemoveTagKeys: ['temp'], ResourceIds: [name, 'key-1'] };
    const { plan, applied } = await planAndApply(bench, args);
    expect(plan.structured).toMatchObject({ Selected: 1, Concerned: 1 });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 1 });
    expect(bench.emulator.tagsOf('key', 'key-1')).toEqual({ owner: 'alice' });
  });

  it.each([
    ['a key of another region', 'key', `acs:kms:cn-beijing:${DATA.AccountId}:key/key-1`],
    ['a key of another account', 'key', 'acs:kms:cn-hangzhou:9999999999999999:key/key-1'],
    ['an alias of another region', 'key', `acs:kms:cn-beijing:${DATA.AccountId}:alias/one`],
    ['a secret of another account', 'secret', 'acs:kms:cn-hangzhou:9999999999999999:secret/db/one'],
    ['a secret of another region', 'secret', `acs:kms:cn-beijing:${DATA.AccountId}:secret/db/one`],
    ['a secret, where keys are asked for', 'key', `acs:kms:cn-hangzhou:${DATA.AccountId}:secret/key-1`],
    ['a key, where secrets are asked for', 'secret', `acs:kms:cn-hangzhou:${DATA.AccountId}:key/db/one`],
  ])('does not take the ARN of %s for a resource of the same name here', async (_, ResourceType, arn) => {
    const bench = await open({ emulator: { data: DATA } });
    const plan = await bench.call('plan_change', { ResourceType, RemoveTagKeys: ['temp'], ResourceIds: [arn] });
    expect(plan.structured).toMatchObject({ Selected: 0, Concerned: 0 });
    expect(plan.structured['LeftOut']).toEqual([{ ResourceId: arn, Why: 'is not in this region' }]);
    expect(plan.structured['PlanId']).toBeUndefined();
  });

  it.each([
    ['a tag that nothing carries', { Where: [{ TagKey: 'nowhere' }] }, { Selected: 0 }],
    ['a value that nothing has', { Where: [{ TagKey: 'temp', TagValue: 'zzz' }] }, { Selected: 0 }],
    ['resources without the tag', { ResourceIds: ['key-4', 'key-5'] }, { Selected: 2 }],
    ['ids that do not exist', { ResourceIds: ['key-x', 'key-y'] }, { Selected: 0 }],
  ])('of %s is no error, gives no PlanId, and says so', async (_, selection, counts) => {
    const bench = await open({ emulator: { data: DATA } });
    const plan = await bench.call('plan_change', { ResourceType: 'key', RemoveTagKeys: ['temp'], ...selection });
    expect(plan.isError).toBe(false);
    expect(plan.structured).toMatchObject({ Concerned: 0, Rows: [], Requests: 0, ...counts });
    expect(plan.structured['PlanId']).toBeUndefined();
    expect(plan.structured['Change']).toBeUndefined();
    expect(plan.text).toContain('Nothing was changed.');
    expect(plan.text).not.toContain('apply_plan');
  });

  it.each([
    ['neither selection', { RemoveTagKeys: ['temp'] }, 'INVALID_ARGUMENT'],
    ['both selections', { RemoveTagKeys: ['temp'], ResourceIds: ['key-1'], Where: WHERE_TEMP }, 'INVALID_ARGUMENT'],
    ['a value without its key', { RemoveTagKeys: ['temp'], Where: [{ TagValue: 'a' }] }, 'INVALID_ARGUMENT'],
    ['no ids', { RemoveTagKeys: ['temp'], ResourceIds: [] }, 'INVALID_ARGUMENT'],
    ['an empty id', { RemoveTagKeys: ['temp'], ResourceIds: ['key-1', ''] }, 'INVALID_ARGUMENT'],
    ['no conditions', { RemoveTagKeys: ['temp'], Where: [] }, 'INVALID_ARGUMENT'],
    ['no operation', { Where: WHERE_TEMP }, 'INVALID_ARGUMENT'],
    [
      'a key that is both removed and set',
      { RemoveTagKeys: ['temp'], SetTags: [{ TagKey: 'temp', TagValue: 'x' }], Where: WHERE_TEMP },
      'INVALID_ARGUMENT',
    ],
    [
      'a key that is renamed to itself',
      { RenameTagKeys: [{ From: 'temp', To: 'temp' }], Where: WHERE_TEMP },
      'INVALID_ARGUMENT',
    ],
    [
      'two keys renamed to one',
      {
        RenameTagKeys: [
          { From: 'a', To: 'c' },
          { From: 'b', To: 'c' },
        ],
        Where: WHERE_TEMP,
      },
      'INVALID_ARGUMENT',
    ],
    ['certificates', { ResourceType: 'certificate', RemoveTagKeys: ['temp'], Where: WHERE_TEMP }, 'INVALID_ARGUMENT'],
    ['another region', { RemoveTagKeys: ['temp'], Where: WHERE_TEMP, RegionId: 'cn-beijing' }, 'INVALID_ARGUMENT'],
    ['ids of all regions', { RemoveTagKeys: ['temp'], ResourceIds: ['key-1'], RegionId: '*' }, 'INVALID_ARGUMENT'],
    ['protected keys alone', { RemoveTagKeys: ['owner'], Where: WHERE_TEMP }, 'PROTECTED_TAG'],
    ['a protected key to be set', { SetTags: [{ TagKey: 'own', TagValue: '' }], Where: WHERE_TEMP }, 'PROTECTED_TAG'],
    [
      'a renaming of a protected key',
      { RenameTagKeys: [{ From: 'owner', To: 'x' }], Where: WHERE_TEMP },
      'PROTECTED_TAG',
    ],
    [
      'a renaming to a protected key',
      { RenameTagKeys: [{ From: 'temp', To: 'own' }], Where: WHERE_TEMP },
      'PROTECTED_TAG',
    ],
    ['system keys alone', { RemoveTagKeys: ['acs:a', 'aliyun:b'], Where: WHERE_TEMP }, 'PROTECTED_TAG'],
  ])('is refused for %s', async (_, args, code) => {
    const bench = await open({ emulator: { data: DATA }, protect: ['own*'] });
    const answer = await bench.call('plan_change', { ResourceType: 'key', ...args });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(new RegExp(`^${code}: .*Nothing was changed\\.`, 's'));
    expect(bench.emulator.count()).toBe(0);
  });
});

describe('more tag keys than one request carries', () => {
  const many = Array.from({ length: 45 }, (_, index) => `k${String(index).padStart(2, '0')}`);
  const own = Array.from({ length: 10 }, (_, index) => `k${String(index).padStart(2, '0')}`);
  const data = {
    keys: [
      { KeyId: 'key-1', Tags: { k00: '1', k21: '2', k44: '3', stays: 'x' } },
      { KeyId: 'key-2', Tags: { k10: '1' } },
      { KeyId: 'key-3', Tags: Object.fromEntries(own.map((key) => [key, key])) },
    ],
  };

  it('are asked for at once, go, and all come back by undo', async () => {
    const bench = await open({ emulator: { data } });
    const args = { ResourceType: 'key', RemoveTagKeys: many, ResourceIds: ['key-1', 'key-2', 'key-3'] };
    const { plan, applied } = await planAndApply(bench, args);
    expect(plan.structured).toMatchObject({ Concerned: 3 });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 3, Verified: 3 });
    // One request for each kind of resource: none names a key that is not there.
    expect(bench.emulator.count('UntagResources')).toBe(3);
    expect(bench.emulator.tagsOf('key', 'key-1')).toEqual({ stays: 'x' });
    expect(bench.emulator.tagsOf('key', 'key-3')).toEqual({});
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 14 });
    for (const { KeyId, Tags } of data.keys) expect(bench.emulator.tagsOf('key', KeyId)).toEqual(Tags);
  });
});

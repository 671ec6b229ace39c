import { describe, expect, it } from 'vitest';
import type { Emulator } from '../../emulator/index.js';
import { addedUp, textOf } from '../support/workbench.js';
import { workbenches } from './benches.js';

const open = workbenches();

const KEYS = {
  keys: [
    { KeyId: 'key-1', Tags: { temp: 'a', owner: 'alice' } },
    { KeyId: 'key-2', Tags: { temp: 'b', env: 'prod' } },
    { KeyId: 'key-3', Tags: { temp: 'b' } },
    { KeyId: 'key-4', Tags: { env: 'prod' } },
    { KeyId: 'key-5' },
  ],
  secrets: [
    { SecretName: 'db/one', Tags: { temp: 'x' } },
    { SecretName: 'db/two', Tags: { temp: 'y', owner: 'bob' } },
    { SecretName: 'untagged' },
  ],
};

/** All tags of the account. */
function stateOf(emulator: Emulator): unknown {
  return [
    ...KEYS.keys.map(({ KeyId }) => emulator.tagsOf('key', KeyId)),
    ...KEYS.secrets.map(({ SecretName }) => emulator.tagsOf('secret', SecretName)),
  ];
}

describe('the plan of untag_resources', () => {
  it('says what would go, and changes nothing', async () => {
    const bench = await open({ emulator: { data: KEYS }, protect: ['owner'] });
    const before = stateOf(bench.emulator);
    const TagKeys = ['temp', 'owner', 'acs:rds:instance', 'aliyun.x', 'nowhere'];
    const plan = await bench.call('untag_resources', { ResourceType: 'key', TagKeys, WithTagKey: 'temp' });
    expect(plan.isError).toBe(false);
    expect(plan.structured).toEqual({
      RegionId: 'cn-hangzhou',
      Selected: 3,
      Carrying: 3,
      AbsentAlready: 0,
      NotFound: 0,
      KeyCounts: [
        { TagKey: 'temp', Resources: 3 },
        { TagKey: 'nowhere', Resources: 0 },
      ],
      Values: [
        { TagKey: 'temp', TagValue: 'b', Resources: 2 },
        { TagKey: 'temp', TagValue: 'a', Resources: 1 },
      ],
      OtherValues: 0,
      Sample: ['key-1', 'key-2', 'key-3'],
      LeftOutTagKeys: ['owner', 'acs:rds:instance', 'aliyun.x'],
      Requests: 3,
      ExpectedSeconds: 1,
      PlanToken: expect.stringMatching(/^[\w-]+\.[\w-]+$/),
    });
    for (const fact of [
      'remove tags from 3 keys in cn-hangzhou',
      '"temp" on 3, "nowhere" on 0',
      '"temp"="b" on 2, "temp"="a" on 1',
      '"key-1", "key-2", "key-3"',
      'Left out, protected or owned by the system: "owner", "acs:rds:instance", "aliyun.x"',
      'About 3 requests, 1 s.',
      'A kms:tag condition in a RAM, key or secret policy can make a tag decide who may use the resource.',
      'Nothing was changed.',
      textOf(plan, 'PlanToken'),
    ]) {
      expect(plan.text).toContain(fact);
    }
    expect(stateOf(bench.emulator)).toEqual(before);
    expect(bench.emulator.count('UntagResources')).toBe(0);
  });

  it('is applied by the same call with its token: read again, written, read back, each once', async () => {
    const bench = await open({ emulator: { data: KEYS } });
    const args = { ResourceType: 'key', TagKeys: ['temp'], WithTagKey: 'temp' };
    const plan = await bench.call('untag_resources', args);
    const planned = bench.emulator.count();
    const run = await bench.call('untag_resources', { ...args, PlanToken: textOf(plan, 'PlanToken') });
    expect(run.structured).toEqual({
      RegionId: 'cn-hangzhou',
      Status: 'done',
      Selected: 3,
      Removed: 3,
      AbsentAlready: 0,
      Failed: 0,
      Unknown: 0,
      NotAttempted: 0,
      Unverified: 0,
      Failures: [],
      ChangeId: expect.any(String),
    });
    expect(run.text).toContain('done in cn-hangzhou: removed from 3 keys');
    expect(run.text).toContain(`undo_change with ChangeId ${textOf(run, 'ChangeId')}`);
    expect(bench.emulator.count() - planned).toBe(plan.structured['Requests']);
    expect(bench.emulator.tagsOf('key', 'key-1')).toEqual({ owner: 'alice' });
    expect(bench.emulator.tagsOf('key', 'key-2')).toEqual({ env: 'prod' });
    expect(bench.emulator.tagsOf('secret', 'db/one')).toEqual({ temp: 'x' });
  });

  it('selects by value too', async () => {
    const bench = await open({ emulator: { data: KEYS } });
    const args = { ResourceType: 'key', TagKeys: ['temp', 'env'], WithTagKey: 'temp', WithTagValue: 'b' };
    const plan = await bench.call('untag_resources', args);
    expect(plan.structured).toMatchObject({ Selected: 2, Carrying: 2 });
    const run = await bench.call('untag_resources', { ...args, PlanToken: textOf(plan, 'PlanToken') });
    expect(run.structured).toMatchObject({ Status: 'done', Removed: 2 });
    expect(bench.emulator.tagsOf('key', 'key-1')).toEqual({ temp: 'a', owner: 'alice' });
    expect(bench.emulator.tagsOf('key', 'key-2')).toEqual({});
    expect(bench.emulator.tagsOf('key', 'key-4')).toEqual({ env: 'prod' });
  });

  it('selects by another tag than the one that goes', async () => {
    const bench = await open({ emulator: { data: KEYS } });
    const args = { ResourceType: 'key', TagKeys: ['temp'], WithTagKey: 'env' };
    const plan = await bench.call('untag_resources', args);
    expect(plan.structured).toMatchObject({ Selected: 2, Carrying: 1, AbsentAlready: 1 });
    const run = await bench.call('untag_resources', { ...args, PlanToken: textOf(plan, 'PlanToken') });
    expect(run.structured).toMatchObject({ Status: 'done', Selected: 2, Removed: 1, AbsentAlready: 1 });
    expect(bench.emulator.tagsOf('key', 'key-1')).toMatchObject({ temp: 'a' });
  });

  it('works on secrets, by name and by tag', async () => {
    const bench = await open({ emulator: { data: KEYS } });
    const named = { ResourceType: 'secret', TagKeys: ['temp'], ResourceIds: ['db/one', 'untagged', 'db/none'] };
    const plan = await bench.call('untag_resources', named);
    expect(plan.structured).toMatchObject({ Selected: 3, Carrying: 1, AbsentAlready: 1, NotFound: 1 });
    const first = await bench.call('untag_resources', { ...named, PlanToken: textOf(plan, 'PlanToken') });
    expect(first.structured).toMatchObject({ Status: 'partial', Removed: 1, AbsentAlready: 1, Failed: 1 });
    const tagged = { ResourceType: 'secret', TagKeys: ['temp'], WithTagKey: 'temp' };
    const next = await bench.call('untag_resources', tagged);
    const second = await bench.call('untag_resources', { ...tagged, PlanToken: textOf(next, 'PlanToken') });
    expect(second.structured).toMatchObject({ Status: 'done', Selected: 1, Removed: 1 });
    expect(second.text).toContain('removed from 1 secret');
    expect(bench.emulator.tagsOf('secret', 'db/two')).toEqual({ owner: 'bob' });
  });

  it.each([
    ['an array', ['key-1', 'key-3', 'key-1', 'key-5']],
    ['a JSON array in a string', '["key-1","key-3","key-1","key-5"]'],
    ['a string with commas', 'key-1, key-3,key-1 ,key-5'],
  ])('takes ResourceIds as %s, and an id that is given twice once', async (_, ResourceIds) => {
    const bench = await open({ emulator: { data: KEYS } });
    const args = { ResourceType: 'key', TagKeys: 'temp', ResourceIds };
    const plan = await bench.call('untag_resources', args);
    expect(plan.structured).toMatchObject({ Selected: 3, Carrying: 2, AbsentAlready: 1, NotFound: 0 });
    const run = await bench.call('untag_resources', { ...args, PlanToken: textOf(plan, 'PlanToken') });
    expect(run.structured).toMatchObject({ Status: 'done', Selected: 3, Removed: 2, AbsentAlready: 1 });
    expect(addedUp(run)).toBe(3);
  });

  it.each([
    ['a tag that nothing carries', { WithTagKey: 'nowhere' }, { Selected: 0 }],
    ['a value that nothing has', { WithTagKey: 'temp', WithTagValue: 'zzz' }, { Selected: 0 }],
    ['resources without the tag', { ResourceIds: ['key-4', 'key-5'] }, { Selected: 2, AbsentAlready: 2 }],
    ['ids that do not exist', { ResourceIds: ['key-x', 'key-y'] }, { Selected: 2, NotFound: 2 }],
  ])('of %s is no error, gives no token, and says so', async (_, selection, counts) => {
    const bench = await open({ emulator: { data: KEYS } });
    const plan = await bench.call('untag_resources', { ResourceType: 'key', TagKeys: ['temp'], ...selection });
    expect(plan.isError).toBe(false);
    expect(plan.structured).toMatchObject({ Status: 'nothing_done', Carrying: 0, ...counts });
    expect(plan.structured['PlanToken']).toBeUndefined();
    expect(plan.text).toContain('Nothing was changed.');
    expect(plan.text).not.toContain('To apply');
  });

  it.each([
    ['neither selection', { TagKeys: ['temp'] }, 'INVALID_ARGUMENT'],
    ['both selections', { TagKeys: ['temp'], ResourceIds: ['key-1'], WithTagKey: 'temp' }, 'INVALID_ARGUMENT'],
    ['a value without its key', { TagKeys: ['temp'], WithTagValue: 'a' }, 'INVALID_ARGUMENT'],
    ['no ids', { TagKeys: ['temp'], ResourceIds: [] }, 'INVALID_ARGUMENT'],
    ['an empty id', { TagKeys: ['temp'], ResourceIds: ['key-1', ''] }, 'INVALID_ARGUMENT'],
    ['certificates', { ResourceType: 'certificate', TagKeys: ['temp'], WithTagKey: 'temp' }, 'INVALID_ARGUMENT'],
    ['another region', { TagKeys: ['temp'], WithTagKey: 'temp', RegionId: 'cn-beijing' }, 'INVALID_ARGUMENT'],
    ['protected keys alone', { TagKeys: ['owner'], WithTagKey: 'temp' }, 'PROTECTED_TAG'],
    ['system keys alone', { TagKeys: ['acs:a', 'aliyun:b'], WithTagKey: 'temp' }, 'PROTECTED_TAG'],
  ])('is refused for %s', async (_, args, code) => {
    const bench = await open({ emulator: { data: KEYS }, protect: ['own*'] });
    const answer = await bench.call('untag_resources', { ResourceType: 'key', ...args });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(new RegExp(`^${code}: .*Nothing was changed\\.`, 's'));
    expect(bench.emulator.count('UntagResources')).toBe(0);
  });
});

describe('more tag keys than one request carries', () => {
  const many = Array.from({ length: 45 }, (_, index) => `k${String(index).padStart(2, '0')}`);
  const data = {
    keys: [
      { KeyId: 'key-1', Tags: { k00: '1', k21: '2', k44: '3', stays: 'x' } },
      { KeyId: 'key-2', Tags: { k10: '1' } },
    ],
  };

  it('go in several, and all come back by undo', async () => {
    const bench = await open({ emulator: { data } });
    const args = { ResourceType: 'key', TagKeys: many, ResourceIds: ['key-1', 'key-2'] };
    const plan = await bench.call('untag_resources', args);
    const planned = bench.emulator.count();
    const run = await bench.call('untag_resources', { ...args, PlanToken: textOf(plan, 'PlanToken') });
    expect(run.structured).toMatchObject({ Status: 'done', Removed: 2 });
    expect(bench.emulator.count('UntagResources')).toBe(3);
    expect(bench.emulator.count() - planned).toBe(plan.structured['Requests']);
    expect(bench.emulator.tagsOf('key', 'key-1')).toEqual({ stays: 'x' });
    const undo = await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 4 });
    expect(bench.emulator.tagsOf('key', 'key-1')).toEqual(data.keys[0]?.Tags);
    expect(bench.emulator.tagsOf('key', 'key-2')).toEqual(data.keys[1]?.Tags);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator } from '../../emulator/index.js';
import { openIntermediary, type PassingRequest } from '../support/intermediary.js';
import { ERAS, type Era } from '../support/reply.js';
import { openSession } from '../support/session.js';
import { addedUp, numberOf, planAndApply, textOf } from '../support/workbench.js';
import { keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';
import { WRITES, watchedBench } from './watched.js';

/** Ids that a request names. */
function idsIn({ parameters }: PassingRequest): string[] {
  return [...parameters].filter(([name]) => name.startsWith('ResourceId.')).map(([, id]) => id);
}

describe('a value that a colleague sets while a plan is applied', () => {
  it('is never overwritten or removed where the part has not been read yet', async () => {
    const all = keyIds(1, 1_000);
    const bench = await watchedBench({ keys: 1_000 });
    const late = all.slice(900);
    let isSet = false;
    bench.between.handle(async (passing) => {
      // With the first write, before parts of the tail are read.
      if (WRITES.has(passing.action) && !isSet) {
        isSet = true;
        for (const id of late) bench.emulator.setTag('key', id, 'temp', 'theirs');
      }
      return passing.forward();
    });
    const { applied } = await planAndApply(bench, { ...REMOVE_TEMP, ResourceIds: all, Where: undefined });
    expect(isSet).toBe(true);
    expect(addedUp(applied)).toBe(1_000);
    const kept = late.filter((id) => bench.emulator.tagsOf('key', id)?.['temp'] === 'theirs');
    expect(numberOf(applied, 'ChangedSincePlan')).toBe(kept.length);
    expect(kept.length).toBeGreaterThanOrEqual(50);
    // And undo gives nobody an older value.
    bench.between.handle((passing) => passing.forward());
    await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    for (const id of kept) expect(bench.emulator.tagsOf('key', id)).toMatchObject({ temp: 'theirs' });
  });

  it.each<[string, Readonly<Record<string, unknown>>, readonly [key: string, value: string | undefined]]>([
    ['another value, where it would be removed', REMOVE_TEMP, ['temp', 'theirs']],
    ['none any more, where it would be removed', REMOVE_TEMP, ['temp', undefined]],
    [
      'another value, where it would be overwritten',
      { ResourceType: 'key', SetTags: [{ TagKey: 'env', TagValue: 'ours' }], Where: [{ TagKey: 'temp' }] },
      ['env', 'theirs'],
    ],
    [
      'a first value, where there was none',
      { ResourceType: 'key', SetTags: [{ TagKey: 'new', TagValue: 'ours' }], Where: [{ TagKey: 'temp' }] },
      ['new', 'theirs'],
    ],
    [
      'the same value as ours, where there was none',
      { ResourceType: 'key', SetTags: [{ TagKey: 'new', TagValue: 'ours' }], Where: [{ TagKey: 'temp' }] },
      ['new', 'ours'],
    ],
    [
      'a value under the new name, where it would be renamed to it',
      { ResourceType: 'key', RenameTagKeys: [{ From: 'temp', To: 'tmp' }], Where: [{ TagKey: 'temp' }] },
      ['tmp', 'theirs'],
    ],
    [
      'another value under the old name, where it would be renamed',
      { ResourceType: 'key', RenameTagKeys: [{ From: 'temp', To: 'tmp' }], Where: [{ TagKey: 'temp' }] },
      ['temp', 'theirs'],
    ],
  ])(
    'between the plan and its part is left alone, and its undo leaves it alone, too: %s',
    async (_, args, [key, value]) => {
      const all = keyIds(1, 20);
      const bench = await watchedBench({ keys: 20 });
      const plan = await bench.call('plan_change', args);
      if (value === undefined) bench.emulator.removeTag('key', 'key-000007', key);
      else bench.emulator.setTag('key', 'key-000007', key, value);
      const before = tagsOfAll(bench, all);
      const run = await bench.call('apply_plan', { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') });
      expect(run.structured).toMatchObject({ Status: 'partial', Changed: 19, ChangedSincePlan: 1, Failed: 0 });
      expect(bench.emulator.tagsOf('key', 'key-000007')).toEqual(Array.isArray(before) ? before[6] : undefined);
      await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
      expect(tagsOfAll(bench, all)).toEqual(before);
    },
  );
});

describe('a value that a colleague sets while a change is undone', () => {
  it('is never overwritten where the part has not been read yet', async () => {
    const all = keyIds(1, 1_000);
    const bench = await watchedBench({ keys: 1_000 });
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    const written = new Set<string>();
    const theirs = new Set<string>();
    bench.between.handle(async (passing) => {
      if (WRITES.has(passing.action)) for (const id of idsIn(passing)) written.add(id);
      // With the third write, on all that no part has named yet.
      if (written.size > 0 && theirs.size === 0 && WRITES.has(passing.action)) {
        for (const id of all) {
          if (written.has(id)) continue;
          bench.emulator.setTag('key', id, 'temp', 'theirs');
          theirs.add(id);
        }
      }
      return passing.forward();
    });
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    const kept = [...theirs].filter((id) => bench.emulator.tagsOf('key', id)?.['temp'] === 'theirs');
    // All but those of the eight parts that were read just then: the window that is left.
    expect(kept.length).toBeGreaterThanOrEqual(theirs.size - 8 * 50);
    expect(kept.length).toBeGreaterThan(0);
    expect(numberOf(undo, 'Skipped')).toBe(kept.length);
    expect(numberOf(undo, 'Restored')).toBe(1_000 - kept.length);
    expect(stillTagged(bench, all)).toHaveLength(1_000);
  });

  it.each<[string, readonly [key: string, value: string | undefined]]>([
    ['of a removed tag', ['temp', 'theirs']],
    ['of a tag that was set', ['env', 'theirs']],
    ['of a tag that was set, which is gone', ['env', undefined]],
    ['of a tag that was new', ['new', 'theirs']],
  ])('is kept before it begins: %s', async (_, [key, value]) => {
    const bench = await watchedBench({ keys: 3 });
    const before = tagsOfAll(bench, keyIds(1, 3));
    const SetTags = [
      { TagKey: 'env', TagValue: 'ours' },
      { TagKey: 'new', TagValue: 'ours' },
    ];
    const { applied } = await planAndApply(bench, { ...REMOVE_TEMP, SetTags });
    if (value === undefined) bench.emulator.removeTag('key', 'key-000002', key);
    else bench.emulator.setTag('key', 'key-000002', key, value);
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'partial', Restored: 8, Skipped: 1, Failed: 0 });
    expect(undo.structured['Details']).toEqual([{ ResourceId: 'key-000002', Why: `"${key}" changed since` }]);
    expect(bench.emulator.tagsOf('key', 'key-000002')?.[key]).toBe(value);
    const others = (tags: unknown) => (Array.isArray(tags) ? [tags[0], tags[2]] : []);
    expect(others(tagsOfAll(bench, keyIds(1, 3)))).toEqual(others(before));
  });
});

describe('a value that a colleague sets while a person is asked', () => {
  const KEYS = [
    { KeyId: 'key-1', Alias: 'alias/main', Tags: { owner: 'alice', env: 'dev' } },
    { KeyId: 'key-2', Tags: { owner: 'alice', env: 'dev' } },
  ];

  async function asking(era: Era, whileAsked: (emulator: Awaited<ReturnType<typeof startEmulator>>) => void) {
    const emulator = await startEmulator({ data: { keys: KEYS } });
    onTestFinished(() => emulator.close());
    const session = await openSession({
      era,
      emulator,
      args: ['--confirm', 'always'],
      person: () => {
        whileAsked(emulator);
        return { action: 'accept', content: { Confirm: true } };
      },
    });
    return session;
  }

  it.each(
    ERAS.flatMap((era) => [
      { era, what: 'another value of the tag', key: 'owner', value: 'theirs' },
      { era, what: 'a value of another tag that the question showed', key: 'env', value: 'prod' },
      { era, what: 'a tag that was not there', key: 'new', value: 'theirs' },
      { era, what: 'a tag that went', key: 'owner', value: undefined },
    ]),
  )('stops tag_resource on the $era era: $what', async ({ era, key, value }) => {
    const { call, emulator, writes, asked } = await asking(era, (kms) =>
      value === undefined ? kms.removeTag('key', 'key-1', key) : kms.setTag('key', 'key-1', key, value),
    );
    const answer = await call('tag_resource', { KeyId: 'key-1', Tags: [{ TagKey: 'owner', TagValue: 'bob' }] });
    expect(asked).toHaveLength(1);
    expect(answer.text).toMatch(/^CHANGED_SINCE_PREVIEW: .*Nothing was changed\./);
    expect(writes()).toBe(0);
    expect(emulator.tagsOf('key', 'key-1')?.[key]).toBe(value);
  });

  it.each(ERAS)('stops tag_resource also where it would have added a tag only in part, on the %s era', async (era) => {
    const { call, emulator, writes } = await asking(era, (kms) => kms.setTag('key', 'key-1', 'new', 'theirs'));
    const Tags = [
      { TagKey: 'new', TagValue: 'ours' },
      { TagKey: 'env', TagValue: 'prod' },
    ];
    const answer = await call('tag_resource', { KeyId: 'key-1', Tags });
    expect(answer.text).toMatch(/^CHANGED_SINCE_PREVIEW: /);
    expect(writes()).toBe(0);
    expect(emulator.tagsOf('key', 'key-1')).toMatchObject({ new: 'theirs', env: 'dev' });
  });

  it.each(ERAS)('does not make the change of a person who says no while the value goes, on the %s era', async (era) => {
    const emulator = await startEmulator({ data: { keys: KEYS } });
    onTestFinished(() => emulator.close());
    const { call, writes } = await openSession({
      era,
      emulator,
      args: ['--confirm', 'always'],
      person: () => {
        emulator.removeTag('key', 'key-1', 'owner');
        return { action: 'decline' };
      },
    });
    const answer = await call('tag_resource', { KeyId: 'key-1', Tags: [{ TagKey: 'owner', TagValue: 'bob' }] });
    expect(answer.text).toMatch(/^DECLINED: .*Nothing was changed\./);
    expect(writes()).toBe(0);
    expect(emulator.tagsOf('key', 'key-1')).toEqual({ env: 'dev' });
  });

  it.each(ERAS)('stops untag_resource, too, on the %s era', async (era) => {
    const { call, emulator, writes } = await asking(era, (kms) => kms.setTag('key', 'key-1', 'owner', 'theirs'));
    const answer = await call('untag_resource', { KeyId: 'key-1', TagKeys: ['owner'] });
    expect(answer.text).toMatch(/^CHANGED_SINCE_PREVIEW: /);
    expect(writes()).toBe(0);
    expect(emulator.tagsOf('key', 'key-1')).toMatchObject({ owner: 'theirs' });
  });

  it.each(ERAS)('leaves an applied plan to its own look at each resource, on the %s era', async (era) => {
    const { call, emulator } = await asking(era, (kms) => kms.setTag('key', 'key-1', 'owner', 'theirs'));
    const plan = await call('plan_change', {
      ResourceType: 'key',
      RemoveTagKeys: ['owner'],
      Where: [{ TagKey: 'owner' }],
    });
    const { PlanId, Change } = plan.structured;
    const applied = await call('apply_plan', { PlanId, Change });
    expect(applied.structured).toMatchObject({ Changed: 1, ChangedSincePlan: 1 });
    expect(emulator.tagsOf('key', 'key-1')).toMatchObject({ owner: 'theirs' });
  });

  it.each(ERAS)('stops a call by alias when the alias points to another key by then, on the %s era', async (era) => {
    const emulator = await startEmulator({ data: { keys: KEYS } });
    const between = await openIntermediary(emulator.endpoint);
    onTestFinished(async () => {
      await between.close();
      await emulator.close();
    });
    let isRepointed = false;
    between.handle(async (passing) => {
      const reply = await passing.forward();
      const isAlias = passing.action === 'DescribeKey' && passing.parameters.get('KeyId') === 'alias/main';
      // As KMS answers once somebody has pointed the alias to key-2, whose tags are the same.
      return isAlias && isRepointed ? { ...reply, body: reply.body.replaceAll('key-1', 'key-2') } : reply;
    });
    const session = await openSession({
      era,
      emulator,
      where: ['--endpoint', between.endpoint, '--region', emulator.regionId],
      args: ['--confirm', 'always'],
      person: () => {
        isRepointed = true;
        return { action: 'accept', content: { Confirm: true } };
      },
    });
    const answer = await session.call('untag_resource', { KeyId: 'alias/main', TagKeys: ['owner'] });
    // The person was shown key-1: whatever happens, it must not happen to key-2.
    expect(emulator.tagsOf('key', 'key-2')).toMatchObject({ owner: 'alice' });
    if (answer.isError) expect(answer.text).toMatch(/^CHANGED_SINCE_PREVIEW: /);
    else expect(emulator.tagsOf('key', 'key-1')).not.toHaveProperty('owner');
  });
});

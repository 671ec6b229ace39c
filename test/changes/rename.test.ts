import { describe, expect, it } from 'vitest';
import type { AccountData } from '../../emulator/index.js';
import { kmsErrorOf, type PassingReply, type PassingRequest, pageOf } from '../support/intermediary.js';
import { type Answer, addedUp, numberOf, planAndApply, textOf } from '../support/workbench.js';
import { type WatchedBench, WRITES, watchedBench } from './watched.js';

type KeyData = NonNullable<AccountData['keys']>[number];

const RENAME = {
  ResourceType: 'key',
  RenameTagKeys: [{ From: 'owner', To: 'team' }],
  Where: [{ TagKey: 'owner' }],
} as const;

/** Ten tags: as many as KMS allows. */
function full(own: Readonly<Record<string, string>>): Record<string, string> {
  const more = Array.from({ length: 10 - Object.keys(own).length }, (_, index) => [`other${index}`, 'x'] as const);
  return { ...Object.fromEntries(more), ...own };
}

function account(size: number): readonly KeyData[] {
  return Array.from({ length: size }, (_, index) => ({
    KeyId: `key-${index}`,
    Tags: { owner: `person-${index % 7}`, env: 'prod' },
  }));
}

type Handler = (passing: PassingRequest) => Promise<PassingReply | undefined>;

/**
 * A bench whose account is looked at before and after each request: every value that `owner` had must be there under
 * `owner` or `team`, on every key.
 */
async function renamingBench(keys: readonly KeyData[], options: Parameters<typeof watchedBench>[1] = {}) {
  const bench = await watchedBench({ data: { keys } }, options);
  const lost: string[] = [];
  let looks = 0;
  const look = (): void => {
    looks += 1;
    for (const { KeyId, Tags = {} } of keys) {
      const { owner, team } = bench.emulator.tagsOf('key', KeyId) ?? {};
      const value = Tags['owner'];
      if (value !== undefined && owner !== value && team !== value) lost.push(`${KeyId} after request ${looks}`);
    }
  };
  const watched = (handler: Handler): Handler => {
    return async (passing) => {
      look();
      const reply = await handler(passing);
      look();
      return reply;
    };
  };
  bench.between.handle(watched((passing) => passing.forward()));
  return {
    ...bench,
    lost,
    looks: () => looks,
    handle: (handler: Handler) => bench.between.handle(watched(handler)),
    tags: (id: string) => bench.emulator.tagsOf('key', id),
  };
}

type RenamingBench = Awaited<ReturnType<typeof renamingBench>>;

function expectAsBefore(bench: Pick<WatchedBench, 'emulator'>, keys: readonly KeyData[]): void {
  for (const { KeyId, Tags = {} } of keys) expect(bench.emulator.tagsOf('key', KeyId)).toEqual(Tags);
}

/** Undoes with nobody between any more, and compares the whole account. */
async function expectUndoable(bench: RenamingBench, applied: Answer, keys: readonly KeyData[]): Promise<void> {
  bench.handle((passing) => passing.forward());
  const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
  expect(undo.structured).toMatchObject({ Status: 'done', Unverified: 0 });
  expectAsBefore(bench, keys);
  expect(bench.lost).toEqual([]);
  expect(bench.bugs).toEqual([]);
}

describe('a tag key that is renamed', () => {
  it('keeps each value under one key or the other at every moment, also when it is undone', async () => {
    const keys = account(120);
    const bench = await renamingBench(keys);
    const { plan, applied } = await planAndApply(bench, RENAME);
    expect(textOf(plan, 'Change')).toMatch(/^Rename "owner" to "team" on 120 keys in cn-hangzhou /);
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 120, Verified: 120 });
    for (const { KeyId, Tags = {} } of keys) expect(bench.tags(KeyId)).toEqual({ team: Tags['owner'], env: 'prod' });
    expect(bench.looks()).toBeGreaterThan(20);
    await expectUndoable(bench, applied, keys);
  });

  it('is set and read back before the old one goes', async () => {
    const bench = await renamingBench(account(3));
    const actions: string[] = [];
    bench.handle(async (passing) => {
      const reply = await passing.forward();
      actions.push(passing.action);
      return reply;
    });
    await planAndApply(bench, RENAME);
    const set = actions.lastIndexOf('TagResources');
    const removed = actions.indexOf('UntagResources');
    expect(set).toBeGreaterThan(0);
    expect(actions.slice(set, removed)).toContain('ListTagResources');
    expect(removed).toBeGreaterThan(set);
  });

  it.each<[string, Handler]>([
    ['KMS refuses', async () => kmsErrorOf(403, 'Forbidden.NoPermission')],
    ['a proxy refuses', async () => pageOf(403, '<html>blocked</html>')],
    ['the connection breaks', async () => undefined],
  ])('stays as it was where the new one cannot be set, because %s', async (_, refuse) => {
    const keys = account(60);
    const bench = await renamingBench(keys);
    bench.handle((passing) => (passing.action === 'TagResources' ? refuse(passing) : passing.forward()));
    const plan = await bench.call('plan_change', RENAME);
    const applied = await bench.call('apply_plan', { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') });
    expect(numberOf(applied, 'Changed')).toBe(0);
    expect(bench.emulator.count('UntagResources')).toBe(0);
    expectAsBefore(bench, keys);
    expect(bench.lost).toEqual([]);
  });

  it('is left alone where KMS acknowledged the new one and reading does not show it: nothing is removed', async () => {
    const keys = account(60);
    const bench = await renamingBench(keys);
    // KMS says yes, and the tag is not there: lost, or slow to show.
    bench.handle(async (passing) => {
      if (passing.action !== 'TagResources') return passing.forward();
      const body = JSON.stringify({ RequestId: 'f1e2d3c4-0000-4000-8000-000000000002' });
      return pageOf(200, body, 'application/json');
    });
    const { applied } = await planAndApply(bench, RENAME);
    expect(addedUp(applied)).toBe(60);
    expect(applied.structured).toMatchObject({ Status: 'partial', Verified: 0, Unverified: 60, Failed: 0 });
    expect(applied.text).toContain('old tags were left');
    expect(bench.emulator.count('UntagResources')).toBe(0);
    expectAsBefore(bench, keys);
    expect(bench.lost).toEqual([]);
    // Nothing shows of it, so that there is nothing to undo, and a new plan does all of it.
    bench.handle((passing) => passing.forward());
    const again = await planAndApply(bench, RENAME);
    expect(again.applied.structured).toMatchObject({ Status: 'done', Changed: 60, Verified: 60 });
    await expectUndoable(bench, again.applied, keys);
  });

  it('is finished, and can be undone, where the new one shows late', async () => {
    const keys = account(10);
    const bench = await renamingBench(keys);
    let stale: PassingReply | undefined;
    let reads = 0;
    bench.handle(async (passing) => {
      if (passing.action !== 'ListTagResources') return passing.forward();
      stale ??= await passing.forward();
      // What a replica of KMS still knows: the reading of the plan, of the part, and the first two that look for the new tag.
      reads += 1;
      return reads <= 4 ? stale : passing.forward();
    });
    const { applied } = await planAndApply(bench, RENAME);
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 10, Verified: 10 });
    for (const { KeyId } of keys) expect(bench.tags(KeyId)).not.toHaveProperty('owner');
    await expectUndoable(bench, applied, keys);
  });

  it('is on both keys where the removal is refused, which is told as partly done; undo restores', async () => {
    const keys = account(60);
    const bench = await renamingBench(keys);
    bench.handle(async (passing) =>
      passing.action === 'UntagResources' ? kmsErrorOf(403, 'Forbidden.NoPermission') : passing.forward(),
    );
    const { applied } = await planAndApply(bench, RENAME);
    expect(applied.structured).toMatchObject({ Status: 'partial', Changed: 0, Failed: 60 });
    expect(applied.text).not.toContain('Nothing was changed');
    for (const { KeyId, Tags = {} } of keys) expect(bench.tags(KeyId)).toEqual({ ...Tags, team: Tags['owner'] });
    await expectUndoable(bench, applied, keys);
  });

  it('can be finished by planning again where the removal was refused', async () => {
    const keys = account(60);
    const bench = await renamingBench(keys);
    bench.handle(async (passing) =>
      passing.action === 'UntagResources' ? kmsErrorOf(403, 'Forbidden.NoPermission') : passing.forward(),
    );
    const first = await planAndApply(bench, RENAME);
    bench.handle((passing) => passing.forward());
    const second = await planAndApply(bench, RENAME);
    expect(second.applied.structured).toMatchObject({ Status: 'done', Changed: 60 });
    for (const { KeyId, Tags = {} } of keys) expect(bench.tags(KeyId)).toEqual({ team: Tags['owner'], env: 'prod' });
    // Undone in turn, the last one first.
    await bench.call('undo_change', { ChangeId: textOf(second.applied, 'ChangeId') });
    await expectUndoable(bench, first.applied, keys);
  });

  it.each([
    ['the new one', 'TagResources'],
    ['the removal', 'UntagResources'],
  ])('is undone completely after its run was cut off after %s was made', async (_, action) => {
    const keys = account(120);
    const bench = await renamingBench(keys);
    let isDown = false;
    bench.handle(async (passing) => {
      if (isDown) return undefined;
      const reply = await passing.forward();
      if (passing.action === action) isDown = true;
      return isDown ? undefined : reply;
    });
    const { applied } = await planAndApply(bench, RENAME);
    expect(addedUp(applied)).toBe(120);
    expect(applied.structured).toMatchObject({ Status: 'partial', Verified: 0 });
    expect(bench.lost).toEqual([]);
    await expectUndoable(bench, applied, keys);
  });

  it('leaves out, and names, whatever would lose a value or does not fit', async () => {
    const keys: readonly KeyData[] = [
      { KeyId: 'plain', Tags: { owner: 'alice' } },
      { KeyId: 'same already', Tags: { owner: 'alice', team: 'alice' } },
      { KeyId: 'conflict', Tags: { owner: 'alice', team: 'bob' } },
      { KeyId: 'empty conflict', Tags: { owner: 'alice', team: '' } },
      { KeyId: 'full', Tags: full({ owner: 'alice' }) },
      { KeyId: 'full, same', Tags: full({ owner: 'alice', team: 'alice' }) },
      { KeyId: 'full but for one', Tags: { ...full({ owner: 'alice', last: 'x' }), last: 'x' } },
      { KeyId: 'ten and a system tag', Tags: { ...full({ owner: 'alice' }), 'acs:rds': 'x' } },
      { KeyId: 'not settable', Tags: { owner: 'Alice Ångström' } },
      { KeyId: 'not settable, same', Tags: { owner: 'Alice Ångström', team: 'Alice Ångström' } },
      { KeyId: 'long', Tags: { owner: 'x'.repeat(200) } },
      { KeyId: 'empty', Tags: { owner: '' } },
      { KeyId: 'without', Tags: { env: 'prod' } },
    ];
    const bench = await renamingBench(keys);
    const nine = Object.fromEntries(
      Object.entries(full({ owner: 'alice', last: 'x' })).filter(([key]) => key !== 'last'),
    );
    bench.emulator.removeTag('key', 'full but for one', 'last');
    const { plan, applied } = await planAndApply(bench, RENAME);
    expect(plan.structured['LeftOut']).toEqual([
      { ResourceId: 'conflict', Why: 'has "team" already, with another value' },
      { ResourceId: 'empty conflict', Why: 'has "team" already, with another value' },
      { ResourceId: 'full', Why: 'has 10 tags, and KMS allows 10' },
      { ResourceId: 'ten and a system tag', Why: 'has 10 tags, and KMS allows 10' },
      { ResourceId: 'not settable', Why: 'has a value of "owner" that KMS does not accept for a new tag' },
    ]);
    // The one that is not settable and there twice loses one of the two, which undo could not set again.
    expect(plan.structured).toMatchObject({ Selected: 12, Concerned: 7, NotRestorable: 1 });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 7, Verified: 7 });
    expect(bench.tags('plain')).toEqual({ team: 'alice' });
    expect(bench.tags('same already')).toEqual({ team: 'alice' });
    expect(bench.tags('full, same')).toEqual(
      Object.fromEntries(Object.entries(full({ owner: 'alice', team: 'alice' })).filter(([key]) => key !== 'owner')),
    );
    expect(bench.tags('full but for one')).toEqual({
      ...Object.fromEntries(Object.entries(nine).filter(([key]) => key !== 'owner')),
      team: 'alice',
    });
    expect(bench.tags('long')).toEqual({ team: 'x'.repeat(200) });
    expect(bench.tags('empty')).toEqual({ team: '' });
    expect(bench.tags('not settable, same')).toEqual({ team: 'Alice Ångström' });
    for (const id of ['conflict', 'empty conflict', 'full', 'ten and a system tag', 'not settable', 'without']) {
      expect(bench.tags(id)).toEqual(keys.find(({ KeyId }) => KeyId === id)?.Tags);
    }

    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Skipped: 1, Failed: 0 });
    expect(undo.structured['Details']).toEqual([
      { ResourceId: 'not settable, same', Why: '"owner" not accepted by KMS any more' },
    ]);
    for (const { KeyId, Tags } of keys) {
      if (KeyId === 'not settable, same' || KeyId === 'full but for one') continue;
      expect(bench.tags(KeyId)).toEqual(Tags);
    }
    expect(bench.tags('full but for one')).toEqual(nine);
    expect(bench.lost).toEqual([]);
  });

  it('moves several keys at once, together with a removal and a setting, as one change with one undo', async () => {
    const keys = account(60).map(({ KeyId, Tags }, index) => ({
      KeyId,
      Tags: { ...Tags, temp: 'x', 'cost center': `cc-${index % 3}`, stage: 'one' },
    }));
    const bench = await renamingBench(keys);
    const { applied } = await planAndApply(bench, {
      ResourceType: 'key',
      RenameTagKeys: [
        { From: 'owner', To: 'team' },
        { From: 'cost center', To: 'cost-center' },
      ],
      RemoveTagKeys: ['temp'],
      SetTags: [{ TagKey: 'stage', TagValue: 'two' }],
      Where: [{ TagKey: 'owner' }],
    });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 60, Verified: 60 });
    expect(bench.tags('key-4')).toEqual({ team: 'person-4', env: 'prod', 'cost-center': 'cc-1', stage: 'two' });
    // The key with a space cannot be set again, which the plan says.
    bench.handle((passing) => passing.forward());
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'partial', Skipped: 60 });
    expect(bench.lost).toEqual([]);
  });

  it('keeps a value that a colleague sets under the new key meanwhile, and the old one beside it', async () => {
    const keys = account(3);
    const bench = await renamingBench(keys);
    const plan = await bench.call('plan_change', RENAME);
    bench.emulator.setTag('key', 'key-1', 'team', 'theirs');
    const applied = await bench.call('apply_plan', { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') });
    expect(applied.structured).toMatchObject({ Status: 'partial', Changed: 2, ChangedSincePlan: 1 });
    expect(bench.tags('key-1')).toEqual({ owner: 'person-1', team: 'theirs', env: 'prod' });
    expect(bench.lost).toEqual([]);
  });

  it('of a secret keeps its value, too', async () => {
    const bench = await watchedBench({
      data: {
        secrets: [
          { SecretName: 'db/one', Tags: { owner: 'alice' } },
          { SecretName: 'db/two', Tags: { env: 'x' } },
        ],
      },
    });
    const seen: unknown[] = [];
    bench.between.handle(async (passing) => {
      const reply = await passing.forward();
      if (WRITES.has(passing.action)) seen.push(bench.emulator.tagsOf('secret', 'db/one'));
      return reply;
    });
    const { applied } = await planAndApply(bench, { ...RENAME, ResourceType: 'secret' });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 1 });
    await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    const both = { owner: 'alice', team: 'alice' };
    expect(seen).toEqual([both, { team: 'alice' }, both, { owner: 'alice' }]);
  });
});

import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { numberOf, planAndApply, textOf, type Workbench } from '../support/workbench.js';
import { workbenches } from './benches.js';
import { gatedBench, keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';

const open = workbenches();

async function untagAll(bench: Workbench): Promise<string> {
  return textOf((await planAndApply(bench, REMOVE_TEMP)).applied, 'ChangeId');
}

describe('undo_change of a bulk removal', () => {
  it('groups resources that get the same tags: fifty a request', async () => {
    const all = keyIds(1, 1_500);
    const bench = await open({ emulator: { keys: 1_500 } });
    const before = tagsOfAll(bench, all);
    const ChangeId = await untagAll(bench);
    const undo = await bench.call('undo_change', { ChangeId });
    expect(undo.structured).toMatchObject({
      Status: 'done',
      Restored: 1_500,
      Unchanged: 0,
      Skipped: 0,
      Failed: 0,
      Verified: 1_500,
    });
    expect(tagsOfAll(bench, all)).toEqual(before);
    // Twenty values of 75 resources each.
    expect(bench.emulator.count('TagResources')).toBeLessThanOrEqual(20 * 3);
  });

  it('leaves alone what somebody changed since, and says so', async () => {
    const bench = await open({ emulator: { keys: 100 } });
    const ChangeId = await untagAll(bench);
    bench.emulator.setTag('key', 'key-000007', 'temp', 'mine');
    const undo = await bench.call('undo_change', { ChangeId });
    expect(undo.structured).toMatchObject({ Restored: 99, Skipped: 1, Failed: 0 });
    expect(undo.structured['Details']).toEqual([{ ResourceId: 'key-000007', Why: '"temp" changed since' }]);
    expect(bench.emulator.tagsOf('key', 'key-000007')).toMatchObject({ temp: 'mine' });
  });

  it('can be repeated, and can itself be undone', async () => {
    const all = keyIds(1, 120);
    const bench = await open({ emulator: { keys: 120 } });
    const before = tagsOfAll(bench, all);
    const ChangeId = await untagAll(bench);
    const without = tagsOfAll(bench, all);
    const undo = await bench.call('undo_change', { ChangeId });
    const again = await bench.call('undo_change', { ChangeId });
    expect(again.structured).toMatchObject({ Status: 'done', Restored: 0, Unchanged: 120 });
    expect(again.text).toContain('Nothing was changed.');
    await bench.call('undo_change', { ChangeId: textOf(undo, 'ChangeId') });
    expect(tagsOfAll(bench, all)).toEqual(without);
    await bench.call('undo_change', { ChangeId });
    expect(tagsOfAll(bench, all)).toEqual(before);
  });

  it.each([['reset-after'], ['reset']] as const)(
    'that loses its connection on the way (%s) says what it did',
    async (fate) => {
      const all = keyIds(1, 1_500);
      const bench = await gatedBench({ keys: 1_500 });
      const before = tagsOfAll(bench, all);
      const ChangeId = await untagAll(bench);
      let writes = 0;
      bench.gate.setFate(({ action }) => {
        if (action === 'TagResources') writes += 1;
        return writes > 12 ? fate : 'pass';
      });
      const first = await bench.call('undo_change', { ChangeId });
      expect(first.isError).toBe(false);
      expect(first.text).not.toContain('Nothing was changed');
      const restored = stillTagged(bench, all).length;
      expect(restored).toBeGreaterThan(0);
      expect(first.structured).toMatchObject({ Status: 'partial', Failed: 0 });
      expect(numberOf(first, 'Restored')).toBeLessThanOrEqual(restored);
      expect(numberOf(first, 'Restored') + numberOf(first, 'Unknown')).toBeGreaterThanOrEqual(restored);
      expect(numberOf(first, 'Restored') + numberOf(first, 'Unknown') + numberOf(first, 'NotAttempted')).toBe(1_500);
      bench.gate.setFate(() => 'pass');
      const second = await bench.call('undo_change', { ChangeId });
      expect(second.structured).toMatchObject({ Status: 'done', Restored: 1_500 - restored, Unchanged: restored });
      expect(tagsOfAll(bench, all)).toEqual(before);
    },
  );

  it('that cannot read any more after the first step says what it did', async () => {
    const all = keyIds(1, 2_500);
    const bench = await gatedBench({ keys: 2_500 });
    const ChangeId = await untagAll(bench);
    let writes = 0;
    bench.gate.setFate(({ action }) => {
      if (action === 'TagResources') writes += 1;
      return writes > 0 && action === 'ListTagResources' ? { deny: 'Forbidden.NoPermission', status: 403 } : 'pass';
    });
    const undo = await bench.call('undo_change', { ChangeId });
    expect(undo.isError).toBe(false);
    expect(undo.text).not.toContain('Nothing was changed');
    expect(undo.structured).toMatchObject({ Status: 'partial', Failed: 0, Unknown: 0 });
    expect(numberOf(undo, 'Restored')).toBe(stillTagged(bench, all).length);
    expect(numberOf(undo, 'Restored') + numberOf(undo, 'NotAttempted')).toBe(2_500);
  });

  const twoTags = [
    { TagKey: 'temp', TagValue: 'other' },
    { TagKey: 'new', TagValue: 'x' },
  ];

  it('of one resource that takes a setting and a removal, of which the second is refused, says that a part was done', async () => {
    const bench = await gatedBench({ keys: 1 });
    const before = tagsOfAll(bench, keyIds(1, 1));
    const set = await bench.call('tag_resource', { KeyId: 'key-000001', Tags: twoTags });
    bench.gate.setFate(({ action }) =>
      action === 'UntagResource' ? { deny: 'Forbidden.NoPermission', status: 403 } : 'pass',
    );
    const undo = await bench.call('undo_change', { ChangeId: textOf(set, 'ChangeId') });
    expect(bench.emulator.tagsOf('key', 'key-000001')).toMatchObject({ temp: 'temp-01', new: 'x' });
    expect(undo.structured).toMatchObject({ Status: 'partial', Restored: 0, Failed: 2 });
    expect(undo.text).not.toContain('Nothing was changed');
    bench.gate.setFate(() => 'pass');
    await bench.call('undo_change', { ChangeId: textOf(undo, 'ChangeId') });
    expect(bench.emulator.tagsOf('key', 'key-000001')).toMatchObject({ temp: 'other', new: 'x' });
    await bench.call('undo_change', { ChangeId: textOf(set, 'ChangeId') });
    expect(tagsOfAll(bench, keyIds(1, 1))).toEqual(before);
  });

  it('of one resource whose setting is refused removes nothing either, and says so', async () => {
    const bench = await gatedBench({ keys: 1 });
    const set = await bench.call('tag_resource', { KeyId: 'key-000001', Tags: twoTags });
    bench.gate.setFate(({ action }) =>
      action === 'TagResource' ? { deny: 'Forbidden.NoPermission', status: 403 } : 'pass',
    );
    const undo = await bench.call('undo_change', { ChangeId: textOf(set, 'ChangeId') });
    expect(bench.emulator.tagsOf('key', 'key-000001')).toMatchObject({ temp: 'other', new: 'x' });
    expect(undo.text).toMatch(/^Forbidden\.NoPermission: /);
    expect(undo.text).toContain('Nothing was changed.');
    expect(undo.structured).toMatchObject({ Status: 'nothing_done', Restored: 0, Failed: 2 });
  });

  it('does not bring back what the change never sent a request for', async () => {
    let late = 0;
    const clock = { ...systemClock, now: Date.now, elapsed: () => performance.now() + late };
    const bench = await gatedBench({ keys: 100 }, { clock });
    bench.gate.setFate(({ action, parameters }) => {
      if (action !== 'UntagResources' || [...parameters.values()].includes('key-000001')) return 'pass';
      late += 5_000;
      return { deny: 'Rejected.Throttling', status: 429 };
    });
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(applied.structured).toMatchObject({ Status: 'partial', Changed: 50, NotAttempted: 50 });
    // Removed by a colleague since: nothing of ours to bring back.
    bench.emulator.removeTag('key', 'key-000100', 'temp');
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 50 });
    expect(stillTagged(bench, keyIds(1, 100))).toEqual(keyIds(1, 99));
  });

  it('looks at what KMS refused, too: an answer says what somebody thought, not what is there', async () => {
    const bench = await gatedBench({ keys: 100 });
    bench.gate.setFate(({ action, parameters }) =>
      action === 'UntagResources' && [...parameters.values()].includes('key-000001')
        ? { deny: 'Forbidden.NoPermission', status: 403 }
        : 'pass',
    );
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(applied.structured).toMatchObject({ Status: 'partial', Changed: 99, Failed: 1 });
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 99, Unchanged: 1 });
    expect(stillTagged(bench, keyIds(1, 100))).toHaveLength(100);
  });

  it('restores a part of it: some resources, some tag keys, and the rest later', async () => {
    const all = keyIds(1, 60);
    const bench = await open({ emulator: { keys: 60 } });
    const before = tagsOfAll(bench, all);
    const { applied } = await planAndApply(bench, { ...REMOVE_TEMP, RemoveTagKeys: ['temp', 'env'] });
    const ChangeId = textOf(applied, 'ChangeId');
    const one = await bench.call('undo_change', { ChangeId, ResourceIds: ['key-000007'], TagKeys: ['env'] });
    expect(one.structured).toMatchObject({ Status: 'done', Restored: 1, Verified: 1 });
    expect(bench.emulator.tagsOf('key', 'key-000007')).toHaveProperty('env');
    expect(stillTagged(bench, all)).toEqual([]);
    const temp = await bench.call('undo_change', { ChangeId, TagKeys: ['temp'] });
    expect(temp.structured).toMatchObject({ Status: 'done', Restored: 60, Verified: 60 });
    const rest = await bench.call('undo_change', { ChangeId });
    expect(rest.structured).toMatchObject({ Status: 'done', Restored: 59, Unchanged: 61 });
    expect(tagsOfAll(bench, all)).toEqual(before);
    const none = await bench.call('undo_change', { ChangeId, ResourceIds: ['key-000061'] });
    expect(none.text).toMatch(/^INVALID_ARGUMENT: .*Nothing was changed\./);
  });
});

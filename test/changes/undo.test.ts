import { describe, expect, it } from 'vitest';
import { numberOf, textOf, type Workbench } from '../support/workbench.js';
import { workbenches } from './benches.js';
import { gatedBench, keyIds, stillTagged, tagsOfAll } from './gated.js';

const open = workbenches();
const tagged = { ResourceType: 'key', TagKeys: ['temp'], WithTagKey: 'temp' };

async function untagAll(bench: Workbench): Promise<string> {
  const plan = await bench.call('untag_resources', tagged);
  return textOf(await bench.call('untag_resources', { ...tagged, PlanToken: textOf(plan, 'PlanToken') }), 'ChangeId');
}

describe('undo_change of a bulk removal', () => {
  it('groups resources that get the same tags: fifty a request', async () => {
    const all = keyIds(1, 1_500);
    const bench = await open({ emulator: { keys: 1_500 } });
    const before = tagsOfAll(bench, all);
    const ChangeId = await untagAll(bench);
    const undo = await bench.call('undo_change', { ChangeId });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 1_500, Unchanged: 0, Skipped: 0, Failed: 0 });
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

  it('of one resource that takes a removal and a setting, of which one is refused, says that a part was done', async () => {
    const bench = await gatedBench({ keys: 1 });
    const Tags = [
      { TagKey: 'temp', TagValue: 'other' },
      { TagKey: 'new', TagValue: 'x' },
    ];
    const set = await bench.call('tag_resource', { KeyId: 'key-000001', Tags });
    bench.gate.setFate(({ action }) =>
      action === 'TagResource' ? { deny: 'Forbidden.NoPermission', status: 403 } : 'pass',
    );
    const undo = await bench.call('undo_change', { ChangeId: textOf(set, 'ChangeId') });
    expect(bench.emulator.tagsOf('key', 'key-000001')).toMatchObject({ temp: 'other' });
    expect(bench.emulator.tagsOf('key', 'key-000001')).not.toHaveProperty('new');
    expect(undo.structured).toMatchObject({ Status: 'partial', Restored: 0, Failed: 1 });
    expect(undo.text).not.toContain('Nothing was changed');
    bench.gate.setFate(() => 'pass');
    await bench.call('undo_change', { ChangeId: textOf(undo, 'ChangeId') });
    expect(bench.emulator.tagsOf('key', 'key-000001')).toMatchObject({ temp: 'other', new: 'x' });
  });

  it('does not bring back what the change itself never took', async () => {
    const bench = await gatedBench({ keys: 100 });
    bench.gate.setFate(({ action, parameters }) =>
      action === 'UntagResources' && [...parameters.values()].includes('key-000001')
        ? { deny: 'Forbidden.NoPermission', status: 403 }
        : 'pass',
    );
    const ChangeId = await untagAll(bench);
    bench.emulator.removeTag('key', 'key-000001', 'temp');
    const undo = await bench.call('undo_change', { ChangeId });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 99 });
    expect(stillTagged(bench, keyIds(1, 100))).toEqual(keyIds(2, 100));
  });
});

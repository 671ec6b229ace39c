import { describe, expect, it } from 'vitest';
import { callV1 } from '../emulator/raw-client.js';
import { addedUp, planAndApply, textOf } from '../support/workbench.js';
import { workbenches } from './benches.js';
import { keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';

const open = workbenches();

describe('with others at the same quota', () => {
  it('a run is throttled, slows down, settles, and finishes; so does its undo', { timeout: 60_000 }, async () => {
    const all = keyIds(1, 1_000);
    const bench = await open({ emulator: { keys: 1_000, quota: true }, paced: true, rpc: {} });
    const before = tagsOfAll(bench, all);
    let isBusy = true;
    let theirs = 0;
    const others = (async () => {
      while (isBusy) {
        // Half of the reads and of the writes of the account, in bursts, and never politely.
        const mine = { KeyId: 'key-000001', TagKeys: '["nothing"]' };
        await Promise.all([
          ...Array.from({ length: 4 }, () => callV1(bench.emulator, 'UntagResource', mine)),
          ...Array.from({ length: 6 }, () => callV1(bench.emulator, 'DescribeKey', mine)),
        ]);
        theirs += 10;
        await new Promise((resolve) => {
          setTimeout(resolve, 250);
        });
      }
    })();
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 1_000, Verified: 1_000 });
    expect(addedUp(applied)).toBe(1_000);
    expect(stillTagged(bench, all)).toEqual([]);
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    isBusy = false;
    await others;
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 1_000, Verified: 1_000 });
    expect(tagsOfAll(bench, all)).toEqual(before);
    expect(theirs).toBeGreaterThan(0);
  });
});

describe('a service that is busy for long', () => {
  it.each([
    ['while the tags are read', 'ListTagResources'],
    ['while they are removed', 'UntagResources'],
  ])('%s is asked again until it has time', async (_, action) => {
    const bench = await open({ emulator: { keys: 300 } });
    bench.emulator.setFaults({ actions: [action], script: Array.from({ length: 23 }, () => 'throttle429' as const) });
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 300, Failed: 0 });
  });

  it('while the tags are set is asked again until it has time', async () => {
    const bench = await open({ emulator: { keys: 300 } });
    const script = Array.from({ length: 23 }, () => 'throttle400' as const);
    bench.emulator.setFaults({ actions: ['TagResources'], script });
    const { applied } = await planAndApply(bench, {
      ResourceType: 'key',
      RenameTagKeys: [{ From: 'temp', To: 'tmp' }],
      Where: [{ TagKey: 'temp' }],
    });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 300, Verified: 300, Failed: 0 });
  });
});

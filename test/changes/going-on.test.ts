import { describe, expect, it, vi } from 'vitest';
import { RUN_MS } from '../../src/mcp/call.js';
import { addedUp, numberOf, textOf, type Workbench } from '../support/workbench.js';
import { workbenches } from './benches.js';
import { gatedBench, keyIds, stillTagged, tagsOfAll } from './gated.js';

const open = workbenches();
const tagged = { ResourceType: 'key', TagKeys: ['temp'], WithTagKey: 'temp' };

/** A clock that stands still until `writes` removals were asked for, and then shows that time is up. */
async function benchOutOfTimeAfter(writes: number, keys: number) {
  let late = 0;
  let asked = 0;
  const bench = await gatedBench({ keys }, { now: () => Date.now() + late });
  bench.gate.setFate(({ action }) => {
    if (action === 'UntagResources') asked += 1;
    if (asked === writes) late = RUN_MS;
    return 'pass';
  });
  return { bench, inTime: () => (late = 0) };
}

describe('a run that is out of time', () => {
  it.each([
    ['by tag', tagged],
    ['by id', { ResourceType: 'key', TagKeys: ['temp'], ResourceIds: keyIds(1, 1_000).reverse() }],
  ])('stops cleanly, and goes on with a fresh token: %s', async (_, args) => {
    const all = keyIds(1, 1_000);
    const { bench, inTime } = await benchOutOfTimeAfter(3, 1_000);
    const before = tagsOfAll(bench, all);
    const plan = await bench.call('untag_resources', args);
    const first = await bench.call('untag_resources', { ...args, PlanToken: textOf(plan, 'PlanToken') });
    expect(first.isError).toBe(false);
    expect(first.structured).toMatchObject({ Status: 'partial', Selected: 1_000, Failed: 0, Unknown: 0 });
    expect(addedUp(first)).toBe(1_000);
    // Eight parts were under way when time ran out, and were seen through.
    expect(numberOf(first, 'Removed')).toBeGreaterThanOrEqual(150);
    expect(numberOf(first, 'Removed')).toBeLessThanOrEqual(550);
    expect(first.text).toContain('For the rest, repeat the call with PlanToken');
    expect(stillTagged(bench, all)).toHaveLength(numberOf(first, 'NotAttempted'));

    inTime();
    const doneIds = new Set(all.filter((id) => !stillTagged(bench, [id]).includes(id)));
    const requestsBefore = bench.emulator.requests.length;
    const second = await bench.call('untag_resources', { ...args, PlanToken: textOf(first, 'PlanToken') });
    expect(second.structured).toMatchObject({
      Status: 'done',
      Removed: numberOf(first, 'NotAttempted'),
      Selected: numberOf(first, 'NotAttempted'),
    });
    expect(stillTagged(bench, all)).toEqual([]);
    const named = bench.emulator.requests
      .slice(requestsBefore)
      .flatMap(({ parameters }) => Object.entries(parameters))
      .filter(([name, value]) => name.startsWith('ResourceId.') && doneIds.has(value));
    expect(named).toEqual([]);

    for (const run of [first, second]) {
      const undo = await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
      expect(undo.structured).toMatchObject({ Status: 'done', Restored: numberOf(run, 'Removed') });
    }
    expect(tagsOfAll(bench, all)).toEqual(before);
  });

  it('does not take the fresh token for what changed meanwhile', async () => {
    const { bench, inTime } = await benchOutOfTimeAfter(1, 1_000);
    const plan = await bench.call('untag_resources', tagged);
    const first = await bench.call('untag_resources', { ...tagged, PlanToken: textOf(plan, 'PlanToken') });
    inTime();
    bench.emulator.setTag('key', 'key-001000', 'temp', 'precious');
    const second = await bench.call('untag_resources', { ...tagged, PlanToken: textOf(first, 'PlanToken') });
    expect(second.text).toMatch(/^CHANGED_SINCE_PREVIEW: /);
    expect(stillTagged(bench, keyIds(1, 1_000))).toHaveLength(numberOf(first, 'NotAttempted'));
  });

  it('before it began is no error: the token it gives serves', async () => {
    let late = 0;
    const bench = await gatedBench({ keys: 100 }, { now: () => Date.now() + late });
    const plan = await bench.call('untag_resources', tagged);
    bench.gate.setFate(({ action }) => {
      if (action === 'ListTagResources') late = RUN_MS;
      return 'pass';
    });
    const first = await bench.call('untag_resources', { ...tagged, PlanToken: textOf(plan, 'PlanToken') });
    expect(first.isError).toBe(false);
    expect(first.structured).toMatchObject({ Status: 'nothing_done', Selected: 100, NotAttempted: 100 });
    expect(first.text).toContain('Nothing was changed');
    bench.gate.setFate(() => 'pass');
    late = 0;
    const second = await bench.call('untag_resources', { ...tagged, PlanToken: textOf(first, 'PlanToken') });
    expect(second.structured).toMatchObject({ Status: 'done', Removed: 100 });
  });

  it('counts ids that do not exist once, in the call that passes them', async () => {
    const { bench, inTime } = await benchOutOfTimeAfter(1, 1_000);
    const args = { ResourceType: 'key', TagKeys: ['temp'], ResourceIds: ['key-0', ...keyIds(1, 1_000), 'key-z'] };
    const plan = await bench.call('untag_resources', args);
    const first = await bench.call('untag_resources', { ...args, PlanToken: textOf(plan, 'PlanToken') });
    expect(addedUp(first)).toBe(1_002);
    inTime();
    const second = await bench.call('untag_resources', { ...args, PlanToken: textOf(first, 'PlanToken') });
    expect(second.structured).toMatchObject({ Status: 'partial', Failed: 1, NotAttempted: 0 });
    expect(second.structured['Failures']).toEqual([{ ResourceId: 'key-z', Code: 'InvalidResourceId.NotFound' }]);
    expect(numberOf(first, 'Removed') + numberOf(second, 'Removed')).toBe(1_000);
  });
});

describe('a client that cancels', () => {
  it('stops the run between parts; the journal tells, undo restores, and a new call finishes', async () => {
    const all = keyIds(1, 3_000);
    const bench = await gatedBench({ keys: 3_000 });
    const before = tagsOfAll(bench, all);
    const plan = await bench.call('untag_resources', tagged);
    const cancel = new AbortController();
    let asked = 0;
    bench.gate.setFate(({ action }) => {
      if (action === 'UntagResources') asked += 1;
      if (asked === 5) cancel.abort('enough');
      return 'pass';
    });
    const run = bench.call(
      'untag_resources',
      { ...tagged, PlanToken: textOf(plan, 'PlanToken') },
      { signal: cancel.signal },
    );
    await expect(run).rejects.toThrow();
    const [change] = await until(async () => {
      const changes = await changesOf(bench);
      return changes[0]?.['State'] === 'running' ? undefined : changes;
    });
    expect(change).toMatchObject({ State: 'partial', Resources: 3_000 });
    // What was under way is seen through; nothing new is begun.
    expect(asked).toBeLessThanOrEqual(5 + 8);
    const left = stillTagged(bench, all).length;
    expect(left).toBe(3_000 - asked * 50);

    const rest = await bench.call('untag_resources', tagged);
    const second = await bench.call('untag_resources', { ...tagged, PlanToken: textOf(rest, 'PlanToken') });
    expect(second.structured).toMatchObject({ Status: 'done', Removed: left });
    for (const id of [textOf(second, 'ChangeId'), String(change?.['ChangeId'])]) {
      expect((await bench.call('undo_change', { ChangeId: id })).structured).toMatchObject({ Status: 'done' });
    }
    expect(tagsOfAll(bench, all)).toEqual(before);
  });

  it('while the tags are being read changes nothing', async () => {
    const bench = await gatedBench({ keys: 500 });
    const cancel = new AbortController();
    bench.gate.setFate(() => {
      cancel.abort();
      return 'stall';
    });
    await expect(bench.call('untag_resources', tagged, { signal: cancel.signal })).rejects.toThrow();
    expect(await changesOf(bench)).toEqual([]);
  });
});

describe('progress', () => {
  it('only grows, and says how many are through', async () => {
    const bench = await open({ emulator: { keys: 2_000 }, paced: true });
    const plan = await bench.call('untag_resources', tagged);
    const told: { progress: number; total?: number | undefined; message?: string | undefined }[] = [];
    await bench.call(
      'untag_resources',
      { ...tagged, PlanToken: textOf(plan, 'PlanToken') },
      { onprogress: (progress) => told.push(progress) },
    );
    expect(told.length).toBeGreaterThanOrEqual(2);
    // Twice a second at most, however fast the parts end.
    expect(told.length).toBeLessThanOrEqual(8);
    expect(told.at(-1)?.message).toMatch(/^\d+ of 2,000 keys$/);
    for (const [index, { progress }] of told.entries()) {
      expect(progress).toBeGreaterThan(told[index - 1]?.progress ?? 0);
      expect(progress).toBeLessThan(2_001);
    }
  });

  it('beats while nothing new is to be told, also through a long reading', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const bench = await gatedBench({ keys: 500 });
      const told: number[] = [];
      let asked = 0;
      bench.gate.setFate(() => {
        asked += 1;
        // Six long silences: four while the tags are read, two while they are written.
        if (asked <= 6) vi.advanceTimersByTime(10_000);
        return 'pass';
      });
      const onprogress = ({ progress }: { progress: number }) => told.push(progress);
      const plan = await bench.call('untag_resources', tagged, { onprogress });
      expect(told).toEqual([0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009, 0.01, 0.011, 0.012]);
      asked = 0;
      told.length = 0;
      await bench.call('untag_resources', { ...tagged, PlanToken: textOf(plan, 'PlanToken') }, { onprogress });
      expect(told.length).toBeGreaterThanOrEqual(12);
      expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
    } finally {
      vi.useRealTimers();
    }
  });
});

async function changesOf(bench: Workbench): Promise<Record<string, unknown>[]> {
  const { structured } = await bench.call('list_changes', {});
  return Array.isArray(structured['Changes']) ? structured['Changes'] : [];
}

async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  for (let tries = 0; tries < 200; tries += 1) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  throw new Error('it never came');
}

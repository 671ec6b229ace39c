import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { RUN_MS } from '../../src/mcp/call.js';
import { addedUp, numberOf, planAndApply, textOf, type Workbench } from '../support/workbench.js';
import { workbenches } from './benches.js';
import { gatedBench, keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';

const open = workbenches();

/** A clock that goes on as usual until `writes` removals were asked for, and then shows that time is up. */
async function benchOutOfTimeAfter(writes: number, keys: number) {
  let late = 0;
  let asked = 0;
  const clock = { ...systemClock, now: Date.now, elapsed: () => performance.now() + late };
  const bench = await gatedBench({ keys }, { clock });
  bench.gate.setFate(({ action }) => {
    if (action === 'UntagResources') asked += 1;
    if (asked === writes) late = RUN_MS;
    return 'pass';
  });
  return { bench, inTime: () => (late = 0) };
}

/** The plan that an answer gives for what is left. */
function next(answer: Parameters<typeof textOf>[0]) {
  return { PlanId: textOf(answer, 'PlanId'), Change: textOf(answer, 'Change') };
}

describe('a run that is out of time', () => {
  it.each([
    ['by tag', REMOVE_TEMP],
    ['by id', { ResourceType: 'key', RemoveTagKeys: ['temp'], ResourceIds: keyIds(1, 1_000).reverse() }],
  ])('stops cleanly, and goes on with a plan of its own for the rest: %s', async (_, args) => {
    const all = keyIds(1, 1_000);
    const { bench, inTime } = await benchOutOfTimeAfter(3, 1_000);
    const before = tagsOfAll(bench, all);
    const { applied: first } = await planAndApply(bench, args);
    expect(first.isError).toBe(false);
    expect(first.structured).toMatchObject({ Status: 'partial', Failed: 0, Unknown: 0 });
    expect(addedUp(first)).toBe(1_000);
    // Eight parts were under way when time ran out, and were seen through.
    expect(numberOf(first, 'Changed')).toBeGreaterThanOrEqual(150);
    expect(numberOf(first, 'Changed')).toBeLessThanOrEqual(550);
    const left = numberOf(first, 'NotAttempted');
    expect(first.text).toContain(`For the rest call apply_plan with PlanId ${textOf(first, 'PlanId')}`);
    expect(textOf(first, 'Change')).toContain(`from ${left} keys in cn-hangzhou`);
    expect(stillTagged(bench, all)).toHaveLength(left);

    inTime();
    const doneIds = new Set(all.filter((id) => !stillTagged(bench, [id]).includes(id)));
    const requestsBefore = bench.emulator.requests.length;
    const second = await bench.call('apply_plan', next(first));
    expect(second.structured).toMatchObject({ Status: 'done', Changed: left });
    expect(stillTagged(bench, all)).toEqual([]);
    const named = bench.emulator.requests
      .slice(requestsBefore)
      .flatMap(({ parameters }) => Object.entries(parameters))
      .filter(([name, value]) => name.startsWith('ResourceId.') && doneIds.has(value));
    expect(named).toEqual([]);

    for (const run of [first, second]) {
      const undo = await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
      expect(undo.structured).toMatchObject({ Status: 'done', Restored: numberOf(run, 'Changed') });
    }
    expect(tagsOfAll(bench, all)).toEqual(before);
  });

  it('leaves alone in the next call what changed meanwhile', async () => {
    const { bench, inTime } = await benchOutOfTimeAfter(1, 1_000);
    const { applied: first } = await planAndApply(bench, REMOVE_TEMP);
    inTime();
    // The last of those that carry the first value: some other part may have reached the last of all.
    const waiting = stillTagged(bench, keyIds(1, 1_000)).at(-1) ?? '';
    bench.emulator.setTag('key', waiting, 'temp', 'precious');
    const second = await bench.call('apply_plan', next(first));
    expect(second.structured).toMatchObject({ Status: 'partial', ChangedSincePlan: 1, NotAttempted: 0 });
    expect(numberOf(second, 'Changed')).toBe(numberOf(first, 'NotAttempted') - 1);
    expect(stillTagged(bench, keyIds(1, 1_000))).toEqual([waiting]);
    expect(bench.emulator.tagsOf('key', waiting)).toMatchObject({ temp: 'precious' });
  });

  it('before it began is no error: the plan for the rest serves', async () => {
    const planner = await open({ emulator: { keys: 100 } });
    const plan = await planner.call('plan_change', REMOVE_TEMP);
    let isSlow = true;
    // Looking up whose account it is took all the time that there is.
    const elapsed = () => performance.now() + (isSlow && planner.emulator.count('GetCallerIdentity') > 1 ? RUN_MS : 0);
    const bench = await open({
      emulator: planner.emulator,
      stateDirectory: planner.stateDirectory,
      clock: { ...systemClock, now: Date.now, elapsed },
    });
    const first = await bench.call('apply_plan', next(plan));
    expect(first.isError).toBe(false);
    expect(first.structured).toMatchObject({ Status: 'nothing_done', Changed: 0, NotAttempted: 100 });
    expect(first.text).toContain('Nothing was changed');
    expect(bench.emulator.count('UntagResources')).toBe(0);
    isSlow = false;
    const second = await bench.call('apply_plan', next(first));
    expect(second.structured).toMatchObject({ Status: 'done', Changed: 100 });
  });

  it('counts ids that do not exist in the plan, and in no call after it', async () => {
    const { bench, inTime } = await benchOutOfTimeAfter(1, 1_000);
    const ResourceIds = ['key-0', ...keyIds(1, 1_000), 'key-z'];
    const { plan, applied: first } = await planAndApply(bench, {
      ResourceType: 'key',
      RemoveTagKeys: ['temp'],
      ResourceIds,
    });
    expect(plan.structured).toMatchObject({ Selected: 1_000, Concerned: 1_000 });
    expect(plan.structured['LeftOut']).toHaveLength(2);
    expect(addedUp(first)).toBe(1_000);
    inTime();
    const second = await bench.call('apply_plan', next(first));
    expect(second.structured).toMatchObject({ Status: 'done', Failed: 0, NotAttempted: 0 });
    expect(second.structured['Failures']).toBeUndefined();
    expect(numberOf(first, 'Changed') + numberOf(second, 'Changed')).toBe(1_000);
  });

  it('in an undo stops as cleanly, and a repeated undo goes on', async () => {
    const all = keyIds(1, 1_000);
    let late = 0;
    let asked = 0;
    const bench = await gatedBench(
      { keys: 1_000 },
      { clock: { ...systemClock, now: Date.now, elapsed: () => performance.now() + late } },
    );
    const before = tagsOfAll(bench, all);
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    bench.gate.setFate(({ action }) => {
      if (action === 'TagResources') asked += 1;
      if (asked === 3) late = RUN_MS;
      return 'pass';
    });
    const ChangeId = textOf(applied, 'ChangeId');
    const first = await bench.call('undo_change', { ChangeId });
    const restored = numberOf(first, 'Restored');
    expect(first.structured).toMatchObject({
      Status: 'partial',
      Failed: 0,
      Unknown: 0,
      NotAttempted: 1_000 - restored,
    });
    expect(stillTagged(bench, all)).toHaveLength(restored);
    expect(restored).toBeLessThanOrEqual(550);
    late = 0;
    const second = await bench.call('undo_change', { ChangeId });
    expect(second.structured).toMatchObject({ Status: 'done', Restored: 1_000 - restored, Unchanged: restored });
    expect(tagsOfAll(bench, all)).toEqual(before);
  });
});

describe('a client that cancels', () => {
  it('stops the run between parts; the journal tells, undo restores, and a new call finishes', async () => {
    const all = keyIds(1, 3_000);
    const bench = await gatedBench({ keys: 3_000 });
    const before = tagsOfAll(bench, all);
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    const cancel = new AbortController();
    let asked = 0;
    bench.gate.setFate(({ action }) => {
      if (action === 'UntagResources') asked += 1;
      if (asked === 5) cancel.abort('enough');
      return 'pass';
    });
    const run = bench.call('apply_plan', next(plan), { signal: cancel.signal });
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

    const { applied: second } = await planAndApply(bench, REMOVE_TEMP);
    expect(second.structured).toMatchObject({ Status: 'done', Changed: left });
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
    await expect(bench.call('plan_change', REMOVE_TEMP, { signal: cancel.signal })).rejects.toThrow();
    expect(await changesOf(bench)).toEqual([]);
  });
});

describe('progress', () => {
  it('only grows, and says how many are through', async () => {
    const bench = await open({ emulator: { keys: 2_000 }, paced: true });
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    const told: { progress: number; total?: number | undefined; message?: string | undefined }[] = [];
    await bench.call('apply_plan', next(plan), { onprogress: (progress) => told.push(progress) });
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
      const plan = await bench.call('plan_change', REMOVE_TEMP, { onprogress });
      expect(told).toEqual([0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009, 0.01, 0.011, 0.012]);
      asked = 0;
      told.length = 0;
      await bench.call('apply_plan', next(plan), { onprogress });
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

import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { type Answer, addedUp, numberOf, planAndApply, textOf, type Workbench } from '../support/workbench.js';
import { workbenches } from './benches.js';
import { keyIds, tagsOfAll } from './gated.js';
import { WRITES, watchedBench } from './watched.js';

const open = workbenches();

/**
 * 41,600 keys of ten tags took two calls of 46 s each that read and wrote nothing. This is the same account and the same
 * time, both divided: so many keys, and a clock that is so much faster. `KMS_TAGS_SCALE=1` plays it whole.
 */
const SCALE = Number(process.env['KMS_TAGS_SCALE'] ?? 32);
const KEYS = Math.ceil(41_600 / SCALE);
const TEN = ['temp', 'env', 'owner', 'a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** A clock whose time passes faster from a moment on. */
function hurryingClock(): Clock & { hurry(times: number): void } {
  let speed = 1;
  let since = performance.now();
  let before = 0;
  const elapsed = (): number => before + (performance.now() - since) * speed;
  return {
    now: Date.now,
    elapsed,
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
    hurry(times) {
      before = elapsed();
      since = performance.now();
      speed = times;
    },
  };
}

function keysOfTenTags() {
  return keyIds(1, KEYS).map((KeyId, index) => ({
    KeyId,
    Tags: Object.fromEntries(TEN.map((key) => [key, `${key}-${index % 9}`])),
  }));
}

async function applyAll(bench: Pick<Workbench, 'call'>, plan: Answer): Promise<readonly Answer[]> {
  const runs: Answer[] = [];
  let next = plan;
  while (next.structured['PlanId'] !== undefined && runs.length < 50) {
    next = await bench.call('apply_plan', { PlanId: textOf(next, 'PlanId'), Change: textOf(next, 'Change') });
    runs.push(next);
  }
  return runs;
}

describe('an account that one call cannot read, write and read back', () => {
  it(`is changed part by part, at KMS's quota: each call gets on (1/${SCALE} of 41,600 keys of ten tags)`, {
    timeout: 60_000 + 600_000 / SCALE,
  }, async () => {
    const clock = hurryingClock();
    const bench = await open({ emulator: { data: { keys: keysOfTenTags() }, quota: true }, paced: true, clock });
    const before = tagsOfAll(bench, keyIds(1, KEYS));
    const args = { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] };
    const plan = await bench.call('plan_change', args);
    expect(plan.structured).toMatchObject({ Concerned: KEYS });
    const runs = await applyAll(bench, plan);
    // The first call already writes, and none is spent on reading alone.
    for (const run of runs) expect(numberOf(run, 'Changed')).toBeGreaterThan(0);
    expect(runs.reduce((sum, run) => sum + numberOf(run, 'Changed'), 0)).toBe(KEYS);
    expect(runs.at(-1)?.structured).toMatchObject({ Status: 'done', NotAttempted: 0 });
    for (const run of runs) {
      const ChangeId = textOf(run, 'ChangeId');
      for (let left = 1, calls = 0; left > 0 && calls < 20; calls += 1) {
        left = numberOf(await bench.call('undo_change', { ChangeId }), 'NotAttempted');
      }
    }
    expect(tagsOfAll(bench, keyIds(1, KEYS))).toEqual(before);
  });

  it.each([
    ['reading', (action: string) => action === 'ListTagResources'],
    ['writing', (action: string) => WRITES.has(action)],
  ])('is changed part by part where %s is slow', async (_, isSlow) => {
    const clock = hurryingClock();
    const bench = await watchedBench({ keys: 2_000 }, { clock });
    const args = { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] };
    const plan = await bench.call('plan_change', args);
    clock.hurry(40);
    const order: string[] = [];
    bench.between.handle(async (passing) => {
      order.push(passing.action);
      // 10 s each, to the server.
      if (isSlow(passing.action)) {
        await new Promise((resolve) => {
          setTimeout(resolve, 250);
        });
      }
      return passing.forward();
    });
    const first = await bench.call('apply_plan', { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') });
    expect(addedUp(first)).toBe(2_000);
    expect(first.structured).toMatchObject({ Status: 'partial', Failed: 0 });
    expect(numberOf(first, 'Changed')).toBeGreaterThan(0);
    // Eight parts are read at once, and the first of them is written before the ninth is read.
    expect(order.slice(0, 9)).toContain('UntagResources');
    bench.between.handle((passing) => passing.forward());
    clock.hurry(1);
    const runs = [first, ...(await applyAll(bench, first))];
    expect(runs.reduce((sum, run) => sum + numberOf(run, 'Changed') + numberOf(run, 'Unknown'), 0)).toBe(2_000);
  });

  it('tells of its progress as parts are done, not only at the end', async () => {
    const bench = await watchedBench({ keys: 1_000 });
    const told: (string | undefined)[] = [];
    bench.between.handle(async (passing) => {
      if (WRITES.has(passing.action)) {
        await new Promise((resolve) => {
          setTimeout(resolve, 200);
        });
      }
      return passing.forward();
    });
    const args = { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] };
    await planAndApply(bench, args, { onprogress: ({ message }) => told.push(message) });
    // Twice a second at most, while eight parts of fifty take a fifth of one.
    expect(told.length).toBeGreaterThan(0);
    expect(told).not.toContain('1000 of 1,000 keys');
    for (const message of told) expect(message).toMatch(/^[1-9]\d* of 1,000 keys$/);
  });
});

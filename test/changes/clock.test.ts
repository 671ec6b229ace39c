import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { CALL_DEADLINE_MS } from '../../src/mcp/call.js';
import { kmsErrorOf } from '../support/intermediary.js';
import { planAndApply, textOf } from '../support/workbench.js';
import { keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';
import { WRITES, watchedBench } from './watched.js';

const HOUR_MS = 3_600_000;
/** A call's 52 seconds pass in half of one. */
const SPEED = 50;

/** A clock that somebody can set; durations go on as they were, only faster. */
function settableClock(): Clock & { set(ms: number): void } {
  let offset = 0;
  return {
    now: () => Date.now() + offset,
    elapsed: () => performance.now() * SPEED,
    sleep: (ms, signal) => systemClock.sleep(ms / SPEED, signal),
    set(ms) {
      offset += ms;
    },
  };
}

describe('a clock that is set during a call', () => {
  const ways: [string, number][] = [
    ['goes back an hour', -HOUR_MS],
    ['goes back a day', -24 * HOUR_MS],
    ['goes forward an hour', HOUR_MS],
  ];

  it.each(
    ways.flatMap(([what, ms]) => [
      { what, ms, where: 'while tags are read', actions: ['ListTagResources'] },
      { what, ms, where: 'while tags are written', actions: [...WRITES] },
    ]),
  )('that KMS is too busy for, ends at its deadline all the same: it $what $where', async ({ ms, actions }) => {
    const clock = settableClock();
    const bench = await watchedBench({ keys: 100 }, { clock });
    const before = tagsOfAll(bench, keyIds(1, 100));
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    let isSet = false;
    bench.between.handle(async (passing) => {
      if (!actions.includes(passing.action)) return passing.forward();
      if (!isSet) clock.set(ms);
      isSet = true;
      // Paced, as the rate limiter would.
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
      return kmsErrorOf(429, 'Rejected.Throttling');
    });
    const startedAt = clock.elapsed();
    // A plan is older or younger by an hour now, which a new one is not.
    const call =
      ms > 0 || actions.includes('ListTagResources')
        ? bench.call('plan_change', REMOVE_TEMP)
        : bench.call('apply_plan', { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') });
    await call;
    // A request that is under way when time is up may end: a fifth of a second, at this speed.
    expect(clock.elapsed() - startedAt).toBeLessThan(CALL_DEADLINE_MS + 10_000);
    expect(tagsOfAll(bench, keyIds(1, 100))).toEqual(before);
  });

  it.each(ways)('leaves its change in order, and undo restores: it %s', async (_, ms) => {
    const clock = settableClock();
    const bench = await watchedBench({ keys: 100 }, { clock: { ...clock, elapsed: () => performance.now() } });
    const before = tagsOfAll(bench, keyIds(1, 100));
    const first = await planAndApply(bench, { ...REMOVE_TEMP, RemoveTagKeys: ['owner'] });
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    bench.between.handle(async (passing) => {
      const reply = await passing.forward();
      if (WRITES.has(passing.action)) bench.between.handle((next) => next.forward());
      if (WRITES.has(passing.action)) clock.set(ms);
      return reply;
    });
    const applied = await bench.call('apply_plan', { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 100, Verified: 100 });
    const third = await bench.call('untag_resource', { KeyId: 'key-000001', TagKeys: ['env'] });
    const { Changes } = (await bench.call('list_changes', {})).structured;
    const ids = [third, applied, first.applied].map((answer) => textOf(answer, 'ChangeId'));
    // The newest first, by when it was written, whatever the clock said.
    expect(Changes).toEqual(ids.map((ChangeId) => expect.objectContaining({ ChangeId, State: 'done' })));
    for (const ChangeId of ids) {
      expect((await bench.call('undo_change', { ChangeId })).structured).toMatchObject({ Status: 'done', Skipped: 0 });
    }
    expect(tagsOfAll(bench, keyIds(1, 100))).toEqual(before);
    expect(stillTagged(bench, keyIds(1, 100))).toHaveLength(100);
  });

  it('does not make a reading of several regions wait longer, or a plan serve longer than it should', async () => {
    const clock = settableClock();
    const bench = await watchedBench({ keys: 5 }, { clock: { ...clock, elapsed: () => performance.now() } });
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    const args = { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') };
    clock.set(HOUR_MS);
    expect((await bench.call('apply_plan', args)).text).toMatch(/^PLAN_EXPIRED: /);
    expect(stillTagged(bench, keyIds(1, 5))).toHaveLength(5);
  });
});

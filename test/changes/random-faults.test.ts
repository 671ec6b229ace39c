import { describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/index.js';
import { addedUp, numberOf, openWorkbench, textOf } from '../support/workbench.js';

/** `npm run test:faults` plays thousands, against more kinds of faults. */
const SEEDS = 50;
/** Five of a hundred requests fail, in one of these ways. */
const FAULTS = {
  throttle429: 0.008,
  throttle400: 0.007,
  error500: 0.007,
  error503: 0.007,
  'drop-before': 0.007,
  'drop-after': 0.007,
  truncate: 0.004,
  html: 0.003,
};
const KEYS = 70;

/** `temp` and `zone` on most, so that parts are full, and each seed has other values. */
function accountOf(seed: number) {
  return {
    keys: Array.from({ length: KEYS }, (_, index) => ({
      KeyId: `key-${String(index).padStart(4, '0')}`,
      Tags: {
        ...((index + seed) % 7 === 0 ? {} : { temp: `t${(index * seed) % 2}` }),
        ...((index * seed) % 3 === 0 ? { zone: 'z' } : {}),
        stays: 'here',
      },
    })),
  };
}

function stateOf(emulator: Emulator): readonly (Readonly<Record<string, string>> | undefined)[] {
  return accountOf(0).keys.map(({ KeyId }) => emulator.tagsOf('key', KeyId));
}

function isClean(tags: Readonly<Record<string, string>> | undefined): boolean {
  return tags !== undefined && !Object.hasOwn(tags, 'temp') && !Object.hasOwn(tags, 'zone');
}

async function runSeed(seed: number): Promise<void> {
  const emulator = await startEmulator({ data: accountOf(seed) });
  const bench = await openWorkbench({ emulator });
  try {
    const before = stateOf(emulator);
    const carrying = before.filter((tags) => !isClean(tags)).length;
    const args = {
      ResourceType: 'key',
      RemoveTagKeys: ['temp', 'zone'],
      ResourceIds: accountOf(0).keys.map((key) => key.KeyId),
    };
    emulator.setFaults({ probabilities: FAULTS, seed });
    const plan = await untilAnswered(() => bench.call('plan_change', args));
    expect(plan.structured).toMatchObject({ Selected: KEYS, Concerned: carrying });
    const run = await bench.call('apply_plan', { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') });
    const after = stateOf(emulator);
    const reallyRemoved = before.filter((tags, index) => !isClean(tags) && isClean(after[index])).length;
    if (run.structured['Status'] === undefined) {
      // The reading before it failed for good: then nothing may have happened.
      expect(run.text).toContain('Nothing was changed.');
      expect(after).toEqual(before);
      return;
    }
    expect(addedUp(run)).toBe(carrying);
    expect(numberOf(run, 'ChangedSincePlan')).toBe(0);
    expect(numberOf(run, 'Changed')).toBeLessThanOrEqual(reallyRemoved);
    expect(numberOf(run, 'Verified')).toBeLessThanOrEqual(numberOf(run, 'Changed'));
    expect(numberOf(run, 'Changed') + numberOf(run, 'Unknown')).toBeGreaterThanOrEqual(reallyRemoved);
    if (run.structured['Status'] === 'done') expect(reallyRemoved).toBe(carrying);

    const ChangeId = textOf(run, 'ChangeId');
    await untilAnswered(async () => {
      const undo = await bench.call('undo_change', { ChangeId });
      return { ...undo, isError: undo.structured['Status'] !== 'done' };
    });
    expect(stateOf(emulator)).toEqual(before);
    expect(bench.bugs).toEqual([]);
  } finally {
    await bench.close();
    await emulator.close();
  }
}

async function untilAnswered<Answer extends { readonly isError: boolean }>(
  ask: () => Promise<Answer>,
): Promise<Answer> {
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await ask();
    if (!answer.isError) return answer;
  }
  throw new Error('never answered');
}

describe('with five requests of a hundred failing at random', () => {
  it(`the report equals what is there, and undo restores it, for ${SEEDS} seeds`, { timeout: 120_000 }, async () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      await runSeed(seed).catch((error: unknown) => wrong.push(`seed ${seed}: ${String(error)}`));
    }
    expect(wrong).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { playSequence } from './sequence.js';
import { addTo, emptyTally, faultsOf } from './tally.js';

/** `npm run test:faults` makes a hundred thousand. */
const CALLS = 300;

describe('calls with random faults, lagging reads and colleagues in between', () => {
  it('are reported as the account shows them, and undone without losing a value', { timeout: 60_000 }, async () => {
    const tally = emptyTally();
    const wrong: string[] = [];
    for (let seed = 1; tally.calls < CALLS; seed += 1) {
      const report = await playSequence(seed);
      addTo(tally, report);
      wrong.push(...faultsOf(report).map((fault) => `npm run test:faults -- --replay ${seed}: ${fault}`));
    }
    expect(wrong).toEqual([]);
  });
});

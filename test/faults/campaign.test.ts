import { describe, expect, it } from 'vitest';
import { playSequence } from './sequence.js';

/** `npm run test:faults` plays thousands. */
const SEQUENCES = 100;

describe('sequences of calls with random faults', () => {
  it(`are reported as they are, in ${SEQUENCES} of them`, { timeout: 120_000 }, async () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= SEQUENCES; seed += 1) {
      const { complaints } = await playSequence(seed);
      if (complaints.length > 0) wrong.push(`npm run test:faults -- --seed ${seed}: ${complaints.join('; ')}`);
    }
    expect(wrong).toEqual([]);
  });
});

import type { Clock } from '../../src/base/clock.js';

/** Time that leaps where the program waits, and else passes by what it is told. */
export interface VirtualClock extends Clock {
  pass(ms: number): void;
}

const START = Date.parse('2026-11-24T08:00:00Z');

export function virtualClock(): VirtualClock {
  let elapsed = 0;
  const pass = (ms: number): void => {
    elapsed += ms;
  };
  return {
    now: () => START + elapsed,
    elapsed: () => elapsed,
    pass,
    async sleep(ms) {
      pass(ms);
    },
  };
}

import { sleep } from './sleep.js';

/** Two clocks, since neither does the work of both. */
export interface Clock {
  /** Milliseconds since the epoch, for time stamps. It jumps when the machine's clock is set. */
  now(): number;
  /** Milliseconds from any moment on, never going back: for durations and deadlines. */
  elapsed(): number;
  /** Resolves after so many milliseconds of `elapsed`; rejects at once when `signal` aborts. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now(), sleep };

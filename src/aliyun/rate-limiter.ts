import { sleep as sleepFor } from '../base/sleep.js';
import type { RateLimiter } from '../rpc/rpc-client.js';

/** A group of operations that share a quota, and how many requests a second it allows. */
export interface Quota {
  readonly group: string;
  readonly perSecond: number;
}

export interface LimiterClock {
  /** See `Clock.elapsed`. */
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * The quota is kept over this many milliseconds, not over a thousand: some requests travel faster than others, and a
 * service may count in calendar seconds, of which two neighbours would share two bursts that are a second apart.
 */
const WINDOW = 1_100;
/** A timer that is late by less is made up for; after a longer stall nothing is, lest requests leave in a bunch. */
const LATENESS = 20;
/** Times the usual interval, at most, after the service keeps saying that we are too fast. */
const MAX_SLOWDOWN = 16;
/** Replies to requests that left before the last slow-down say nothing new. */
const SETTLE = 500;

/** One group's departures. */
interface Lane {
  readonly usual: number;
  /** Times of the last departures, as many as the quota allows; the oldest is at `next`. */
  readonly departures: number[];
  next: number;
  last: number;
  waiting: number;
  /** Milliseconds between departures while requests wait. */
  interval: number;
  /** Requests had to wait, so they are spaced evenly until nobody has asked for a while. */
  isPacing: boolean;
  notBefore: number;
  slowedAt: number;
}

/**
 * Lets requests leave as a quota allows. After a pause as many as the quota has a second leave at once, then one after
 * the other at its pace; in no window of 1.1 s do more leave than a second allows. The account shares the quota with
 * others: when the service throttles, the pace halves, and each later departure takes 2 % of the excess back.
 */
export function rateLimiter(quotaOf: (action: string) => Quota, clock: LimiterClock = {}): RateLimiter {
  const { now = () => performance.now(), sleep = sleepFor } = clock;
  const lanes = new Map<string, Lane>();
  const laneOf = (action: string): Lane => {
    const { group, perSecond } = quotaOf(action);
    const known = lanes.get(group);
    if (known) return known;
    const usual = WINDOW / perSecond;
    const never = Number.NEGATIVE_INFINITY;
    const departures = new Array<number>(perSecond).fill(never);
    const lane = {
      usual,
      departures,
      next: 0,
      last: never,
      waiting: 0,
      interval: usual,
      isPacing: false,
      notBefore: never,
      slowedAt: never,
    };
    lanes.set(group, lane);
    return lane;
  };
  /** When the next request of a lane may leave. */
  const dueAt = (lane: Lane): number => {
    const room = (lane.departures[lane.next] ?? 0) + WINDOW;
    const turn = lane.isPacing ? lane.last + lane.interval : Number.NEGATIVE_INFINITY;
    return Math.max(room, turn, lane.notBefore);
  };
  return {
    async acquire(action, signal) {
      const lane = laneOf(action);
      const isIdle = lane.waiting === 0 && now() - lane.last >= WINDOW;
      if (isIdle && lane.interval < lane.usual * 1.05) lane.isPacing = false;
      // All who wait wake for each departure, and all but one sleep again: whoever gives up leaves no gap behind, and
      // a slow-down is for those who wait, too.
      for (let delay = dueAt(lane) - now(); delay > 0; delay = dueAt(lane) - now()) {
        lane.isPacing = true;
        lane.waiting += 1;
        await sleep(delay, signal).finally(() => {
          lane.waiting -= 1;
        });
      }
      const time = now();
      lane.last = Math.min(time, Math.max(dueAt(lane), time - LATENESS));
      lane.departures[lane.next] = time;
      lane.next = (lane.next + 1) % lane.departures.length;
      lane.interval = lane.usual + (lane.interval - lane.usual) * 0.98;
    },
    throttled(action) {
      const lane = laneOf(action);
      if (now() - lane.slowedAt < SETTLE) return;
      lane.slowedAt = now();
      lane.isPacing = true;
      lane.interval = Math.min(lane.interval * 2, lane.usual * MAX_SLOWDOWN);
      lane.notBefore = now() + SETTLE;
    },
  };
}

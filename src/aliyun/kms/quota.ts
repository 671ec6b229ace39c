import { sleep as sleepFor } from '../../base/sleep.js';
import type { Pace } from '../../rpc/rpc-client.js';

/** A group of operations that share one quota. */
export type QuotaGroup = 'read' | 'resource-tags' | 'write' | 'secret-read' | 'secret-list';

/**
 * Requests a second, per account and region, on the shared gateway.
 * Source: https://www.alibabacloud.com/help/en/kms/key-management-service/product-overview/performance-data
 */
export const QUOTAS: Readonly<Record<QuotaGroup, number>> = {
  read: 50,
  'resource-tags': 300,
  write: 30,
  'secret-read': 450,
  'secret-list': 40,
};

/** That tag writes belong to the write group is read from the words "modify … tags" of the quota page. */
const GROUPS: ReadonlyMap<string, QuotaGroup> = new Map([
  ['UntagResource', 'write'],
  ['TagResource', 'write'],
  ['UntagResources', 'write'],
  ['TagResources', 'write'],
  ['ListResourceTags', 'resource-tags'],
  ['DescribeSecret', 'secret-read'],
  ['ListSecrets', 'secret-list'],
]);

/** The quota group of an operation; whatever is not in the table is an ordinary read. */
export function quotaGroup(action: string): QuotaGroup {
  return GROUPS.get(action) ?? 'read';
}

/** Slower than the quota by this much: a second can be counted from any moment, and some requests travel faster. */
const MARGIN = 1.1;
/** A timer that is late by less is made up for; after a longer stall nothing is, lest requests leave in a bunch. */
const LATENESS_MS = 20;
/** Times the usual interval, at most, after the service keeps saying that we are too fast. */
const MAX_SLOWDOWN = 16;
/** Replies to requests that left before the last slow-down say nothing new. */
const SETTLE_MS = 500;

export interface PacerClock {
  /** Milliseconds from any moment on, never going back: the clock of a machine may be set. */
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** Operations that share a quota, and the quotas in requests a second. */
export interface QuotaTable<Group extends string> {
  readonly groupOf: (action: string) => Group;
  readonly quotas: Readonly<Record<Group, number>>;
}

interface Lane {
  interval: number;
  /** When the next attempt may leave. */
  nextAt: number;
  slowedAt: number;
}

/** A pacer for KMS of one region. */
export function quotaPacer(clock?: PacerClock): Pace {
  return pacerFor({ groupOf: quotaGroup, quotas: QUOTAS }, clock);
}

/**
 * Spaces the attempts of one product in one region evenly, so that no second holds more than the quota allows. The account shares
 * the quota with others: when the service throttles, the interval doubles, and each later attempt takes 2 % of the
 * excess back.
 */
export function pacerFor<Group extends string>(
  { groupOf, quotas }: QuotaTable<Group>,
  { now = monotonic, sleep = sleepFor }: PacerClock = {},
): Pace {
  const lanes = new Map<Group, Lane>();
  const intervalOf = (group: Group): number => (1000 / quotas[group]) * MARGIN;
  const laneOf = (group: Group): Lane => {
    const known = lanes.get(group);
    if (known) return known;
    const fresh = { interval: intervalOf(group), nextAt: now(), slowedAt: Number.NEGATIVE_INFINITY };
    lanes.set(group, fresh);
    return fresh;
  };
  return {
    async wait(action, signal) {
      const group = groupOf(action);
      const lane = laneOf(group);
      // All who wait wake for each departure, and all but one sleep again: whoever gives up leaves no gap behind, and
      // a slow-down is for those who wait, too.
      for (let delay = lane.nextAt - now(); delay > 0; delay = lane.nextAt - now()) await sleep(delay, signal);
      lane.nextAt = Math.max(lane.nextAt, now() - LATENESS_MS) + lane.interval;
      const usual = intervalOf(group);
      lane.interval = usual + (lane.interval - usual) * 0.98;
    },
    throttled(action) {
      const group = groupOf(action);
      const lane = laneOf(group);
      if (now() - lane.slowedAt < SETTLE_MS) return;
      lane.slowedAt = now();
      lane.interval = Math.min(lane.interval * 2, intervalOf(group) * MAX_SLOWDOWN);
      lane.nextAt = Math.max(lane.nextAt, now() + SETTLE_MS);
    },
  };
}

function monotonic(): number {
  return performance.now();
}

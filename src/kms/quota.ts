import type { Pace } from '../rpc/rpc-client.js';

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
const GROUPS: Readonly<Record<string, QuotaGroup>> = {
  UntagResource: 'write',
  TagResource: 'write',
  UntagResources: 'write',
  TagResources: 'write',
  ListResourceTags: 'resource-tags',
  DescribeSecret: 'secret-read',
  ListSecrets: 'secret-list',
};

/** The quota group of an operation; whatever is not in the table is an ordinary read. */
export function quotaGroup(action: string): QuotaGroup {
  return GROUPS[action] ?? 'read';
}

/** Slower than the quota by this much: timers are not exact, and a second can be counted from any moment. */
const MARGIN = 1.05;
/** Times the usual interval, at most, after the service keeps saying that we are too fast. */
const MAX_SLOWDOWN = 16;
/** Replies to requests that left before the last slow-down say nothing new. */
const SETTLE_MS = 500;

export interface PacerClock {
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * Spaces the attempts of one region evenly, so that no second holds more than the quota allows. The account shares
 * the quota with others: when the service throttles, the interval doubles, and each later attempt takes 2 % of the
 * excess back.
 */
export function quotaPacer({ now = Date.now, sleep = wait }: PacerClock = {}): Pace {
  const lanes = new Map<QuotaGroup, { interval: number; nextAt: number; slowedAt: number }>();
  const lane = (group: QuotaGroup) => {
    const known = lanes.get(group);
    if (known) return known;
    const fresh = { interval: intervalOf(group), nextAt: 0, slowedAt: Number.NEGATIVE_INFINITY };
    lanes.set(group, fresh);
    return fresh;
  };
  return {
    async wait(action, signal) {
      const group = quotaGroup(action);
      const mine = lane(group);
      const at = Math.max(now(), mine.nextAt);
      mine.nextAt = at + mine.interval;
      const usual = intervalOf(group);
      mine.interval = usual + (mine.interval - usual) * 0.98;
      const delay = at - now();
      if (delay > 0) await sleep(delay, signal);
    },
    throttled(action) {
      const group = quotaGroup(action);
      const mine = lane(group);
      if (now() - mine.slowedAt < SETTLE_MS) return;
      mine.slowedAt = now();
      mine.interval = Math.min(mine.interval * 2, intervalOf(group) * MAX_SLOWDOWN);
      mine.nextAt = Math.max(mine.nextAt, now() + SETTLE_MS);
    },
  };
}

function intervalOf(group: QuotaGroup): number {
  return (1000 / QUOTAS[group]) * MARGIN;
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { setTimeout: sleep } = await import('node:timers/promises');
  await sleep(ms, undefined, signal ? { signal } : {});
}

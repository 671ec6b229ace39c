/**
 * Requests a second for each group of operations, for one account and region. That the tag operations belong to
 * the writes, and DescribeSecret to the secret reads, is read from the page's words.
 * Source: the KMS quota page, shared gateway.
 */
export const quotaGroups = [
  {
    perSecond: 50,
    actions: ['DescribeKey', 'ListKeys', 'ListAliases', 'ListAliasesByKeyId', 'ListTagResources', 'DescribeRegions'],
  },
  { perSecond: 300, actions: ['ListResourceTags'] },
  { perSecond: 30, actions: ['TagResource', 'UntagResource', 'TagResources', 'UntagResources'] },
  { perSecond: 450, actions: ['DescribeSecret'] },
  { perSecond: 40, actions: ['ListSecrets'] },
] as const;

/** Whether a request for `action` at `now` (ms) is within its quota; if so, it is counted. */
export type Quota = (action: string, now: number) => boolean;

/** Enforces `quotaGroups` strictly: never more than the quota in any span of one second. */
export function createQuota(): Quota {
  const windows = new Map<string, (now: number) => boolean>();
  for (const { perSecond, actions } of quotaGroups) {
    const window = slidingSecond(perSecond);
    for (const action of actions) {
      windows.set(action, window);
    }
  }
  return (action, now) => windows.get(action)?.(now) ?? true;
}

/** No quota at all. */
export function noQuota(): Quota {
  return () => true;
}

function slidingSecond(perSecond: number): (now: number) => boolean {
  // A ring of the times of the last `perSecond` requests that were let through.
  const times = new Array<number>(perSecond).fill(Number.NEGATIVE_INFINITY);
  let oldest = 0;
  return (now) => {
    // The distance, not the difference: a clock that was set back must not lock the gate.
    if (Math.abs(now - (times[oldest] ?? 0)) < 1000) {
      return false;
    }
    times[oldest] = now;
    oldest = (oldest + 1) % perSecond;
    return true;
  };
}

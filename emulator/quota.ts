/**
 * Requests a second for each group of operations: for one account in one region with KMS, for one account with the
 * others. That the tag operations belong to the writes, DescribeSecret to the secret reads, and GetKeyPolicy and
 * GetSecretPolicy to the reads, is read from the pages' words.
 * Source: the KMS quota page, shared gateway; the RAM quota page.
 */
export const quotaGroups = {
  read: 50,
  'resource tags': 300,
  write: 30,
  'secret value': 450,
  'secret list': 40,
  instance: 50,
  'STS AssumeRole': 100,
  'RAM ListPolicies': 100,
  'RAM GetPolicy': 100,
  'RAM ListEntitiesForPolicy': 100,
} as const satisfies Readonly<Record<string, number>>;

export type QuotaGroup = keyof typeof quotaGroups;

/** Whether a request of a group at `now` (ms) is within its quota; if so, it is counted. */
export type Quota = (group: QuotaGroup, now: number) => boolean;

/** Enforces `quotaGroups` strictly: never more than the quota in any span of one second. */
export function createQuota(): Quota {
  const windows = new Map<QuotaGroup, (now: number) => boolean>();
  return (group, now) => {
    const window = windows.get(group) ?? slidingSecond(quotaGroups[group]);
    windows.set(group, window);
    return window(now);
  };
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

import type { RateLimiter } from '../../rpc/rpc-client.js';
import { type LimiterClock, rateLimiter } from '../rate-limiter.js';

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

/** KMS's quotas as a rate limiter, for one region of one account. */
export function kmsRateLimiter(clock?: LimiterClock): RateLimiter {
  return rateLimiter((action) => {
    const group = quotaGroup(action);
    return { group, perSecond: QUOTAS[group] };
  }, clock);
}

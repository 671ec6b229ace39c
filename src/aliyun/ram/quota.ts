import type { RateLimiter } from '../../rpc/rpc-client.js';
import { type LimiterClock, rateLimiter } from '../rate-limiter.js';

/**
 * Requests a second for each operation and account. The row of GetPolicy is not on the page, and is taken to be like
 * those of the other reads; of ListPolicyAttachments, which belongs to another product, nothing is published.
 * Source: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-quota
 */
export const RAM_QUOTAS = {
  ListPolicies: 100,
  GetPolicy: 100,
  ListEntitiesForPolicy: 100,
  ListPolicyAttachments: 50,
  other: 50,
} as const;

type RamQuotaGroup = keyof typeof RAM_QUOTAS;

function isGroup(action: string): action is RamQuotaGroup {
  return Object.hasOwn(RAM_QUOTAS, action);
}

/** A rate limiter for RAM and Resource Management, apart from KMS's: the quotas are per product. */
export function ramRateLimiter(clock?: LimiterClock): RateLimiter {
  return rateLimiter((action) => {
    const group = isGroup(action) ? action : 'other';
    return { group, perSecond: RAM_QUOTAS[group] };
  }, clock);
}

import type { Pace } from '../../rpc/rpc-client.js';
import { type PacerClock, pacerFor } from '../kms/quota.js';

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

/** A pacer for RAM and Resource Management, which is told apart from KMS's: the quotas are per product. */
export function ramPacer(clock?: PacerClock): Pace {
  return pacerFor({ groupOf: (action) => (isGroup(action) ? action : 'other'), quotas: RAM_QUOTAS }, clock);
}

import type { BulkResourceType } from '../aliyun/kms/kms-client.js';
import type { Account } from '../aliyun/sts/account.js';
import type { Condition } from '../inventory/conditions.js';
import type { ItemGroup } from './change.js';

/** Tag operations of a plan. They name different keys. */
export interface Operations {
  readonly remove: readonly string[];
  readonly set: readonly (readonly [key: string, value: string])[];
  readonly rename: readonly (readonly [from: string, to: string])[];
}

/** What a plan is about, as its sentence says it: resources by name, or all that meet conditions. */
export type Selection =
  | { readonly kind: 'ids' }
  | { readonly kind: 'where'; readonly conditions: readonly Condition[] };

/** A plan as it is kept, until it is applied or has expired. */
export interface PlanHeader {
  /** `p-` and 16 characters: unguessable. */
  readonly planId: string;
  readonly sentence: string;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
  readonly resourceType: BulkResourceType;
  readonly resources: number;
  readonly account: Account;
  readonly subject?: string | undefined;
  readonly operations: Operations;
  readonly selection: Selection;
}

/** A plan with what was read: `before` holds every tag that it depends on, the keys of `Where` included. */
export interface StoredPlan extends PlanHeader {
  readonly groups: readonly ItemGroup[];
}

export function isPlanId(text: string): boolean {
  return /^p-[A-Za-z0-9_-]{16}$/.test(text);
}

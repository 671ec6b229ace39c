import type { PolicyDocument } from './statement.js';

/** Whom a policy is about. `principal` is what a key or secret policy names (`acs:ram::<account>:role/x`). */
export interface Attachment {
  readonly type: 'user' | 'group' | 'role' | 'principal';
  readonly name: string;
  /** The grant holds in this resource group only. */
  readonly resourceGroupId?: string | undefined;
}

/** A policy of the account, attached to users, groups and roles. */
export interface RamPolicy {
  readonly kind: 'ram';
  readonly name: string;
  /** Undefined when that could not be read. */
  readonly attachedTo: readonly Attachment[] | undefined;
  readonly document: PolicyDocument;
}

/** The policy of one key or secret in a KMS instance. */
export interface ResourcePolicy {
  readonly kind: 'key' | 'secret';
  /** Key ID or secret name. */
  readonly name: string;
  readonly regionId: string;
  readonly document: PolicyDocument;
}

export type PolicySource = RamPolicy | ResourcePolicy;

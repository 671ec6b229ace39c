import type { BulkResourceType, Target } from '../aliyun/kms/kms-client.js';
import type { Tags } from '../aliyun/kms/tag-record.js';

/** One key, secret or certificate of one region. */
export interface ResourceRef extends Target {
  readonly regionId: string;
}

/** What the bulk tools can be asked for. */
export const BULK_RESOURCE_TYPES = ['key', 'secret'] as const satisfies readonly BulkResourceType[];

/** A key or a secret as it is found. */
export interface Resource {
  readonly id: string;
  readonly regionId: string;
  /** A key's aliases, or the secret's name. */
  readonly names: readonly string[];
  /** A key's state as KMS has it; for secrets `Active` or `PendingDeletion`. Empty where it could not be read. */
  readonly state: string;
  readonly tags: Tags;
}

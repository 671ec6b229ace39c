import type { BulkResourceType, Target } from '../aliyun/kms/kms-client.js';

/** One key, secret or certificate of one region. */
export interface ResourceRef extends Target {
  readonly regionId: string;
}

/** What the bulk tools can be asked for. */
export const BULK_RESOURCE_TYPES = ['key', 'secret'] as const satisfies readonly BulkResourceType[];

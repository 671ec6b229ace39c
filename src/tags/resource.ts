import type { BulkResourceType, ResourceType, Target } from '../kms/kms-client.js';

/** One key, secret or certificate of one region. */
export interface ResourceRef extends Target {
  readonly regionId: string;
}

/** `key 08c3… in cn-hangzhou`, for messages; the caller quotes the id. */
export const RESOURCE_TYPES = ['key', 'secret', 'certificate'] as const satisfies readonly ResourceType[];
export const BULK_RESOURCE_TYPES = ['key', 'secret'] as const satisfies readonly BulkResourceType[];

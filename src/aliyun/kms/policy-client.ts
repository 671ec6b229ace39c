import * as z from 'zod';
import type { CallOptions, RpcClient } from '../../rpc/rpc-client.js';
import { parsedCall } from '../parsed-call.js';
import type { BulkResourceType } from './kms-client.js';
import { MAX_PAGE_SIZE } from './limits.js';
import { list } from './replies.js';

/** Most values of one filter. Source: ListKeys and ListSecrets pages. */
export const MAX_INSTANCES_PER_FILTER = 10;

/** Key and secret policies of one region, and which resources have one. Each method is one request. */
export interface KmsPolicies {
  /** The policy named `default`, the only one that a key can have: JSON as text. */
  getKeyPolicy(keyId: string, options?: CallOptions): Promise<string>;
  getSecretPolicy(secretName: string, options?: CallOptions): Promise<string>;
  /** A page of up to 100 KMS instances, from 1. */
  listInstances(pageNumber: number, options?: CallOptions): Promise<NamePage>;
  /** A page of up to 100 keys or secrets that lie in up to ten instances, from 1: those that can have a policy. */
  listInInstances(
    type: BulkResourceType,
    instanceIds: readonly string[],
    pageNumber: number,
    options?: CallOptions,
  ): Promise<NamePage>;
}

/** Ids, or names of secrets. `totalCount` is over all pages. */
export interface NamePage {
  readonly rows: readonly string[];
  readonly totalCount: number;
}

const policyReply = z.object({ Policy: z.string() });
const page = { TotalCount: z.coerce.number().int().min(0) };
const instancesReply = z.object({
  KmsInstances: list('KmsInstance', z.object({ KmsInstanceId: z.string() })),
  ...page,
});
const keysReply = z.object({ Keys: list('Key', z.object({ KeyId: z.string() })), ...page });
const secretsReply = z.object({ SecretList: list('Secret', z.object({ SecretName: z.string() })), ...page });

export function kmsPolicies(rpc: RpcClient): KmsPolicies {
  const paged = (pageNumber: number) => ({ PageNumber: String(pageNumber), PageSize: String(MAX_PAGE_SIZE) });
  const policy = async (action: string, parameters: Readonly<Record<string, string>>, options?: CallOptions) =>
    (await parsedCall(rpc, 'KMS', { action, parameters }, policyReply, options)).Policy;
  return {
    getKeyPolicy: (keyId, options) => policy('GetKeyPolicy', { KeyId: keyId }, options),
    getSecretPolicy: (secretName, options) => policy('GetSecretPolicy', { SecretName: secretName }, options),

    async listInstances(pageNumber, options) {
      const request = { action: 'ListKmsInstances', parameters: paged(pageNumber) };
      const reply = await parsedCall(rpc, 'KMS', request, instancesReply, options);
      return { rows: reply.KmsInstances.map((row) => row.KmsInstanceId), totalCount: reply.TotalCount };
    },

    async listInInstances(type, instanceIds, pageNumber, options) {
      const filters = JSON.stringify([{ Key: 'DKMSInstanceId', Values: instanceIds }]);
      const parameters = { ...paged(pageNumber), Filters: filters };
      if (type === 'key') {
        const reply = await parsedCall(rpc, 'KMS', { action: 'ListKeys', parameters }, keysReply, options);
        return { rows: reply.Keys.map((row) => row.KeyId), totalCount: reply.TotalCount };
      }
      const reply = await parsedCall(rpc, 'KMS', { action: 'ListSecrets', parameters }, secretsReply, options);
      return { rows: reply.SecretList.map((row) => row.SecretName), totalCount: reply.TotalCount };
    },
  };
}

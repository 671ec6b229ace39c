import type { CallOptions, RpcClient } from '../../rpc/rpc-client.js';
import { parsedCall } from '../parsed-call.js';
import { entitiesReply, policiesReply, policyReply } from './replies.js';

/** Custom policies are the account's own; system policies are Alibaba Cloud's. */
export type RamPolicyType = 'Custom' | 'System';

export interface RamPolicyRow {
  readonly name: string;
  /** `v1`, `v2`, …: the version that is in force. */
  readonly defaultVersion: string;
  /** Changes with the document and with the default version. */
  readonly updateDate: string;
  /** Undefined where the reply does not say. */
  readonly attachmentCount: number | undefined;
}

/** Names of users, groups and roles to which a policy is attached for the whole account. */
export interface PolicyEntities {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly string[];
}

/** Largest page of ListPolicies. */
const MAX_ITEMS = 1000;

/** RAM, as far as policies are read. Every method is one request, and rejects with `RpcError` or `CredentialsError`. */
export interface Ram {
  /** A page; `marker` of the page before, and undefined on the last one. */
  listPolicies(
    type: RamPolicyType,
    marker: string | undefined,
    options?: CallOptions,
  ): Promise<{ readonly rows: readonly RamPolicyRow[]; readonly marker: string | undefined }>;
  /** The document of the version that is in force: JSON as text. */
  getPolicyDocument(type: RamPolicyType, name: string, options?: CallOptions): Promise<string>;
  listEntitiesForPolicy(type: RamPolicyType, name: string, options?: CallOptions): Promise<PolicyEntities>;
}

/** Typed operations over a signed RPC client for RAM (see `endpoints.ts`). */
export function ramClient(rpc: RpcClient): Ram {
  return {
    async listPolicies(type, marker, options) {
      const parameters = {
        PolicyType: type,
        MaxItems: String(MAX_ITEMS),
        ...(marker === undefined ? {} : { Marker: marker }),
      };
      const reply = await parsedCall(rpc, 'RAM', { action: 'ListPolicies', parameters }, policiesReply, options);
      const rows = reply.Policies.map((policy) => ({
        name: policy.PolicyName,
        defaultVersion: policy.DefaultVersion,
        updateDate: policy.UpdateDate,
        attachmentCount: policy.AttachmentCount,
      }));
      // A marker may be printed on the last page, too.
      return { rows, marker: reply.IsTruncated === true ? reply.Marker : undefined };
    },

    async getPolicyDocument(type, name, options) {
      const request = { action: 'GetPolicy', parameters: { PolicyName: name, PolicyType: type } };
      const reply = await parsedCall(rpc, 'RAM', request, policyReply, options);
      return reply.DefaultPolicyVersion.PolicyDocument;
    },

    async listEntitiesForPolicy(type, name, options) {
      const request = { action: 'ListEntitiesForPolicy', parameters: { PolicyName: name, PolicyType: type } };
      const reply = await parsedCall(rpc, 'RAM', request, entitiesReply, options);
      return {
        users: reply.Users.map((user) => user.UserName),
        groups: reply.Groups.map((group) => group.GroupName),
        roles: reply.Roles.map((role) => role.RoleName),
      };
    },
  };
}

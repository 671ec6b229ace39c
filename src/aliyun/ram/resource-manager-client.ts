import type { CallOptions, RpcClient } from '../../rpc/rpc-client.js';
import { parsedCall } from '../parsed-call.js';
import type { RamPolicyType } from './ram-client.js';
import { attachmentsReply } from './replies.js';

/** A grant of a policy, for the account or for one resource group. */
export interface PolicyAttachmentRow {
  readonly principalName: string;
  /** `IMSUser`, `IMSGroup` or `ServiceRole`. */
  readonly principalType: string;
  /** The account's id for a grant that holds everywhere, else `rg-…`. */
  readonly resourceGroupId: string;
}

/** Largest page of ListPolicyAttachments. */
export const MAX_ATTACHMENTS_PER_PAGE = 100;

/** Resource Management, as far as policies are read: grants for one resource group are listed nowhere else. */
export interface ResourceManager {
  /** A page of up to 100, from 1. Rejects with `RpcError` or `CredentialsError`. */
  listPolicyAttachments(
    type: RamPolicyType,
    policyName: string,
    pageNumber: number,
    options?: CallOptions,
  ): Promise<{ readonly rows: readonly PolicyAttachmentRow[]; readonly totalCount: number }>;
}

export function resourceManagerClient(rpc: RpcClient): ResourceManager {
  return {
    async listPolicyAttachments(type, policyName, pageNumber, options) {
      const parameters = {
        PolicyType: type,
        PolicyName: policyName,
        PageNumber: String(pageNumber),
        PageSize: String(MAX_ATTACHMENTS_PER_PAGE),
      };
      const request = { action: 'ListPolicyAttachments', parameters };
      const reply = await parsedCall(rpc, 'Resource Management', request, attachmentsReply, options);
      const rows = reply.PolicyAttachments.map((row) => ({
        principalName: row.PrincipalName,
        principalType: row.PrincipalType,
        resourceGroupId: row.ResourceGroupId,
      }));
      return { rows, totalCount: reply.TotalCount };
    },
  };
}

import * as z from 'zod';
import type { CallOptions, RpcClient } from '../../rpc/rpc-client.js';
import { RpcError } from '../../rpc/rpc-error.js';

/** API version that every operation here belongs to. */
export const STS_VERSION = '2015-04-01';

/** The Security Token Service. Every method rejects with `RpcError` or `CredentialsError`. */
export interface Sts {
  /** Whose credentials these are. Needs no permission. */
  getCallerIdentity(options?: CallOptions): Promise<{ readonly accountId: string }>;
}

const identityReply = z.object({ AccountId: z.string().regex(/^\d{1,32}$/) });

export function stsClient(rpc: RpcClient): Sts {
  return {
    async getCallerIdentity(options) {
      const { body } = await rpc.call({ action: 'GetCallerIdentity', parameters: {} }, options);
      const parsed = identityReply.safeParse(body);
      if (parsed.success) return { accountId: parsed.data.AccountId };
      const reason = 'an answer to GetCallerIdentity in an unknown form';
      throw new RpcError({ kind: 'unreadable', host: 'STS', reason, httpStatus: 200 }, 'none', 1);
    },
  };
}

import type * as z from 'zod';
import type { CallOptions, RpcClient, RpcRequest } from '../rpc/rpc-client.js';
import { RpcError } from '../rpc/rpc-error.js';

/** One read of a product, its reply parsed. Rejects with `RpcError`, also for a reply that has another form. */
export async function parsedCall<Schema extends z.ZodType>(
  rpc: RpcClient,
  product: string,
  request: RpcRequest,
  schema: Schema,
  options?: CallOptions,
): Promise<z.output<Schema>> {
  const { body } = await rpc.call(request, options);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const reason = `an answer to ${request.action} in an unknown form`;
  throw new RpcError({ kind: 'unreadable', host: product, reason, httpStatus: 200 }, 'none', 1);
}

import { type Reply, readReply } from './reply.js';
import { mayHaveActed } from './retry-policy.js';
import type { RpcFailure } from './rpc-error.js';
import type { WireFailure, WireOutcome } from './transport.js';

export interface RpcSuccess {
  readonly requestId: string;
  /** The whole body, unchecked. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** What came of one attempt. */
export type Attempt =
  | { readonly success: RpcSuccess }
  | {
      readonly success?: undefined;
      readonly failure: RpcFailure;
      /** Whether the attempt may have been carried out. */
      readonly acted: boolean;
      /** Header values of the reply. */
      readonly date?: string | undefined;
      readonly retryAfter?: string | undefined;
    };

/** Understands what came back, or did not, from `host`. Never throws. */
export function readOutcome(outcome: WireOutcome, host: string): Attempt {
  if (!outcome.ok) {
    const failure = wireFailure(outcome.failure, host);
    return { failure, acted: mayHaveActed(failure) };
  }
  const { status: httpStatus, date, retryAfter } = outcome.reply;
  const reply = readReply(outcome.reply);
  if (reply.kind === 'success') return { success: { requestId: reply.requestId, body: reply.body } };
  const failure = replyFailure(reply, host, httpStatus);
  return { failure, acted: mayHaveActed(failure), date, retryAfter };
}

function wireFailure(failure: WireFailure, host: string): RpcFailure {
  const { cancelled, sent, reason, trouble, proxy, status: httpStatus } = failure;
  if (cancelled) return { kind: 'cancelled', sent };
  if (httpStatus !== undefined) return { kind: 'unreadable', host, reason, httpStatus };
  if (sent) return { kind: 'no-reply', host, reason };
  return {
    kind: 'unreachable',
    host,
    reason,
    ...(proxy === undefined ? {} : { proxy }),
    ...(trouble === undefined ? {} : { trouble }),
  };
}

function replyFailure(reply: Exclude<Reply, { kind: 'success' }>, host: string, httpStatus: number): RpcFailure {
  if (reply.kind === 'unreadable') return { kind: 'unreadable', host, reason: reply.reason, httpStatus };
  const { code, message, requestId } = reply;
  return { kind: 'service', code, message, requestId, httpStatus };
}

import { classifyFailure } from '../rpc/retry-policy.js';
import { type Permission, RpcError } from '../rpc/rpc-error.js';
import { failureCode } from './failure-code.js';

/** What came of one request. */
export type Sent =
  | { readonly kind: 'done'; readonly requestId: string }
  /** The service itself said no; it may be the fault of a resource. `busy`: for being asked too often. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly busy: boolean;
      readonly mayHaveActed: boolean;
      /** What the request needed, for a refusal that is about permissions. */
      readonly permission: Permission | undefined;
    }
  /** No answer of the service after all attempts. */
  | { readonly kind: 'no answer'; readonly code: string; readonly mayHaveActed: boolean };

/** What to do after a request. */
export type NextStep =
  | 'settle'
  /** The same again: the rate limiter has slowed down meanwhile. */
  | 'retry'
  /** Each half by itself, to find the resource at fault: one bad id costs one failure and not fifty. */
  | 'split'
  /** Settle, and begin nothing more: the next request would fare no better. */
  | 'stop';

export interface Situation {
  /** Resources of the request. */
  readonly ids: number;
  /** Time is up, or the run ended for another reason. */
  readonly isOver: boolean;
  /** Resources that were refused with this code, each alone. */
  readonly refusedAlike: number;
  /** Resources that were written so far. */
  readonly written: number;
}

/** When so many more resources were refused alike than were written, the fault is not theirs: no more splitting. */
const ENOUGH_ALIKE = 8;

/** Refusals of the account or its credentials: no other request would fare better. */
const ENDS_THE_RUN =
  /^(InvalidAccessKeyId.*|InvalidSecurityToken.*|MissingSecurityToken|SignatureDoesNotMatch|IncompleteSignature|InvalidTimeStamp.*|Forbidden\.(AccessKey|KmsServiceNotEnabled|InDebt.*|ProhibitedByRiskControl|Ubsms.*)|InvalidAction\.NotFound|UnsupportedOperation)$/;

/** Decides by tables alone; `run.ts` does what it says. */
export function nextStep(sent: Sent, { ids, isOver, refusedAlike, written }: Situation): NextStep {
  if (sent.kind === 'done') return 'settle';
  if (sent.kind === 'no answer' || ENDS_THE_RUN.test(sent.code)) return 'stop';
  if (isOver) return 'settle';
  if (sent.busy) return 'retry';
  return ids > 1 && refusedAlike < ENOUGH_ALIKE + written ? 'split' : 'settle';
}

/** Understands how a request failed. Undefined for an unexpected error. */
export function sentOf(error: unknown): Sent | undefined {
  const code = failureCode(error);
  if (code === undefined) return undefined;
  if (!(error instanceof RpcError)) return { kind: 'no answer', code, mayHaveActed: false };
  const { failure, effect, permission } = error;
  const mayHaveActed = effect === 'unknown';
  // A 5xx is an answer of the service that says nothing of what it did.
  if (failure.kind !== 'service' || failure.httpStatus >= 500) return { kind: 'no answer', code, mayHaveActed };
  return { kind: 'refused', code, busy: classifyFailure(failure) === 'throttled', mayHaveActed, permission };
}

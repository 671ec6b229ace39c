import type { RpcFailure } from './rpc-error.js';

/** How often and how long a call is tried again. Times in milliseconds. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

/** KMS's own clients try five times and wait up to ten seconds; a person waits here, so the cap is lower. */
export const DEFAULT_RETRY: RetryPolicy = { maxAttempts: 5, baseDelayMs: 200, maxDelayMs: 5_000 };

/** What to do after a failed attempt. The tables below are the policy; the code only reads them. */
export type RetryDecision =
  /** The service is busy and did nothing. */
  | 'throttled'
  /** Worth another attempt. */
  | 'transient'
  /** The service's clock differs from ours: learn the difference, then once more. */
  | 'clock-skew'
  /** The service refuses these credentials: resolve them anew, then once more if they changed. */
  | 'bad-credentials'
  /** Trying again gives the same answer. */
  | 'final';

/** `Rejected.Throttling`, `Throttling`, `Throttling.User`, `Throttling.Api` and whatever else is spelled alike. */
const THROTTLING = /throttl/i;

const TRANSIENT_CODES =
  // SignatureNonceUsed: something on the way sent our request twice. The next attempt has a nonce of its own.
  /^(InternalFailure|InternalError|SignatureNonceUsed|ServiceUnavailable.*)$/;

const CLOCK_SKEW_CODES = /^(InvalidTimeStamp\..*|IllegalTimestamp|RequestTimeTooSkewed)$/;

const CREDENTIAL_CODES =
  /^(InvalidAccessKeyId(\..*)?|InvalidSecurityToken(\..*)?|MissingSecurityToken|SecurityTokenExpired|Forbidden\.AccessKey|IncompleteSignature|SignatureDoesNotMatch)$/;

/** What to do after `failure`. */
export function classifyFailure(failure: RpcFailure): RetryDecision {
  switch (failure.kind) {
    case 'service':
      if (THROTTLING.test(failure.code) || failure.httpStatus === 429) return 'throttled';
      if (CLOCK_SKEW_CODES.test(failure.code)) return 'clock-skew';
      if (CREDENTIAL_CODES.test(failure.code)) return 'bad-credentials';
      return TRANSIENT_CODES.test(failure.code) || failure.httpStatus >= 500 ? 'transient' : 'final';
    case 'unreachable':
      return failure.trouble === undefined ? 'transient' : 'final';
    case 'no-reply':
      return 'transient';
    case 'unreadable':
      // A page from a proxy in place of an answer: 4xx and redirects repeat themselves.
      if (failure.httpStatus === 429) return 'throttled';
      return failure.httpStatus >= 300 && failure.httpStatus < 500 ? 'final' : 'transient';
    case 'cancelled':
    case 'deadline':
      return 'final';
  }
}

/**
 * Whether an attempt that failed like this may have been carried out. Only an answer that is the service's own proves
 * that nothing happened, and a 5xx or an internal failure does not, whatever code comes with it: the service got into
 * trouble, and does not say when. A nonce that was used says that an earlier copy of the request arrived. A page of
 * something in between (a proxy, a firewall) says nothing of what the service did before or after it.
 */
export function mayHaveActed(failure: RpcFailure): boolean {
  switch (failure.kind) {
    case 'service':
      return failure.httpStatus >= 500 || TRANSIENT_CODES.test(failure.code);
    case 'no-reply':
    case 'unreadable':
      return true;
    case 'cancelled':
      return failure.sent;
    case 'unreachable':
    case 'deadline':
      return false;
  }
}

/**
 * Milliseconds to wait before attempt number `next` (2 is the first repetition): exponential backoff with full
 * jitter, on top of what the service asked for in `x-acs-retry-after` (milliseconds; only a positive integer counts).
 */
export function delayBefore(
  next: number,
  policy: RetryPolicy,
  random: () => number,
  retryAfter: string | undefined,
): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (next - 2));
  const asked = retryAfter !== undefined && /^[1-9]\d{0,8}$/.test(retryAfter) ? Number(retryAfter) : 0;
  return asked + Math.floor(random() * ceiling);
}

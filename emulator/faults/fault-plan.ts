/** What can be made to go wrong, in the order in which probabilities are laid out. */
export const faultKinds = [
  'throttle429',
  'throttle400',
  'error500',
  'error503',
  'slow',
  'drop-before',
  'drop-after',
  'truncate',
  'html',
] as const;

/**
 * - `throttle429`: KMS's Rejected.Throttling; `throttle400`: the gateway's Throttling.User; `error500`,
 *   `error503`: KMS's InternalFailure and ServiceUnavailableTemporary. Nothing is changed.
 * - `slow`: everything happens, and the reply comes late.
 * - `drop-before`, `drop-after`: the connection is reset before, or after, the change was made.
 * - `truncate`: the change is made, half the body comes, and its Content-Length says no more.
 * - `html`: a proxy's 502 page; KMS never saw the request.
 */
export type FaultKind = (typeof faultKinds)[number];

export interface FaultPlan {
  /** Probability of each kind, 0 to 1; together at most 1. */
  readonly probabilities?: Readonly<Partial<Record<FaultKind, number>>>;
  /** The same seed gives the same faults for the same sequence of requests. Default 1. */
  readonly seed?: number;
  /** Only requests with these actions are touched, or use up a draw or a step of the script. Default: all. */
  readonly actions?: readonly string[];
  /** What happens to the first requests, one step each; the probabilities apply when it is used up. */
  readonly script?: readonly ('ok' | FaultKind)[];
  /** How late a slow reply is. Default 300 ms. */
  readonly slowMs?: number;
  /** When given, both kinds of throttling carry it in `x-acs-retry-after`. */
  readonly retryAfterMs?: number;
}

/** Throws `Error` when a probability is not between 0 and 1, or when they come to more than 1. */
export function checkFaultPlan(plan: FaultPlan): FaultPlan {
  let sum = 0;
  for (const [kind, probability] of Object.entries(plan.probabilities ?? {})) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new Error(`The probability of fault "${kind}" must be between 0 and 1; got ${probability}.`);
    }
    sum += probability;
  }
  // Ten times 0.1 is a little more than 1 in binary.
  if (sum > 1 + 1e-9) {
    throw new Error(`The probabilities of all faults must come to 1 at most; got ${sum}.`);
  }
  return plan;
}

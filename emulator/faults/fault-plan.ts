import type { FaultKind } from './fault-table.js';

/** What goes wrong, and how often. The kinds are those of `faultTable`. */
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
  /** How long reads do not show a change that was made with `stale`. Default 300 ms. */
  readonly staleMs?: number;
  /** When given, all kinds of throttling carry it in `x-acs-retry-after`. */
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

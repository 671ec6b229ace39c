import { checkFaultPlan, type FaultPlan } from './fault-plan.js';
import { parseFaultSpec } from './fault-spec.js';
import { type FaultKind, faultKinds } from './fault-table.js';

/** Decides for each request what goes wrong with it. */
export interface FaultSource {
  /** The fault of the next request, which asks for `action`. Undefined: none. */
  next(action: string): FaultKind | undefined;
  readonly slowMs: number;
  readonly staleMs: number;
  /** What a list says in place of the number of its items, by turns. */
  wrongCount(): string | number;
  readonly retryAfterMs: number | undefined;
}

/**
 * A source for a plan, or for a SPEC text. Sources with another `place` draw in another way from the same seed.
 * Throws `Error` for a plan that is wrong.
 */
export function createFaultSource(faults: FaultPlan | string | undefined, place = 0): FaultSource {
  const plan = typeof faults === 'string' ? parseFaultSpec(faults) : checkFaultPlan(faults ?? {});
  const script = [...(plan.script ?? [])];
  let wrongCounts = 0;
  const draw = seededRandom((plan.seed ?? 1) + place * 0x9e3779b1);
  return {
    next(action) {
      if (plan.actions !== undefined && !plan.actions.includes(action)) {
        return undefined;
      }
      const step = script.shift();
      if (step !== undefined) {
        return step === 'ok' ? undefined : step;
      }
      return pick(plan.probabilities ?? {}, draw());
    },
    slowMs: plan.slowMs ?? 300,
    staleMs: plan.staleMs ?? 300,
    wrongCount() {
      wrongCounts += 1;
      return wrongCounts % 2 === 1 ? '1e11' : -1;
    },
    retryAfterMs: plan.retryAfterMs,
  };
}

function pick(probabilities: NonNullable<FaultPlan['probabilities']>, drawn: number): FaultKind | undefined {
  let upTo = 0;
  for (const kind of faultKinds) {
    upTo += probabilities[kind] ?? 0;
    if (drawn < upTo) {
      return kind;
    }
  }
  return undefined;
}

/** mulberry32: small, fast, and the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

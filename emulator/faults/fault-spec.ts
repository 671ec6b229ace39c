import { checkFaultPlan, type FaultKind, type FaultPlan, faultKinds } from './fault-plan.js';

/**
 * Parses `kind:probability,…,seed:N`, for example `throttle429:0.2,drop-after:0.05,seed:7`.
 * Throws `Error` that names the part that is wrong.
 */
export function parseFaultSpec(spec: string): FaultPlan {
  const probabilities: Partial<Record<FaultKind, number>> = {};
  let seed: number | undefined;
  for (const part of spec.split(',').map((text) => text.trim())) {
    const [name = '', amount = '', ...rest] = part.split(':');
    const kind = faultKinds.find((known) => known === name);
    if (rest.length > 0 || !/^\d+(\.\d+)?$|^\.\d+$/.test(amount)) {
      throw new Error(`Fault "${part}" is not understood: write kind:probability or seed:N.`);
    }
    if (name === 'seed') {
      if (seed !== undefined || !Number.isSafeInteger(Number(amount))) {
        throw new Error(`Fault seed "${part}" must be one whole number, given once.`);
      }
      seed = Number(amount);
    } else if (kind === undefined) {
      throw new Error(`Fault kind "${name}" is not known: one of ${faultKinds.join(', ')}, or seed.`);
    } else if (probabilities[kind] !== undefined) {
      throw new Error(`Fault kind "${name}" is given twice.`);
    } else {
      probabilities[kind] = Number(amount);
    }
  }
  return checkFaultPlan(seed === undefined ? { probabilities } : { probabilities, seed });
}

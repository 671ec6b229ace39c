import { checkFaultPlan, type FaultPlan } from './fault-plan.js';
import { type FaultKind, faultKinds } from './fault-table.js';

/** Whole numbers that a SPEC may set, and what they are in a plan. */
const SETTINGS = {
  seed: 'seed',
  'slow-ms': 'slowMs',
  'stale-ms': 'staleMs',
  'retry-after-ms': 'retryAfterMs',
} as const;

type Setting = keyof typeof SETTINGS;

/**
 * Parses `kind:probability,…` with settings among them, for example `throttle429:0.2,slow:0.05,slow-ms:900,seed:7`.
 * Throws `Error` that names the part that is wrong.
 */
export function parseFaultSpec(spec: string): FaultPlan {
  const probabilities: Partial<Record<FaultKind, number>> = {};
  const settings: { [Name in (typeof SETTINGS)[Setting]]?: number } = {};
  for (const part of spec.split(',').map((text) => text.trim())) {
    const [name = '', amount = '', ...rest] = part.split(':');
    const kind = faultKinds.find((known) => known === name);
    if (rest.length > 0 || !/^\d+(\.\d+)?$|^\.\d+$/.test(amount)) {
      throw new Error(`Fault "${part}" is not understood: write kind:probability or seed:N.`);
    }
    if (isSetting(name)) {
      if (settings[SETTINGS[name]] !== undefined || !Number.isSafeInteger(Number(amount))) {
        throw new Error(`Fault ${name} "${part}" must be one whole number, given once.`);
      }
      settings[SETTINGS[name]] = Number(amount);
    } else if (kind === undefined) {
      const known = [...faultKinds, ...Object.keys(SETTINGS)].join(', ');
      throw new Error(`Fault kind "${name}" is not known: one of ${known}.`);
    } else if (probabilities[kind] !== undefined) {
      throw new Error(`Fault kind "${name}" is given twice.`);
    } else {
      probabilities[kind] = Number(amount);
    }
  }
  return checkFaultPlan({ probabilities, ...settings });
}

function isSetting(name: string): name is Setting {
  return Object.hasOwn(SETTINGS, name);
}

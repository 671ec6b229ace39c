import { type Emulator, type FaultPlan, faultKinds } from '../../emulator/index.js';
import type { Fate, Gate } from './gate.js';
import type { Seeded } from './seeded.js';

/** What a sequence of calls goes through, and can be changed between two calls. */
export interface Climate {
  readonly emulator: Emulator;
  /** Undefined where requests go to the emulator directly. */
  readonly gate: Gate | undefined;
  /** Sets the service's clock off by so many milliseconds. */
  setSkew(ms: number): void;
  /** The session ends, and the access key changes unless it is kept. */
  changeCredentials(keepsKey: boolean): void;
  /** The source of credentials has the new ones, for whoever asks it again. */
  learnCredentials(): void;
}

const WRITES = ['UntagResource', 'TagResource', 'UntagResources', 'TagResources'];

/** Makes the weather for the next call, and says what it is. */
export async function changeWeather(random: Seeded, climate: Climate): Promise<string> {
  const { emulator, gate } = climate;
  emulator.setFaults(undefined);
  climate.setSkew(0);
  gate?.setFate(() => 'pass');
  await gate?.reopen();
  if (random.chance(0.5)) climate.learnCredentials();
  const seed = random.below(1e9);
  const drawn = random.next();
  if (drawn < 0.18) return 'calm';
  if (drawn < 0.4) return faults(emulator, { probabilities: spread(random, 0.25), seed }, 'showers');
  if (drawn < 0.52) return faults(emulator, { probabilities: spread(random, 0.85), seed }, 'storm');
  if (drawn < 0.66) {
    const script = Array.from({ length: 1 + random.below(6) }, () =>
      random.pick(faultKinds.filter((kind) => kind !== 'slow')),
    );
    return faults(emulator, { actions: WRITES, script, seed }, `writes: ${script.join(' ')}`);
  }
  if (drawn < 0.72) {
    climate.setSkew((random.chance(0.5) ? 1 : -1) * 3_600_000 * (1 + random.below(20)));
    if (random.chance(0.3)) gate?.setFate(() => (random.chance(0.5) ? 'undated' : 'misdated'));
    return 'wrong clock';
  }
  if (drawn < 0.8) {
    const known = random.chance(0.6);
    climate.changeCredentials(random.chance(0.4));
    if (known) climate.learnCredentials();
    return `new credentials, ${known ? 'known' : 'unknown'}`;
  }
  if (gate === undefined) return 'calm';
  if (drawn < 0.84) {
    await gate.shut();
    return 'connections refused';
  }
  return gateWeather(random, gate);
}

function gateWeather(random: Seeded, gate: Gate): string {
  const fates: readonly Fate[] = [
    'reset',
    'reset-after',
    'fail-after',
    'cut',
    'undated',
    { deny: 'Forbidden.NoPermission', status: 403 },
  ];
  // A timeout takes its time, so there are few.
  const script = Array.from({ length: 1 + random.below(7) }, () =>
    random.chance(0.12) ? random.pick(['stall', 'stall-after'] as const) : random.pick([...fates, 'pass' as const]),
  );
  const onlyWrites = random.chance(0.5);
  let place = 0;
  gate.setFate(({ action }) => {
    if (onlyWrites && !WRITES.includes(action)) return 'pass';
    place += 1;
    return script[place - 1] ?? 'pass';
  });
  return `on the way${onlyWrites ? ', writes' : ''}: ${script.map((fate) => (typeof fate === 'string' ? fate : fate.deny)).join(' ')}`;
}

/** Probability `sum`, spread over a few kinds of faults. */
function spread(random: Seeded, sum: number): NonNullable<FaultPlan['probabilities']> {
  const kinds = random.some(faultKinds, 1);
  return Object.fromEntries(kinds.map((kind) => [kind, (kind === 'slow' ? 0.1 : 1) * (sum / kinds.length)]));
}

function faults(emulator: Emulator, plan: FaultPlan, name: string): string {
  emulator.setFaults({ ...plan, slowMs: 60 });
  return name;
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../emulator/index.js';
import type { CredentialSource, Credentials } from '../../src/credentials/credentials.js';
import { undiciTransport } from '../../src/rpc/transport.js';
import { CANARY, canariesIn } from '../credentials/canary.js';
import { openWorkbench } from '../support/workbench.js';
import { PROTECTED_KEY, randomAccount, TAG_KEYS, TAG_VALUES } from './account.js';
import { undo, untagMany } from './bulk-calls.js';
import { openGate } from './gate.js';
import { find, listChanges } from './list-calls.js';
import type { Scene } from './scene.js';
import { type Seeded, seeded } from './seeded.js';
import { listOne, tagOne, untagOne } from './single-calls.js';
import { type Climate, changeWeather } from './weather.js';
import { witnessOf } from './witness.js';

/** What came of one sequence. */
export interface SequenceReport {
  readonly seed: number;
  readonly calls: number;
  /** Attempts that reached the wire. */
  readonly attempts: number;
  /** Each with the step and the weather it was found in. */
  readonly complaints: readonly string[];
  readonly steps: readonly string[];
}

const STEPS = { untagOne, tagOne, listOne, find, listChanges, undo, untagMany };
type Step = keyof typeof STEPS;
/** How often each comes. */
const MIX: readonly Step[] = [
  ...(['untagOne', 'untagOne', 'untagOne', 'tagOne', 'tagOne', 'untagMany', 'untagMany', 'untagMany'] as const),
  ...(['undo', 'undo', 'undo', 'listOne', 'find', 'listChanges'] as const),
];

/** Plays one sequence of calls in random weather; the same seed plays the same one, but for timeouts. */
export async function playSequence(seed: number): Promise<SequenceReport> {
  const random = seeded(seed);
  const clock = virtualClock();
  const { data, places } = randomAccount(random);
  const hasSession = random.chance(0.4);
  let skew = 0;
  const emulator = await startEmulator({
    data,
    clock: () => clock.now() + skew,
    certificateOperations: random.chance(0.7),
    ...keyOf(1),
    ...(hasSession ? tokenOf(1) : {}),
  });
  const gate = random.chance(0.4) ? await openGate(emulator.endpoint) : undefined;
  const wire = undiciTransport({ env: {}, loopback: true });
  const witness = witnessOf(wire);
  const keyring = keyringOf(emulator, hasSession);
  const bench = await openWorkbench({
    emulator,
    ...(gate === undefined ? {} : { endpoint: gate.endpoint }),
    credentials: keyring.source,
    protect: [PROTECTED_KEY],
    clock,
    rpc: {
      transport: witness.transport,
      signature: random.chance(0.3) ? 'v1' : 'v3',
      timeoutMs: 50,
      random: random.next,
      sleep: async (ms) => clock.pass(ms),
    },
    deps: { readBeforeWrite: random.chance(0.9) },
  });
  const climate: Climate = {
    emulator,
    gate,
    setSkew: (ms) => {
      skew = ms;
    },
    changeCredentials: keyring.change,
    learnCredentials: keyring.learn,
  };
  const scene: Scene = { random, bench, places, witness, changes: new Map() };
  const complaints: string[] = [];
  const steps: string[] = [];
  let calls = 0;
  let attempts = 0;
  try {
    const count = 3 + random.below(4);
    for (let number = 1; number <= count; number += 1) {
      somethingHappens(random, emulator, scene);
      const weather = await changeWeather(random, climate);
      const step = random.pick(MIX);
      steps.push(`${step} in ${weather}`);
      const found = await STEPS[step](scene, async () => {
        steps.push(`  then ${await changeWeather(random, climate)}`);
      });
      calls += 1;
      attempts += witness.attempts;
      complaints.push(...found.map((complaint) => `step ${number}, ${step} in ${weather}: ${complaint}`));
    }
    const journal = await textIn(bench.stateDirectory);
    if (canariesIn(journal).length > 0) complaints.push('the journal holds a secret');
    if (bench.bugs.length > 0) complaints.push(`bugs: ${bench.bugs.map(String).join('; ')}`);
  } finally {
    await bench.close();
    await wire.close();
    await gate?.close();
    await emulator.close();
  }
  return { seed, calls, attempts, complaints, steps };
}

/** All files below a directory. */
async function textIn(directory: string): Promise<string> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}

/** Somebody else changes a tag. */
function somethingHappens(random: Seeded, emulator: Emulator, { places }: Scene): void {
  if (!random.chance(0.3)) return;
  const { type, id } = random.pick(places);
  if (random.chance(0.5)) emulator.setTag(type, id, random.pick(TAG_KEYS), random.pick(TAG_VALUES));
  else emulator.removeTag(type, id, random.pick(TAG_KEYS));
}

/** Time that passes by itself, and by leaps where the program waits. */
function virtualClock() {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    pass: (ms: number) => {
      ahead += ms;
    },
  };
}

/** Canaries, so that whatever leaves the server can be searched for them. */
function keyOf(generation: number): { readonly accessKeyId: string; readonly accessKeySecret: string } {
  return { accessKeyId: `${CANARY.id}${generation}`, accessKeySecret: `${CANARY.secret}${generation}` };
}

function tokenOf(generation: number): { readonly securityToken: string } {
  return { securityToken: `${CANARY.token}${generation}` };
}

/** Credentials as a file or a metadata service hands them out: what is new there shows when it is asked again. */
function keyringOf(emulator: Emulator, hasSession: boolean) {
  const source = 'test';
  let generation = 1;
  const token = (): { securityToken?: string } => (hasSession ? tokenOf(generation) : {});
  const current = (): Credentials => {
    const { accessKeyId, accessKeySecret } = emulator;
    return { accessKeyId, accessKeySecret, source, ...token() };
  };
  let cached = current();
  let latest = cached;
  const credentialSource: CredentialSource = {
    get: async () => cached,
    async refresh() {
      cached = latest;
      return cached;
    },
  };
  return {
    source: credentialSource,
    learn() {
      latest = current();
    },
    change(keepsKey: boolean) {
      generation += 1;
      if (hasSession) emulator.expireSecurityToken();
      const { accessKeyId, accessKeySecret } = emulator;
      const key = keepsKey ? { accessKeyId, accessKeySecret } : keyOf(generation);
      emulator.rotateAccessKey({ ...key, ...token() });
    },
  };
}

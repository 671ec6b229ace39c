import type { Emulator, FaultKind } from '../../emulator/index.js';
import { type Place, putTags, TAG_KEYS, TAG_VALUES, type TagMap, tagsAt, valueIn } from './account.js';
import { type Fate, type Gate, type GateRequest, openGate } from './gate.js';
import type { Ledger } from './ledger.js';
import { type TagRequest, tagRequestOf } from './request.js';
import { type Seeded, seeded, seedOf } from './seeded.js';
import type { VirtualClock } from './virtual-clock.js';
import { CALM, type Mishap, mishapName, type Weather } from './weather.js';

/** What happened on the wire during one call. */
export interface Watch {
  readonly requests: number;
  /** Writes of which no answer of KMS told for sure. */
  readonly doubtfulWrites: number;
  /** Reads that went wrong in any way. */
  readonly faultyReads: number;
  /** Reads that showed an earlier state. */
  readonly staleReads: number;
  /** Places that a write brought to what it asked for, with the keys it named. */
  readonly acted: ReadonlyMap<string, ReadonlySet<string>>;
  /** Places of which tags were removed after others were set in the same call, and before a read had shown those. */
  readonly blindRemovals: readonly string[];
  /** One line for each request. */
  readonly lines: readonly string[];
}

/** The network of a sequence: a gate before each region of the emulator. */
export interface Wire {
  readonly gates: ReadonlyMap<string, Gate>;
  /** From now on, for the call with this number. Forgets what was watched. */
  begin(call: number, weather: Weather): void;
  readonly watch: Watch;
  /** Reads show what is there from now on. */
  catchUp(): void;
  close(): Promise<void>;
}

interface WireParts {
  readonly seed: number;
  readonly emulator: Emulator;
  readonly places: readonly Place[];
  readonly ledger: Ledger;
  readonly clock: VirtualClock;
}

/** Most changes of a colleague in one call: with all tags touched, nothing would be left to compare. */
const MOST_MEDDLING = 3;

export async function openWire({ seed, emulator, places, ledger, clock }: WireParts): Promise<Wire> {
  let weather = CALM;
  let call = 0;
  let meddled = 0;
  let seen = new Map<string, number>();
  let watch = emptyWatch();
  /** Tags that were set in this call and that no read has shown yet, by place. */
  let unseen = new Map<string, Map<string, string | undefined>>();
  const lag = new Map<string, { readonly place: Place; readonly tags: TagMap; reads: number }>();

  const meddle = (random: Seeded, near: readonly Place[], when: string): void => {
    if (meddled >= MOST_MEDDLING || !random.chance(weather.colleague)) return;
    meddled += 1;
    const place = near.length > 0 && random.chance(0.7) ? random.pick(near) : random.pick(places);
    const before = tagsAt(emulator, place);
    changeAtRandom(random, emulator, place);
    const after = tagsAt(emulator, place);
    ledger.note('colleague', place, before, after);
    startLag(random, place, before, after);
    watch.lines.push(`    ${when}, a colleague: ${place.name} ${difference(before, after)}`);
  };
  const startLag = (random: Seeded, place: Place, before: TagMap, after: TagMap): void => {
    if (difference(before, after) === '' || !random.chance(weather.lag.chance)) return;
    lag.set(place.name, { place, tags: before, reads: weather.lag.reads });
  };

  /** Lets KMS carry out a write, and notes what became of the tags. */
  async function write(asked: TagRequest, random: Seeded, forward: () => Promise<void>): Promise<void> {
    const before = new Map(asked.places.map((place) => [place.name, tagsAt(emulator, place)]));
    await forward();
    const removes = [...asked.wanted.values()].includes(undefined);
    for (const place of asked.places) {
      if (removes && unseen.has(place.name)) watch.blindRemovals.push(place.name);
      const was = before.get(place.name) ?? {};
      const is = tagsAt(emulator, place);
      ledger.note('server', place, was, is);
      startLag(random, place, was, is);
      if (!removes && difference(was, is) !== '')
        unseen.set(place.name, new Map([...(unseen.get(place.name) ?? []), ...asked.wanted]));
      if (![...asked.wanted].every(([key, value]) => valueIn(is, key) === value)) continue;
      watch.acted.set(place.name, new Set([...(watch.acted.get(place.name) ?? []), ...asked.wanted.keys()]));
    }
  }

  /** Lets KMS answer a read, from the state before a write where that is not forgotten yet. */
  async function read(asked: TagRequest, mishap: Mishap, forward: () => Promise<void>): Promise<void> {
    const behind = asked.places.flatMap((place) => lag.get(place.name) ?? []);
    const real = behind.map(({ place }) => tagsAt(emulator, place));
    for (const late of behind) {
      putTags(emulator, late.place, late.tags);
      late.reads -= 1;
      if (late.reads === 0) lag.delete(late.place.name);
    }
    if (behind.length > 0) watch.staleReads += 1;
    await forward();
    const isWell = READABLE.has(mishapName(mishap));
    for (const { name } of isWell ? asked.places : []) {
      // What lags may be a colleague's change alone.
      const late = behind.find(({ place }) => place.name === name);
      const isShown = [...(unseen.get(name) ?? [])].every(
        ([key, value]) => late === undefined || valueIn(late.tags, key) === value,
      );
      if (isShown) unseen.delete(name);
    }
    for (const [index, { place }] of behind.entries()) putTags(emulator, place, real[index] ?? {});
  }

  const gates = new Map<string, Gate>();
  for (const [regionId, endpoint] of Object.entries(emulator.endpoints)) {
    const region = emulator.region(regionId);
    const here = places.filter((place) => place.regionId === regionId);
    const drawn = new WeakMap<GateRequest, { asked: TagRequest; random: Seeded; mishap: Mishap }>();
    const gate = await openGate(endpoint, {
      async around(request, forward) {
        const fate = drawn.get(request);
        if (fate === undefined) return forward();
        const { asked, random, mishap } = fate;
        meddle(random, asked.places, 'before it');
        if (typeof mishap === 'object' && 'emulated' in mishap) {
          region.setFaults({ actions: [request.action], script: [mishap.emulated], slowMs: 2 });
        }
        if (asked.kind === 'write') await write(asked, random, forward);
        else if (asked.kind === 'read') await read(asked, mishap, forward);
        else await forward();
        region.setFaults(undefined);
        meddle(random, asked.places, 'after it');
      },
    });
    gate.setFate((request): Fate => {
      const asked = tagRequestOf(request, regionId, here);
      const name = `${regionId} ${asked.name}`;
      const time = (seen.get(name) ?? 0) + 1;
      seen.set(name, time);
      const random = seeded(seedOf(`${seed} ${call} ${time} ${name}`));
      const mishap = weather.mishap(request, asked, random);
      drawn.set(request, { asked, random, mishap });
      clock.pass(weather.msPerRequest);
      watch.requests += 1;
      watch.lines.push(`    ${asked.name.slice(0, 200)}${mishap === 'pass' ? '' : `: ${mishapName(mishap)}`}`);
      if (asked.kind === 'write' && leavesDoubt(mishap)) watch.doubtfulWrites += 1;
      if (asked.kind !== 'write' && mishap !== 'pass') watch.faultyReads += 1;
      return typeof mishap === 'object' && 'emulated' in mishap ? 'pass' : mishap;
    });
    gates.set(regionId, gate);
  }

  return {
    gates,
    begin(number, next) {
      call = number;
      weather = next;
      meddled = 0;
      seen = new Map();
      unseen = new Map();
      watch = emptyWatch();
    },
    get watch() {
      return watch;
    },
    catchUp: () => lag.clear(),
    async close() {
      await Promise.all([...gates.values()].map((gate) => gate.close()));
    },
  };
}

function emptyWatch() {
  const lines: string[] = [];
  const acted = new Map<string, ReadonlySet<string>>();
  const blindRemovals: string[] = [];
  return { requests: 0, doubtfulWrites: 0, faultyReads: 0, staleReads: 0, acted, blindRemovals, lines };
}

/** Mishaps that leave an answer to a read as it is, or change what it says beside tags. */
const READABLE = new Set(['pass', 'slow', 'undated', 'misdated', 'wrong-count', 'repeat-token', 'rewritten']);
const SURE: ReadonlySet<FaultKind> = new Set(['throttle429', 'throttle400', 'slow', 'repeat-token', 'wrong-count']);

/** Only an answer of KMS below 500 tells for sure. */
function leavesDoubt(mishap: Mishap): boolean {
  if (typeof mishap === 'string') return !['pass', 'undated', 'misdated'].includes(mishap);
  if ('emulated' in mishap) return !SURE.has(mishap.emulated);
  return !('deny' in mishap && mishap.status < 500);
}

export function changeAtRandom(random: Seeded, emulator: Emulator, place: Place): void {
  const region = emulator.region(place.regionId);
  const key = random.pick(TAG_KEYS);
  if (random.chance(0.6)) region.setTag(place.type, place.id, key, random.pick(TAG_VALUES));
  else region.removeTag(place.type, place.id, key);
}

function difference(before: TagMap, after: TagMap): string {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => valueIn(before, key) !== valueIn(after, key))
    .map((key) => `${key}: ${JSON.stringify(valueIn(before, key))} -> ${JSON.stringify(valueIn(after, key))}`)
    .join(', ');
}

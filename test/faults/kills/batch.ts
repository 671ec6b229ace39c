import * as z from 'zod';
import { type Emulator, startEmulator } from '../../../emulator/index.js';
import { inParallel } from '../../../src/base/parallel.js';
import type { Seeded } from '../seeded.js';
import type { StartVictim, Victim } from './victim.js';

/** What came of one batch of kills. */
export interface BatchReport {
  /** Those that came before the answer. */
  readonly kills: number;
  /** Of these, when some of the tags were changed and some were not. */
  readonly midway: number;
  /** Each with the change that it was about. */
  readonly wrong: readonly string[];
}

/** What a program does when it is killed. */
const DEEDS = ['remove', 'rename', 'set and remove', 'undo of a removal', 'undo of a rename'] as const;
type Deed = (typeof DEEDS)[number];

/** Four parts of a run. */
const KEYS = 200;
/** Programs at once. */
const AT_ONCE = 4;
/** A lease lapses after 10 s. */
const LONGEST_WAIT_MS = 30_000;

/**
 * Kills programs in the middle of bulk changes, each of keys of its own, waits until their leases have lapsed, and
 * undoes everything with a new program, the newest change first.
 */
export async function runBatch(
  programs: number,
  random: Seeded,
  open: (emulator: Emulator) => Promise<{ readonly start: StartVictim; close(): Promise<void> }>,
): Promise<BatchReport> {
  const sets = Array.from({ length: programs }, (_, index) => `set-${index}`);
  const keys = sets.flatMap((set) =>
    Array.from({ length: KEYS }, (_, index) => ({
      KeyId: `${set}-key-${index}`,
      Tags: { [set]: 'yes', temp: `t${index % 3}`, owner: `o${index % 2}`, stays: 'here' },
    })),
  );
  const emulator = await startEmulator({ data: { keys } });
  emulator.setFaults({ actions: WRITES, probabilities: { slow: 0.6 }, slowMs: 60, seed: random.below(1e6) });
  const journal = await open(emulator);
  const stateOf = (set: string) =>
    Array.from({ length: KEYS }, (_, index) => JSON.stringify(emulator.tagsOf('key', `${set}-key-${index}`)));
  const before = new Map(sets.map((set) => [set, stateOf(set)]));
  const wrong: string[] = [];
  let kills = 0;
  let midway = 0;
  try {
    const drawn = sets.map((set) => ({ set, deed: random.pick(DEEDS), moment: random.next() }));
    await inParallel(drawn, AT_ONCE, async ({ set, deed, moment }) => {
      const victim = await journal.start();
      if (!(await killDuring(victim, set, deed, moment))) return;
      kills += 1;
      if (new Set(stateOf(set).map((tags, index) => tags === before.get(set)?.[index])).size > 1) midway += 1;
    });
    emulator.setFaults(undefined);
    wrong.push(...(await undoAll(journal.start)));
    for (const { set, deed } of drawn) {
      const lost = stateOf(set).filter((tags, index) => tags !== before.get(set)?.[index]);
      if (lost.length > 0)
        wrong.push(`${deed} of ${set}: ${lost.length} of ${KEYS} keys are not as before: ${lost[0]}`);
    }
  } finally {
    await journal.close();
    await emulator.close();
  }
  return { kills, midway, wrong };
}

/** Milliseconds that most changes of so many keys take. */
const LONGEST_MS = 450;
const WRITES = ['UntagResource', 'TagResource', 'UntagResources', 'TagResources'];

/** Whether the program was killed before it answered. */
async function killDuring(victim: Victim, set: string, deed: Deed, moment: number): Promise<boolean> {
  const operations: Readonly<Record<Deed, object>> = {
    remove: { RemoveTagKeys: ['temp', 'owner'] },
    rename: { RenameTagKeys: [{ From: 'temp', To: 'tmp' }] },
    'set and remove': { RemoveTagKeys: ['owner'], SetTags: [{ TagKey: 'temp', TagValue: 'new' }] },
    'undo of a removal': { RemoveTagKeys: ['temp', 'owner'] },
    'undo of a rename': { RenameTagKeys: [{ From: 'temp', To: 'tmp' }] },
  };
  const where = { ResourceType: 'key', Where: [{ TagKey: set }] };
  const plan = planned.parse((await victim.call('plan_change', { ...where, ...operations[deed] })).structured);
  let doomed = victim.call('apply_plan', plan);
  if (deed.startsWith('undo')) doomed = victim.call('undo_change', made.parse((await doomed).structured));
  // It ends without an answer, or had one in time.
  let isAnswered = false;
  const ended = doomed.then(
    () => {
      isAnswered = true;
    },
    () => undefined,
  );
  await new Promise((resolve) => setTimeout(resolve, moment * LONGEST_MS));
  await victim.kill();
  await ended;
  return !isAnswered;
}

const planned = z.object({ PlanId: z.string(), Change: z.string() });
const made = z.object({ ChangeId: z.string() });
const change = z.object({ ChangeId: z.string(), Change: z.string(), State: z.string() });
type Change = z.output<typeof change>;
const listed = z.object({ Changes: z.array(change), NextToken: z.string().optional() });
const undone = z.object({ Status: z.string() });

/** Undoes every change, the newest first, those of different keys side by side; what is wrong, a line each. */
async function undoAll(start: StartVictim): Promise<readonly string[]> {
  const wrong: string[] = [];
  const survivors = await Promise.all(Array.from({ length: AT_ONCE }, start));
  try {
    const bySet = new Map<string, Change[]>();
    for (const one of await settledChanges(survivors)) {
      const set = /set-\d+/.exec(one.Change)?.[0] ?? '';
      bySet.set(set, [...(bySet.get(set) ?? []), one]);
    }
    const queue = [...bySet.values()];
    await inParallel(survivors, AT_ONCE, async (survivor) => {
      for (let changes = queue.pop(); changes !== undefined; changes = queue.pop()) {
        for (const one of changes) wrong.push(...(await undoOne(survivor, one)));
      }
    });
  } finally {
    await Promise.all(survivors.map((survivor) => survivor.close()));
  }
  return wrong;
}

async function undoOne(survivor: Victim, { ChangeId, State }: Change): Promise<readonly string[]> {
  const reply = await survivor.call('undo_change', { ChangeId });
  const isDone = undone.safeParse(reply.structured).data?.Status === 'done';
  return [
    ...(['interrupted', 'done'].includes(State) ? [] : [`${ChangeId} is ${State}`]),
    ...(isDone ? [] : [`undo of ${ChangeId}, ${State}: ${reply.text.slice(0, 300)}`]),
  ];
}

/** All changes, as soon as none passes for being made. */
async function settledChanges([survivor]: readonly Victim[]): Promise<readonly Change[]> {
  if (survivor === undefined) return [];
  const deadline = performance.now() + LONGEST_WAIT_MS;
  for (;;) {
    const changes: Change[] = [];
    let page: z.output<typeof listed> | undefined;
    do {
      const NextToken = page?.NextToken;
      const reply = await survivor.call('list_changes', { Limit: 100, ...(NextToken && { NextToken }) });
      page = listed.parse(reply.structured);
      changes.push(...page.Changes);
    } while (page.NextToken !== undefined);
    if (!changes.some(({ State }) => State === 'running') || performance.now() > deadline) return changes;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

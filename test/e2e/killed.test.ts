import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { RequestRecord } from '../../emulator/index.js';
import { callMessage, connect, openWorld, type RawProgram, spawnRaw, type World } from '../support/program.js';
import { replyOf, type Session } from '../support/reply.js';

/** Kills in the middle of a change of one key, spread over the time that it takes. */
const KILLS = 28;
/** Kills in the middle of a bulk change. */
const BULK_KILLS = 5;
/** Keys of each bulk change. */
const BULK_KEYS = 120;
/** Programs at once. */
const AT_ONCE = 4;

const TAGS = { temp: 'spike', owner: 'alice', env: 'dev' };
const SINGLE = Array.from({ length: KILLS }, (_, n) => `single-${String(n).padStart(3, '0')}`);
const BULK = Array.from({ length: BULK_KILLS }, (_, n) => `bulk-${n}`);

const listing = z.object({
  Changes: z.array(z.object({ ChangeId: z.string(), Change: z.string(), Tool: z.string(), State: z.string() })),
});

const answered = z.object({ result: z.unknown() });

let world: World;
beforeAll(async () => {
  // Keys of a bulk change carry a tag of their own, by which it selects them.
  const bulk = BULK.flatMap((set) =>
    Array.from({ length: BULK_KEYS }, (_, n) => ({ KeyId: `${set}-${n}`, Tags: { ...TAGS, [set]: `v${n % 7}` } })),
  );
  const keys = [...SINGLE.map((KeyId) => ({ KeyId, Tags: TAGS })), ...bulk];
  world = await openWorld({ data: { keys } });
});
afterAll(() => world.close());

const kill = async (program: RawProgram): Promise<void> => {
  program.child.kill('SIGKILL');
  expect(await program.ended()).toBe('SIGKILL');
};

/** Waits until the emulator has got a request for a key. */
async function received(action: string, keyId: string): Promise<void> {
  const isIt = (request: RequestRecord): boolean =>
    request.action === action && Object.values(request.parameters).includes(keyId);
  while (!world.emulator.requests.some(isIt)) await pause(1);
}

/** The key that a change of one key names in its sentence. */
const keyOf = ({ Change }: { readonly Change: string }): string => /key "(single-\d+)"/.exec(Change)?.[1] ?? '';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs `work` for each item, a few at once. */
async function eachOf<Item>(items: readonly Item[], work: (item: Item, index: number) => Promise<void>): Promise<void> {
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) await work(item, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** All changes, once the leases of those that were cut off have lapsed: 10 s. */
async function settledChanges(call: Session['call']) {
  for (;;) {
    const { Changes } = listing.parse((await call('list_changes', { Limit: 100 })).structured);
    if (Changes.every(({ State }) => State !== 'running')) return Changes;
    await pause(500);
  }
}

describe('a server that is killed with -9 again and again in the middle of changes', () => {
  it('leaves a journal that tells, and every tag can be restored', { timeout: 60_000 }, async () => {
    const { emulator } = world;
    // The read and the write take 40 ms each, so that a change takes long enough to be hit anywhere.
    emulator.setFaults({ probabilities: { slow: 1 }, slowMs: 40 });
    await eachOf(SINGLE, async (KeyId, index) => {
      const program = spawnRaw(world);
      program.send(callMessage('modern', 1, 'untag_resource', { KeyId, TagKeys: ['temp', 'owner'] }));
      // From the read on, and from the moment on at which KMS has made the change.
      const isLate = index % 2 === 1;
      await received(isLate ? 'UntagResource' : 'ListResourceTags', KeyId);
      await pause((index / KILLS) * 70);
      await kill(program);
    });
    emulator.setFaults(undefined);
    const removed = SINGLE.filter((id) => emulator.tagsOf('key', id)?.['temp'] === undefined);
    // Some were hit before the write, some after it.
    expect(removed.length).toBeGreaterThan(3);
    expect(removed.length).toBeLessThan(KILLS);

    const { call, close, problems } = await connect('v2-modern', world);
    const Changes = await settledChanges(call);
    const states = new Map(Changes.map((change) => [keyOf(change), change]));
    for (const id of removed) expect(states.get(id)?.State).toMatch(/interrupted|done/);
    for (const change of Changes) {
      const { State, ChangeId } = change;
      // Nothing else can have become of a change whose process is gone.
      expect(['interrupted', 'done']).toContain(State);
      const undone = await call('undo_change', { ChangeId });
      expect(undone.isError).toBe(false);
      const { Restored, Unchanged, Status } = undone.structured;
      expect([Status, Restored, Unchanged]).toEqual(removed.includes(keyOf(change)) ? ['done', 2, 0] : ['done', 0, 2]);
    }
    for (const id of SINGLE) expect(emulator.tagsOf('key', id)).toEqual(TAGS);
    expect(Changes.some((change) => change.State === 'interrupted')).toBe(true);
    expect(problems).toEqual([]);
    await close();
  });

  it('leaves a bulk change that can be undone from wherever it had got to', { timeout: 60_000 }, async () => {
    const { emulator } = world;
    emulator.setFaults({ actions: ['UntagResources'], probabilities: { slow: 1 }, slowMs: 30 });
    const tagged = (set: string): number =>
      Array.from({ length: BULK_KEYS }, (_, n) => emulator.tagsOf('key', `${set}-${n}`)?.[set]).filter(Boolean).length;
    await eachOf(BULK, async (set, index) => {
      const program = spawnRaw(world);
      const removal = { ResourceType: 'key', RemoveTagKeys: [set], Where: [{ TagKey: set }] };
      program.send(callMessage('modern', 1, 'plan_change', removal));
      const { structured } = replyOf(answered.parse(await program.reply(1)).result);
      const { PlanId, Change } = structured;
      program.send(callMessage('modern', 2, 'apply_plan', { PlanId, Change }));
      // Three requests to each run; this is the first.
      await received('UntagResources', set);
      await pause((index / BULK_KILLS) * 150);
      await kill(program);
    });
    emulator.setFaults(undefined);
    const left = BULK.map(tagged);
    for (const count of left) expect(count).toBeLessThan(BULK_KEYS);

    const { call, close } = await connect('v1', world);
    const Changes = await settledChanges(call);
    for (const { ChangeId, Tool, State } of Changes.filter((change) => change.Tool === 'apply_plan')) {
      expect({ Tool, State }).toEqual({ Tool: 'apply_plan', State: expect.stringMatching(/interrupted|done/) });
      expect((await call('undo_change', { ChangeId })).structured).toMatchObject({ Status: 'done' });
    }
    expect(BULK.map(tagged)).toEqual(BULK.map(() => BULK_KEYS));
    await close();
  });
});

import { setTimeout as wait } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { newChangeId } from '../../src/journal/change.js';
import type { LeaseTiming } from '../../src/journal/lease.js';
import { type JournalStore, LeaseLost } from '../../src/journal/store.js';

/** A way to get at stores that share what they keep, as replicas do. */
export interface StoreFixture {
  /** Another store over the same place. */
  open(options?: StoreOptions): JournalStore;
}

export interface StoreOptions {
  /** Room for so many changes. */
  readonly changes?: number;
  readonly lease?: LeaseTiming;
  /** The store's monotonic clock. */
  readonly clock?: () => number;
}

let count = 0;
/** Ids in the order of their making, all of the last minute. */
export function nextId(): string {
  count += 1;
  return newChangeId(Date.now() - 60_000 + count, count.toString(16).padStart(8, '0'));
}

export async function collect<Item>(items: AsyncIterable<Item>, most = Number.POSITIVE_INFINITY): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) {
    found.push(item);
    if (found.length >= most) break;
  }
  return found;
}

export async function linesOf(store: JournalStore, id: string): Promise<string[] | undefined> {
  const stored = await store.read(id);
  return stored && collect(stored.lines);
}

const isLeased = async (store: JournalStore, id: string): Promise<boolean | undefined> =>
  (await store.read(id))?.isLeased;

/** What a `JournalStore` promises, whatever keeps the lines. `fixture` gives an empty place each time. */
export function describeJournalStore(name: string, fixture: () => Promise<StoreFixture>): void {
  let place: StoreFixture;
  let store: JournalStore;
  let other: JournalStore;
  beforeEach(async () => {
    place = await fixture();
    store = place.open();
    other = place.open();
  });
  /** A change that is made and closed. */
  async function made(maker = store, id = nextId()): Promise<string> {
    await maker.create(id, ['{}']);
    await maker.close(id);
    return id;
  }

  describe(`${name}: changes`, () => {
    it('gives back the lines of a change in order, to another store, too', async () => {
      const id = nextId();
      await store.create(id, ['{"a":1}', '{"b":"ü 漢 \u2028 \r"}']);
      await store.append(id, ['{"c":3}'], false);
      await store.append(id, ['{"d":4}', '{"e":5}'], true);
      expect(await linesOf(other, id)).toEqual(['{"a":1}', '{"b":"ü 漢 \u2028 \r"}', '{"c":3}', '{"d":4}', '{"e":5}']);
      await store.close(id);
      expect(await linesOf(store, id)).toHaveLength(5);
    });

    it.each([
      ['many short lines', 20_001, 10],
      ['lines of some kilobytes', 501, 2_000],
      ['few lines of a megabyte', 4, 1_000_000],
    ])('gives back a change of %s whole, created and appended', async (_, lineCount, size) => {
      const id = nextId();
      const lines = Array.from({ length: lineCount }, (_, index) => JSON.stringify({ index, pad: 'x'.repeat(size) }));
      await store.create(id, lines);
      expect(await linesOf(other, id)).toEqual(lines);
      await store.append(id, lines, true);
      expect(await linesOf(other, id)).toEqual([...lines, ...lines]);
      await store.close(id);
    });

    it('leaves nothing of a change whose lines cannot be made', async () => {
      function* failing() {
        for (let index = 0; index < 2_000; index += 1) yield JSON.stringify({ index, pad: 'x'.repeat(1_000) });
        throw new Error('no such line');
      }
      const id = nextId();
      await expect(store.create(id, failing())).rejects.toThrow('no such line');
      expect(await store.read(id)).toBeUndefined();
      expect(await collect(other.newest())).toEqual([]);
      await made(store, id);
      expect(await linesOf(other, id)).toEqual(['{}']);
    });

    it('refuses to create a change twice, and keeps the first', async () => {
      const id = nextId();
      await store.create(id, ['{"first":1}']);
      for (const maker of [store, other]) await expect(maker.create(id, ['{"second":2}'])).rejects.toThrow();
      await store.append(id, ['{"end":1}'], true);
      await store.close(id);
      await expect(other.create(id, ['{"third":3}'])).rejects.toThrow();
      expect(await linesOf(store, id)).toEqual(['{"first":1}', '{"end":1}']);
    });

    it('knows nothing of a change that was never made', async () => {
      expect(await store.read(nextId())).toBeUndefined();
      expect(await collect(store.newest())).toEqual([]);
    });

    const notIds = ['', '../../etc/passwd', 'changes', '*', '20261124T121901123Z-5f3a9c01\n', 'x'.repeat(10_000)];
    it.each(notIds)('takes %j for no change', async (id) => {
      expect(await store.read(id)).toBeUndefined();
      await expect(store.create(id, ['{}'])).rejects.toThrow('not a change id');
    });

    it('lists the newest first, whoever made them', async () => {
      const ids: string[] = [];
      for (let index = 0; index < 250; index += 1) ids.push(await made(index % 2 === 0 ? store : other));
      expect(await collect(store.newest())).toEqual(ids.toReversed());
      expect(await collect(other.newest(), 3)).toEqual(ids.slice(-3).toReversed());
    });

    it('lists no change twice while others are added', async () => {
      const ids: string[] = [];
      for (let index = 0; index < 150; index += 1) ids.push(await made());
      const seen: string[] = [];
      for await (const id of store.newest()) if (seen.push(id) === 50) await made(other);
      expect(seen.filter((id) => ids.includes(id))).toEqual(ids.toReversed());
      expect(new Set(seen).size).toBe(seen.length);
    });

    it('drops the oldest when there is no more room, and never the one just made', async () => {
      const small = place.open({ changes: 3 });
      const ids: string[] = [];
      for (let index = 0; index < 5; index += 1) ids.push(await made(small));
      await expect.poll(() => collect(small.newest())).toEqual(ids.slice(2).toReversed());
      expect(await small.read(ids[0] ?? '')).toBeUndefined();
      expect(await linesOf(small, ids[4] ?? '')).toEqual(['{}']);
    });

    it('does not drop a change that is under way, however old it is', async () => {
      const small = place.open({ changes: 2 });
      const first = nextId();
      await small.create(first, ['{}']);
      const later: string[] = [];
      for (let index = 0; index < 5; index += 1) later.push(await made(place.open({ changes: 2 })));
      await expect.poll(() => collect(other.newest())).not.toContain(later[0]);
      await small.append(first, ['{"more":1}'], true);
      expect(await linesOf(other, first)).toEqual(['{}', '{"more":1}']);
      await small.close(first);
    });
  });

  describe(`${name}: leases`, () => {
    const lease = { lengthMs: 400, renewEveryMs: 100 };

    it('holds the lease of a change from its creation until it is closed, for all to see', async () => {
      const id = nextId();
      await store.create(id, ['{}']);
      expect([await isLeased(store, id), await isLeased(other, id)]).toEqual([true, true]);
      await store.close(id);
      expect([await isLeased(store, id), await isLeased(other, id)]).toEqual([false, false]);
    });

    it('renews the lease for as long as the change is open', async () => {
      // Long enough for a busy machine to renew in time, and shorter than the looks take.
      const long = { lengthMs: 1_000, renewEveryMs: 100 };
      const maker = place.open({ lease: long });
      const reader = place.open({ lease: long });
      const id = nextId();
      await maker.create(id, ['{}']);
      for (let looks = 0; looks < 15; looks += 1) {
        await wait(100);
        expect(await isLeased(reader, id)).toBe(true);
      }
      await maker.append(id, ['{"still":1}'], true);
      await maker.close(id);
    });

    it('lets a lease lapse that is not renewed, and no later renewal or line comes through', async () => {
      let stoppedMs = 0;
      const maker = place.open({ lease, clock: () => performance.now() + stoppedMs });
      const id = nextId();
      await maker.create(id, ['{}']);
      stoppedMs = 500;
      await expect(maker.append(id, ['{"late":1}'], true)).rejects.toBeInstanceOf(LeaseLost);
      stoppedMs = 0;
      await wait(250);
      await expect(maker.append(id, ['{"late":2}'], false)).rejects.toBeInstanceOf(LeaseLost);
      await expect.poll(() => isLeased(place.open({ lease }), id), { timeout: 2_000 }).toBe(false);
      await maker.close(id);
      expect(await linesOf(other, id)).toEqual(['{}']);
    });

    it('takes no line for a change after it was closed, or that another store has open', async () => {
      const id = nextId();
      await store.create(id, ['{}']);
      await expect(other.append(id, ['{}'], true)).rejects.toBeInstanceOf(LeaseLost);
      await other.close(id);
      expect(await isLeased(other, id)).toBe(true);
      await store.close(id);
      await store.close(id);
      await expect(store.append(id, ['{}'], true)).rejects.toBeInstanceOf(LeaseLost);
    });
  });

  describe(`${name}: plans and tokens`, () => {
    it('keeps a plan for its time, for other stores, too, and not longer', async () => {
      await store.putPlan('p-Az09_-', ['{"plan":"ü\u2028"}', '{"items":[]}'], 700);
      const lines = await other.readPlan('p-Az09_-');
      expect(await collect(lines ?? fail())).toEqual(['{"plan":"ü\u2028"}', '{"items":[]}']);
      await wait(750);
      expect(await other.readPlan('p-Az09_-')).toBeUndefined();
      expect(await other.readPlan('p-never')).toBeUndefined();
    });

    it('gives a plan of ten megabytes back whole, also to a reader who began in time and is slow', async () => {
      const lines = Array.from({ length: 100_000 }, (_, index) => `["key-${index}","${'x'.repeat(80)}"]`);
      await store.putPlan('large', lines, 3_000);
      const reading = (await other.readPlan('large')) ?? fail();
      const found: string[] = [];
      for await (const line of reading) if (found.push(line) === 50_000) await wait(3_000);
      expect(found).toEqual(lines);
      expect(await other.readPlan('large')).toBeUndefined();
    });

    it('leaves nothing of a plan whose lines cannot be made', async () => {
      function* failing() {
        yield* Array.from({ length: 2_000 }, () => 'x'.repeat(1_000));
        throw new Error('no such line');
      }
      await expect(store.putPlan('half', failing(), 60_000)).rejects.toThrow('no such line');
      expect(await other.readPlan('half')).toBeUndefined();
    });

    it('keeps the first of two plans of one id', async () => {
      await store.putPlan('twice', ['first'], 60_000);
      await expect(other.putPlan('twice', ['second'], 60_000)).rejects.toThrow();
      expect(await collect((await store.readPlan('twice')) ?? fail())).toEqual(['first']);
      expect(await store.readPlan('TWICE')).toBeUndefined();
    });

    it.each(['', '../x', 'a/b', 'a:b', 'a b', 'ä', 'x\0', 'x\n', '*', 'x'.repeat(31)])(
      'takes %j for no plan',
      async (id) => {
        await expect(store.putPlan(id, ['{}'], 60_000)).rejects.toThrow('not a plan id');
        expect(await store.readPlan(id)).toBeUndefined();
      },
    );

    it('lets a token be consumed once, in whichever store', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : other).consumeOnce('token-1', 60_000)),
      );
      expect(answers.filter((answer) => answer)).toHaveLength(1);
      expect(await other.consumeOnce('token-1', 60_000)).toBe(false);
      expect(await other.consumeOnce('token-2', 60_000)).toBe(true);
    });
  });
}

function fail(): never {
  throw new Error('there is no such plan');
}

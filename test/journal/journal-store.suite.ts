import { beforeEach, describe, expect, it } from 'vitest';
import { newChangeId } from '../../src/journal/change.js';
import type { JournalStore } from '../../src/journal/journal.js';

/** A way to get at stores that share what they keep, as replicas do. */
export interface StoreFixture {
  /** Another store over the same place. */
  open(): JournalStore;
  /** The same with room for so many changes. */
  openSmall(changes: number): JournalStore;
}

let count = 0;
/** Ids in the order of their making, all of the last minute. */
function nextId(): string {
  count += 1;
  return newChangeId(Date.now() - 60_000 + count, count.toString(16).padStart(8, '0'));
}

async function linesOf(store: JournalStore, id: string): Promise<string[] | undefined> {
  const lines = await store.read(id);
  if (lines === undefined) return undefined;
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

async function newestOf(store: JournalStore, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  const found: string[] = [];
  for await (const id of store.newest()) {
    found.push(id);
    if (found.length >= most) break;
  }
  return found;
}

/** What a `JournalStore` promises, whatever keeps the lines. `fixture` gives an empty place each time. */
export function describeJournalStore(name: string, fixture: () => Promise<StoreFixture>): void {
  describe(name, () => {
    let place: StoreFixture;
    let store: JournalStore;
    let other: JournalStore;
    beforeEach(async () => {
      place = await fixture();
      store = place.open();
      other = place.open();
    });

    it('gives back the lines of a change in order, to another store, too', async () => {
      const id = nextId();
      await store.create(id, ['{"a":1}', '{"b":"ü 漢 \\u2028"}']);
      await store.append(id, '{"c":3}', false);
      await store.append(id, '{"d":4}', true);
      expect(await linesOf(other, id)).toEqual(['{"a":1}', '{"b":"ü 漢 \\u2028"}', '{"c":3}', '{"d":4}']);
      await store.close(id);
      expect(await linesOf(store, id)).toHaveLength(4);
    });

    it('gives back a long change whole', async () => {
      const id = nextId();
      const lines = Array.from({ length: 501 }, (_, index) => JSON.stringify({ index, pad: 'x'.repeat(2_000) }));
      await store.create(id, lines);
      expect(await linesOf(other, id)).toEqual(lines);
      await store.close(id);
    });

    it('knows nothing of a change that was never made', async () => {
      expect(await linesOf(store, nextId())).toBeUndefined();
      expect(await newestOf(store)).toEqual([]);
    });

    it.each(['', '../../etc/passwd', 'changes', '*', 'x'.repeat(10_000)])('takes %j for no change', async (id) => {
      expect(await linesOf(store, id)).toBeUndefined();
    });

    it('lists the newest first, whoever made them', async () => {
      const ids = Array.from({ length: 250 }, nextId);
      for (const [index, id] of ids.entries()) {
        const maker = index % 2 === 0 ? store : other;
        await maker.create(id, ['{}']);
        await maker.close(id);
      }
      expect(await newestOf(store)).toEqual(ids.toReversed());
      expect(await newestOf(other, 3)).toEqual(ids.slice(-3).toReversed());
    });

    it('lists no change twice while others are added', async () => {
      const ids = Array.from({ length: 150 }, nextId);
      for (const id of ids) {
        await store.create(id, ['{}']);
        await store.close(id);
      }
      const seen: string[] = [];
      for await (const id of store.newest()) {
        if (seen.push(id) === 50) {
          const late = nextId();
          await other.create(late, ['{}']);
          await other.close(late);
        }
      }
      expect(seen.filter((id) => ids.includes(id))).toEqual(ids.toReversed());
      expect(new Set(seen).size).toBe(seen.length);
    });

    it('drops the oldest when there is no more room, and never the one just made', async () => {
      const small = place.openSmall(3);
      const ids = Array.from({ length: 5 }, nextId);
      for (const id of ids) {
        await small.create(id, ['{}']);
        await small.close(id);
      }
      expect(await newestOf(small)).toEqual(ids.slice(2).toReversed());
      expect(await linesOf(small, ids[0] ?? '')).toBeUndefined();
    });

    it('lets a token be spent once, in whichever store', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : other).spend('token-1', 60_000)),
      );
      expect(answers.filter((answer) => answer)).toHaveLength(1);
      expect(await other.spend('token-1', 60_000)).toBe(false);
      expect(await other.spend('token-2', 60_000)).toBe(true);
    });
  });
}

import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { type JournalStore, LeaseLost } from '../../src/journal/store.js';
import { isPosix, temporaryDirectory } from './disk.js';
import { linesOf, nextId } from './journal-store.suite.js';
import { describeHolder } from './lease-holder.suite.js';

const isLeased = async (store: JournalStore, id: string): Promise<boolean | undefined> =>
  (await store.read(id))?.isLeased;

// Windows knows no SIGSTOP.
if (isPosix) {
  describeHolder('the journal in files', async () => {
    const where = await temporaryDirectory();
    return { where, open: (lease) => fileJournalStore(where, { lease }), showsWholeChanges: false };
  });
}

describe('a clock that jumps', () => {
  const HOUR_S = 3_600;
  const SLOW = { lengthMs: 800, renewEveryMs: 60_000 };
  async function openChange() {
    const directory = await temporaryDirectory();
    const [store, reader] = [
      fileJournalStore(directory, { lease: SLOW }),
      fileJournalStore(directory, { lease: SLOW }),
    ];
    const id = nextId();
    await store.create(id, ['{}']);
    const shift = (seconds: number): Promise<void> => {
      const time = Date.now() / 1_000 + seconds;
      return utimes(join(directory, `${id}.lease`), time, time);
    };
    return { store, reader, id, shift };
  }

  it('forward, so that a lease looks old, never lets both go on: who finds it old takes it away', async () => {
    const { store, reader, id, shift } = await openChange();
    await shift(-HOUR_S);
    expect(await isLeased(reader, id)).toBe(false);
    await expect(store.append(id, ['{}'], true)).rejects.toBeInstanceOf(LeaseLost);
    await store.close(id);
    expect(await isLeased(store, id)).toBe(false);
  });

  it('forward while nobody looks does no harm', async () => {
    const { store, id, shift } = await openChange();
    await shift(-HOUR_S);
    await store.append(id, ['{}'], true);
    await store.close(id);
    expect(await linesOf(store, id)).toHaveLength(2);
  });

  it('backward, so that a lease looks as if it came from the future, lets it lapse in time all the same', async () => {
    const { store, reader, id, shift } = await openChange();
    onTestFinished(() => store.close(id));
    await shift(HOUR_S);
    expect(await isLeased(reader, id)).toBe(true);
    await wait(SLOW.lengthMs + 100);
    expect(await isLeased(reader, id)).toBe(false);
  });
});

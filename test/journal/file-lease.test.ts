import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { type JournalStore, LeaseLost } from '../../src/journal/store.js';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { isPosix, temporaryDirectory } from './disk.js';
import { linesOf, nextId } from './journal-store.suite.js';

const LEASE = { lengthMs: 800, renewEveryMs: 200 };

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram('test/journal/store-program.ts');
});
afterAll(() => program.remove());

interface Holder {
  readonly child: ChildProcessWithoutNullStreams;
  readonly id: string;
  /** Has it append a line; null, or the name of the error. */
  append(): Promise<unknown>;
}

/** Another process that has a change open. */
async function holder(directory: string, mode = 'hold'): Promise<Holder> {
  const env = { PATH: process.env['PATH'] ?? '', LEASE_MS: String(LEASE.lengthMs) };
  const child = spawn(process.execPath, [program.path, mode, directory], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? 'null');
  const id = String(await answer());
  return {
    child,
    id,
    async append() {
      child.stdin.write('\n');
      return (await answer()) ?? null;
    },
  };
}

const isLeased = async (store: JournalStore, id: string): Promise<boolean | undefined> =>
  (await store.read(id))?.isLeased;

describe.skipIf(!isPosix)('a process that has a change open', () => {
  it('keeps its lease while it lives, and leaves it to lapse when it is killed', async () => {
    const directory = await temporaryDirectory();
    const store = fileJournalStore(directory, { lease: LEASE });
    const { child, id } = await holder(directory);
    for (let looks = 0; looks < 8; looks += 1) {
      expect(await isLeased(store, id)).toBe(true);
      await wait(200);
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    const killedAt = performance.now();
    expect(await isLeased(store, id)).toBe(true);
    await expect.poll(() => isLeased(store, id), { timeout: 5_000, interval: 20 }).toBe(false);
    expect(performance.now() - killedAt).toBeLessThan(LEASE.lengthMs + 400);
    expect(await linesOf(store, id)).toHaveLength(2);
  });

  it('leaves a change with all of its lines when it is killed right after its creation', async () => {
    const directory = await temporaryDirectory();
    const { id } = await holder(directory, 'die');
    expect(await linesOf(fileJournalStore(directory), id)).toHaveLength(2);
  });

  it.each([
    ['while others look', true],
    ['while nobody looks', false],
  ])('may write no more after it was stopped for longer than its lease, %s', async (_, someoneLooks) => {
    const directory = await temporaryDirectory();
    const store = fileJournalStore(directory, { lease: LEASE });
    const { child, id, append } = await holder(directory);
    expect(await append()).toBe(null);
    child.kill('SIGSTOP');
    await wait(LEASE.lengthMs + 200);
    if (someoneLooks) expect(await isLeased(store, id)).toBe(false);
    child.kill('SIGCONT');
    await wait(LEASE.renewEveryMs * 2);
    expect(await append()).toBe('LeaseLost');
    expect(await append()).toBe('LeaseLost');
    if (someoneLooks) expect(await isLeased(store, id)).toBe(false);
    expect(await linesOf(store, id)).toHaveLength(3);
  });

  it('goes on after it was stopped for less than its lease', async () => {
    const directory = await temporaryDirectory();
    const { child, id, append } = await holder(directory);
    child.kill('SIGSTOP');
    await wait(LEASE.lengthMs / 2);
    child.kill('SIGCONT');
    expect(await append()).toBe(null);
    expect(await isLeased(fileJournalStore(directory, { lease: LEASE }), id)).toBe(true);
  });
});

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

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { LeaseTiming } from '../../src/journal/lease.js';
import type { JournalStore } from '../../src/journal/store.js';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { collect, linesOf } from './journal-store.suite.js';

const LEASE = { lengthMs: 800, renewEveryMs: 200 };

/** Where a journal is, and a store over it in this process. */
export interface SharedJournal {
  /** A directory, or a URL of Redis. */
  readonly where: string;
  open(lease: LeaseTiming): JournalStore;
  /** A change shows when all of it is there, not line by line. */
  readonly showsWholeChanges: boolean;
}

interface Holder {
  readonly child: ChildProcessWithoutNullStreams;
  readonly id: string;
  /** Has it append a line; null, or the name of the error. */
  append(): Promise<unknown>;
}

const isLeased = async (store: JournalStore, id: string): Promise<boolean | undefined> =>
  (await store.read(id))?.isLeased;

/** What others see of a change whose process is killed or stopped. */
export function describeHolder(name: string, journal: () => Promise<SharedJournal>): void {
  let program: BuiltProgram;
  beforeAll(async () => {
    program = await buildProgram('test/journal/store-program.ts');
  });
  afterAll(() => program.remove());

  function start(where: string, mode: string, size = '1'): ChildProcessWithoutNullStreams {
    const env = { PATH: process.env['PATH'] ?? '', LEASE_MS: String(LEASE.lengthMs) };
    const child = spawn(process.execPath, [program.path, mode, where, size], { env });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  }

  /** Another process that has a change open. */
  async function holder(where: string, mode = 'hold'): Promise<Holder> {
    const child = start(where, mode);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const answer = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? '"ended"');
    const id = String(await answer());
    return {
      child,
      id,
      append() {
        child.stdin.write('\n');
        return answer();
      },
    };
  }

  describe(`${name}: a process that has a change open`, () => {
    it('keeps its lease while it lives, and leaves it to lapse when it is killed', async () => {
      const { where, open } = await journal();
      const store = open(LEASE);
      const { child, id } = await holder(where);
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
      const { where, open } = await journal();
      const { id } = await holder(where, 'die');
      expect(await linesOf(open(LEASE), id)).toHaveLength(2);
    });

    it.each([
      ['while others look', true],
      ['while nobody looks', false],
    ])('may write no more after it was stopped for longer than its lease, %s', async (_, someoneLooks) => {
      const { where, open } = await journal();
      const store = open(LEASE);
      const { child, id, append } = await holder(where);
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
      const { where, open } = await journal();
      const { child, id, append } = await holder(where);
      child.kill('SIGSTOP');
      await wait(LEASE.lengthMs / 2);
      child.kill('SIGCONT');
      expect(await append()).toBe(null);
      expect(await isLeased(open(LEASE), id)).toBe(true);
    });

    it.each([0, 20, 40, 60, 80, 100])(
      'killed %d ms after it began to create one leaves its first lines at most',
      async (ms) => {
        const { where, open, showsWholeChanges } = await journal();
        const child = start(where, 'large', '100000');
        await once(child.stdout, 'data');
        await wait(ms);
        child.kill('SIGKILL');
        await once(child, 'exit');
        const store = open(LEASE);
        for (const id of await collect(store.newest())) {
          const lines = (await linesOf(store, id)) ?? [];
          for (const [index, line] of lines.slice(0, -1).entries())
            expect(JSON.parse(line)).toMatchObject({ line: index });
          if (showsWholeChanges) expect(lines).toHaveLength(100_000);
        }
        await store.create('20991231T000000000Z-00000001', ['{}']);
        await store.close('20991231T000000000Z-00000001');
        expect(await collect(store.newest(), 1)).toEqual(['20991231T000000000Z-00000001']);
      },
    );
  });
}

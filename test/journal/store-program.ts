// One server's part in a journal that several share: makes changes, consumes tokens, waits with a change open, or dies.

import { createInterface } from 'node:readline';
import { errorCode } from '../../src/base/error-code.js';
import { newChangeId } from '../../src/journal/change.js';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { redisJournalStore } from '../../src/journal/redis-store.js';

const [mode, directory = '', size = '1'] = process.argv.slice(2);
const lengthMs = Number(process.env['LEASE_MS'] ?? 10_000);
const lease = { lengthMs, renewEveryMs: lengthMs / 4 };
const store = directory.startsWith('redis:')
  ? redisJournalStore(directory, { lease, onTrouble: () => undefined })
  : fileJournalStore(directory, { lease });
const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const said = (error: unknown): string => (error instanceof Error ? (errorCode(error) ?? error.name) : 'no error');

let count = 0;
function nextId(): string {
  count += 1;
  return newChangeId(Date.now(), (process.pid * 1_000 + count).toString(16).padStart(8, '0').slice(-8));
}

const lines = (number: number): string[] =>
  Array.from({ length: number }, (_, index) => `{"line":${index},"pad":"${'x'.repeat(100)}"}`);

async function run(): Promise<void> {
  switch (mode) {
    case 'changes':
      for (let made = 0; made < Number(size); made += 1) {
        const id = nextId();
        await store.create(id, lines(3));
        await store.append(id, lines(1), false);
        await store.close(id);
        print(id);
      }
      return;
    case 'large': {
      const id = nextId();
      if (Number(size) > 10_000) print('begins');
      await store.create(id, lines(Number(size)));
      await store.close(id);
      return print(id);
    }
    case 'appends': {
      const id = nextId();
      await store.create(id, lines(1));
      print(id);
      const failures = new Set<string>();
      for (let told = 0; told < Number(size); told += 1) {
        await store.append(id, lines(1), false).catch((error: unknown) => failures.add(said(error)));
      }
      print([...failures]);
      return store.close(id);
    }
    case 'consume':
      for (let token = 0; token < Number(size); token += 1) print(await store.consumeOnce(`token-${token}`, 60_000));
      return;
    case 'read':
      print(await store.read(size).then((stored) => stored ?? null, said));
      return;
    case 'list':
      for await (const id of store.newest()) print(id);
      return;
    case 'plan':
      await store.putPlan('p-1', lines(3), 60_000);
      return print('kept');
    case 'die':
    case 'hold': {
      const id = nextId();
      await store.create(id, lines(2));
      print(id);
      if (mode === 'die') process.kill(process.pid, 'SIGKILL');
      for await (const _ of createInterface(process.stdin)) {
        print(await store.append(id, lines(1), true).then(() => null, said));
      }
      return store.close(id);
    }
  }
}

// Root may do anything: the program is to be an ordinary user.
if (process.env['AS_NOBODY'] === 'true') process.setuid?.(65_534);
try {
  await run();
} catch (error) {
  print({ failure: said(error) });
}
process.exit();

// One server's part in a journal that several share: begins changes, spends tokens, or dies in the middle.

import { TagsError } from '../../src/base/tags-error.js';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { changeJournal } from '../../src/journal/journal.js';

const [mode, directory = '', size = '1'] = process.argv.slice(2);
const journal = changeJournal({ store: fileJournalStore(directory) });
const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

async function begin(resourceCount: number) {
  const items = Array.from({ length: resourceCount }, (_, index) => ({
    resourceId: `key-${index}`,
    before: { temp: 'x'.repeat(100) },
    after: { temp: null },
  }));
  return journal.begin({ tool: 'untag_resources', regionId: 'cn-hangzhou', resourceType: 'key', items });
}

async function run(): Promise<void> {
  switch (mode) {
    case 'change': {
      const change = await begin(Number(size));
      await change.record({ kind: 'done', resourceIds: ['key-0'], requestId: 'r' });
      await change.end('done');
      return print(change.changeId);
    }
    case 'changes':
      for (let made = 0; made < Number(size); made += 1) {
        const change = await begin(3);
        await change.record({ kind: 'done', resourceIds: ['key-0', 'key-1', 'key-2'], requestId: `r-${process.pid}` });
        await change.end('done');
        print(change.changeId);
      }
      return;
    case 'outcomes': {
      const change = await begin(1);
      for (let told = 0; told < Number(size); told += 1) {
        await change.record({ kind: 'unknown', resourceIds: [`key-${told}`], code: 'no-reply' });
      }
      await change.end('unknown');
      return print(change.changeId);
    }
    case 'spend':
      for (let token = 0; token < Number(size); token += 1) print(await journal.spend(`token-${token}`, 60_000));
      return;
    case 'die': {
      const change = await begin(2);
      await change.record({ kind: 'done', resourceIds: ['key-0'], requestId: 'r' });
      print(change.changeId);
      process.kill(process.pid, 'SIGKILL');
      return;
    }
  }
}

// Root may write anywhere: the program is to be an ordinary user.
if (process.env['AS_NOBODY'] === 'true') process.setuid?.(65_534);
try {
  await run();
} catch (error) {
  print(error instanceof TagsError ? { code: error.code, message: error.message } : { bug: String(error) });
}
process.exit();

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { describeJournalStore } from './journal-store.suite.js';

const directories: string[] = [];
afterEach(() => Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true, force: true }))));

describeJournalStore('the journal in files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kms-tags-journal-'));
  directories.push(directory);
  return {
    open: ({ changes = 1_000, ...options } = {}) =>
      fileJournalStore(directory, { limits: { changes, bytes: 1e9 }, ...options }),
  };
});

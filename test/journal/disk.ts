import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { JournalStore } from '../../src/journal/store.js';
import { nextId } from './journal-store.suite.js';

export const isPosix = process.platform !== 'win32';
export const isRoot = process.geteuid?.() === 0;
export const NOBODY = 65_534;

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'journal-disk-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** One change, made and closed; gives its id. */
export async function made(store: JournalStore, lines: readonly string[] = ['{}'], id = nextId()): Promise<string> {
  await store.create(id, lines);
  await store.close(id);
  return id;
}

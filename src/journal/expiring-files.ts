import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startHash } from '../base/digest.js';
import { errorCode } from '../base/error-code.js';
import { modificationTime, presentTime } from './file-lease.js';
import type { MonotonicClock } from './lease.js';
import { createLineFile, isRegularFile, readLines, removeFile } from './line-file.js';
import type { StateDirectory } from './state-directory.js';

const SWEEP_EVERY_MS = 10 * 60_000;
/** For a file whose first line never got onto the disk. */
const LONGEST_TTL_MS = 24 * 60 * 60_000;

/** Files that are good for some time: plans, and tokens that were consumed. */
export interface ExpiringFiles {
  /** False when there is one of this key already. Durable when resolved. */
  put(key: string, lines: Iterable<string>, ttlMs: number): Promise<boolean>;
  /** Undefined when there is none, or not any more. */
  read(key: string): Promise<AsyncIterable<string> | undefined>;
}

/**
 * The first line of such a file is how long it is good for, counted from its last modification; both by the file
 * system's clock. Its name is a digest: safe on every system, and the directory's listing gives no key away.
 */
export function expiringFiles(directory: StateDirectory, extension: string, clock: MonotonicClock): ExpiringFiles {
  const isOurName = (name: string): boolean => /^[0-9a-f]{64}$/.test(name.slice(0, -extension.length || undefined));
  const fileOf = (key: string): string => join(directory.path, `${startHash().update(key).digest('hex')}${extension}`);
  let sweptAt: number | undefined;

  async function sweep(): Promise<void> {
    if (!(await directory.check())) return;
    const now = await presentTime(directory.path);
    for (const entry of await readdir(directory.path, { withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(extension) || !isOurName(entry.name)) continue;
      const path = join(directory.path, entry.name);
      if (await hasExpired(path, now)) await removeFile(path);
    }
  }

  return {
    async put(key, lines, ttlMs) {
      const path = fileOf(key);
      try {
        const { file } = await directory.within(() => createLineFile(path, withTtl(ttlMs, lines)));
        await file.close();
      } catch (error) {
        if (errorCode(error) === 'EEXIST') return false;
        throw error;
      }
      if (sweptAt === undefined || clock() - sweptAt >= SWEEP_EVERY_MS) {
        sweptAt = clock();
        // Nobody waits for it, and the next one tries again.
        sweep().catch(() => undefined);
      }
      return true;
    },

    async read(key) {
      const path = fileOf(key);
      if (!(await directory.isThere()) || !(await isRegularFile(path))) return undefined;
      return (await hasExpired(path, await presentTime(directory.path))) ? undefined : linesAfterFirst(path);
    },
  };
}

function* withTtl(ttlMs: number, lines: Iterable<string>): Iterable<string> {
  yield String(Math.ceil(ttlMs));
  yield* lines;
}

async function hasExpired(path: string, now: number): Promise<boolean> {
  const writtenAt = await modificationTime(path);
  if (writtenAt === undefined) return true;
  const { value: first } = await firstOf(readLines(path));
  return now >= writtenAt + (Number(first) || LONGEST_TTL_MS);
}

async function firstOf<Item>(items: AsyncGenerator<Item, undefined>): Promise<IteratorResult<Item, undefined>> {
  try {
    return await items.next();
  } finally {
    await items.return(undefined);
  }
}

async function* linesAfterFirst(path: string): AsyncGenerator<string, undefined> {
  const lines = readLines(path);
  await lines.next();
  yield* lines;
}

import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isChangeId } from './change.js';
import type { JournalStore } from './store.js';

/** How much is kept; the oldest changes go first. */
export interface JournalLimits {
  readonly changes: number;
  readonly bytes: number;
}

const DEFAULT_LIMITS: JournalLimits = { changes: 1_000, bytes: 512 * 1024 * 1024 };
/** A journal may be a twentieth larger than it should: to look at every file with each change is what takes the time. */
const SLACK = 20;
/** Characters that are gathered before they are written. */
const WRITE_SIZE = 256 * 1024;

/**
 * The journal as files: `<directory>/<ChangeId>.jsonl`, mode 0600, one a change, so that any number of servers can
 * share the directory without a lock. The directory is made with the first change, not at start-up.
 */
export function fileJournalStore(directory: string, limits: JournalLimits = DEFAULT_LIMITS): JournalStore {
  const handles = new Map<string, { readonly file: FileHandle; torn: boolean }>();
  /** Written since the last look at what is there; the first change looks. */
  const grown = { changes: Number.POSITIVE_INFINITY, bytes: 0 };
  const spentDirectory = join(directory, 'spent');
  const fileOf = (id: string): string => join(directory, `${id}.jsonl`);

  return {
    async create(id, lines) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const file = await open(fileOf(id), 'ax', 0o600);
      try {
        grown.bytes += await writeLines(file, lines);
        await file.sync();
        await syncDirectory(directory);
      } catch (error) {
        await file.close();
        await unlink(fileOf(id)).catch(() => undefined);
        throw error;
      }
      handles.set(id, { file, torn: false });
      grown.changes += 1;
      if (grown.changes * SLACK < limits.changes && grown.bytes * SLACK < limits.bytes) return;
      grown.changes = 0;
      grown.bytes = 0;
      await prune(directory, limits, id);
    },

    async append(id, lines, durable) {
      const line = [...lines].join('\n');
      const handle = handles.get(id);
      if (handle === undefined) return;
      // After a write that was cut short, as on a full disk, a new line must not be glued to the torn one.
      const start = handle.torn ? '\n' : '';
      handle.torn = true;
      await handle.file.appendFile(`${start}${line}\n`);
      handle.torn = false;
      grown.bytes += line.length;
      if (durable) await handle.file.datasync();
    },

    async close(id) {
      await handles.get(id)?.file.close();
      handles.delete(id);
    },

    async read(id) {
      if (!isChangeId(id)) return undefined;
      const file = await open(fileOf(id), 'r').catch(() => undefined);
      if (file === undefined) return undefined;
      if ((await file.stat()).isFile())
        return { lines: file.readLines({ encoding: 'utf8' }), isLeased: handles.has(id) };
      await file.close();
      return undefined;
    },

    async *newest() {
      yield* (await changeIds(directory)).reverse();
    },

    async putPlan(id, lines) {
      await mkdir(join(directory, 'plans'), { recursive: true, mode: 0o700 });
      const file = await open(join(directory, 'plans', `${id}.jsonl`), 'wx', 0o600);
      await writeLines(file, lines);
      await file.close();
    },

    async readPlan(id) {
      const file = await open(join(directory, 'plans', `${id}.jsonl`), 'r').catch(() => undefined);
      return file?.readLines({ encoding: 'utf8' });
    },

    async consumeOnce(token, ttlMs) {
      await mkdir(spentDirectory, { recursive: true, mode: 0o700 });
      const first = await claim(join(spentDirectory, createHash('sha256').update(token).digest('hex')));
      await forget(spentDirectory, Date.now() - ttlMs);
      return first;
    },
  };
}

/** Resolves with the number of characters. */
async function writeLines(file: FileHandle, lines: Iterable<string>): Promise<number> {
  let text = '';
  let written = 0;
  for (const line of lines) {
    text += `${line}\n`;
    written += line.length + 1;
    if (text.length < WRITE_SIZE) continue;
    await file.appendFile(text);
    text = '';
  }
  await file.appendFile(text);
  return written;
}

/** Makes the file's name durable too. Windows cannot open a directory, and needs no such thing. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function changeIds(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -'.jsonl'.length))
    .filter(isChangeId)
    .sort();
}

/** Best effort: a journal that is too large is no reason to refuse a change. */
async function prune(directory: string, limits: JournalLimits, keep: string): Promise<void> {
  const ids = await changeIds(directory);
  const sizes = await Promise.all(
    ids.map((id) =>
      stat(join(directory, `${id}.jsonl`)).then(
        (file) => file.size,
        () => 0,
      ),
    ),
  );
  let bytes = sizes.reduce((sum, size) => sum + size, 0);
  let count = ids.length;
  for (const [index, id] of ids.entries()) {
    if ((count <= limits.changes && bytes <= limits.bytes) || id === keep) return;
    await unlink(join(directory, `${id}.jsonl`)).catch(() => undefined);
    count -= 1;
    bytes -= sizes[index] ?? 0;
  }
}

/** Drops tokens that were spent before `time`: they have expired since. */
async function forget(directory: string, time: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const spentAt = await stat(path).then(
      (file) => file.mtimeMs,
      () => time,
    );
    if (spentAt < time) await unlink(path).catch(() => undefined);
  }
}

/** True for the one caller that makes the file. */
async function claim(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

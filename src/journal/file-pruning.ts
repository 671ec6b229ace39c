import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isChangeId } from './change.js';
import { isFileLeased, isProbe, modificationTime, presentTime } from './file-lease.js';
import { removeFile } from './line-file.js';
import type { StateDirectory } from './state-directory.js';

/** How much is kept; the oldest changes go first. */
export interface JournalLimits {
  readonly changes: number;
  readonly bytes: number;
}

export const CHANGE_FILE = '.jsonl';
export const LEASE_FILE = '.lease';

/** A journal may be a twentieth larger than it should: to look at what is there with each change takes too long. */
const SLACK = 20;
export interface Pruning {
  /**
   * To be told of all that is written; looks at what is there when it may have become too much. Nobody waits for that,
   * and it may fail: a journal that is too large is no reason to refuse a change.
   */
  wrote(changes: number, bytes: number): void;
}

/** Keeps a directory of changes within `limits`, beside the work that fills it. */
export function filePruning(directory: StateDirectory, limits: JournalLimits, leaseMs: number): Pruning {
  /** Written since the last look. The first change looks: the processes before this one may have left too much. */
  const fresh = { changes: Number.POSITIVE_INFINITY, bytes: 0 };
  /** By this process, until sizes are looked at for the first time. */
  const ever = { changes: 0, bytes: 0 };
  let hasSeenSizes = false;
  let isPruning = false;

  /** Sizes cost a look at each file. Processes whose changes are small enough for all to fit never need them. */
  const mayBeTooLarge = (): boolean =>
    hasSeenSizes ? fresh.bytes * SLACK >= limits.bytes : ever.bytes * limits.changes > ever.changes * limits.bytes;

  async function prune(withSizes: boolean): Promise<void> {
    if (!(await directory.check())) return;
    const found = await look(directory.path);
    const surplus: string[] = [];
    let [kept, bytes] = [0, 0];
    for (const id of found.ids.toReversed()) {
      if (withSizes) bytes += await sizeOf(join(directory.path, id + CHANGE_FILE));
      const fits = kept < limits.changes && bytes <= limits.bytes;
      // The newest stays, however large it is.
      if (fits || kept === 0) kept += 1;
      else surplus.push(id);
    }
    for (const id of surplus.reverse()) {
      if (found.leases.has(id) && (await isFileLeased(join(directory.path, id + LEASE_FILE), leaseMs))) continue;
      await removeFile(join(directory.path, id + CHANGE_FILE));
    }
    await tidy(found);
  }

  /** Removes what processes left that were killed at a bad moment. */
  async function tidy({ ids, leases, probes }: Found): Promise<void> {
    const changes = new Set(ids);
    for (const id of leases) if (!changes.has(id)) await isFileLeased(join(directory.path, id + LEASE_FILE), leaseMs);
    if (probes.length === 0) return;
    const now = await presentTime(directory.path);
    for (const name of probes) {
      const path = join(directory.path, name);
      const madeAt = await modificationTime(path);
      if (madeAt !== undefined && now - madeAt > leaseMs) await removeFile(path);
    }
  }

  return {
    wrote(changes, bytes) {
      for (const count of [fresh, ever]) {
        count.changes += changes;
        count.bytes += bytes;
      }
      const withSizes = mayBeTooLarge();
      if (changes === 0 || isPruning || (fresh.changes * SLACK < limits.changes && !withSizes)) return;
      fresh.changes = 0;
      if (withSizes) fresh.bytes = 0;
      hasSeenSizes ||= withSizes;
      isPruning = true;
      prune(withSizes)
        .catch(() => undefined)
        .finally(() => {
          isPruning = false;
        });
    },
  };
}

/** Names in the directory that are exactly ours, of regular files. All others are left alone. */
interface Found {
  /** In the order of writing. */
  readonly ids: readonly string[];
  readonly leases: ReadonlySet<string>;
  readonly probes: readonly string[];
}

async function look(path: string): Promise<Found> {
  const [ids, leases, probes]: [string[], Set<string>, string[]] = [[], new Set(), []];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const id = idOf(entry.name, CHANGE_FILE);
    const leased = idOf(entry.name, LEASE_FILE);
    if (id !== undefined) ids.push(id);
    if (leased !== undefined) leases.add(leased);
    if (isProbe(entry.name)) probes.push(entry.name);
  }
  return { ids: ids.sort(), leases, probes };
}

function idOf(name: string, extension: string): string | undefined {
  if (!name.endsWith(extension)) return undefined;
  const id = name.slice(0, -extension.length);
  return isChangeId(id) ? id : undefined;
}

/** Ids of the changes in a directory, in the order of writing. */
export async function changeIds(path: string): Promise<readonly string[]> {
  return (await look(path)).ids;
}

async function sizeOf(path: string): Promise<number> {
  return lstat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

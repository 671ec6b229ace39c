import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isChangeId } from './change.js';
import { expiringFiles } from './expiring-files.js';
import { type FileLease, isFileLeased, takeFileLease } from './file-lease.js';
import { CHANGE_FILE, changeIds, filePruning, type JournalLimits, LEASE_FILE } from './file-pruning.js';
import { LEASE_TIMING, type LeaseTiming, type MonotonicClock, monotonicClock } from './lease.js';
import { createLineFile, isRegularFile, readLines, undefinedIfAbsent, writeLines } from './line-file.js';
import { isStorablePlanId, storablePlanId } from './plan-id.js';
import { stateDirectory } from './state-directory.js';
import { type JournalStore, LeaseLost } from './store.js';

export interface FileStoreOptions {
  readonly limits?: JournalLimits;
  readonly lease?: LeaseTiming;
  readonly clock?: MonotonicClock;
}

const DEFAULT_LIMITS: JournalLimits = { changes: 1_000, bytes: 512 * 1024 * 1024 };

/** A change of this process that is not closed yet. */
interface OpenFile {
  readonly file: FileHandle;
  readonly lease: FileLease;
  /** The last write was cut short, as on a full disk: the next line must not be glued to it. */
  isTorn: boolean;
  /** Settles when all writes so far have. */
  written: Promise<unknown>;
}

/**
 * The journal as files: `<directory>/<ChangeId>.jsonl`, mode 0600, one a change, so that any number of servers can
 * share the directory without a lock; beside it `<ChangeId>.lease` while the change is open. Plans are in `plans/`,
 * consumed tokens in `spent/`. The directory is made with the first change, not at start-up, and refused when it is not
 * ours alone (`StateDirectoryRefused`).
 */
export function fileJournalStore(path: string, options: FileStoreOptions = {}): JournalStore {
  const { limits = DEFAULT_LIMITS, lease: timing = LEASE_TIMING, clock = monotonicClock } = options;
  const directory = stateDirectory(path);
  const plans = expiringFiles(stateDirectory(join(path, 'plans'), directory), '.jsonl', clock);
  const consumed = expiringFiles(stateDirectory(join(path, 'spent'), directory), '', clock);
  const pruning = filePruning(directory, limits, timing.lengthMs);
  const fileOf = (id: string): string => join(directory.path, id + CHANGE_FILE);
  const leaseOf = (id: string): string => join(directory.path, id + LEASE_FILE);
  const changes = new Map<string, OpenFile>();

  async function write(change: OpenFile, lines: Iterable<string>, durable: boolean): Promise<void> {
    const { file, lease } = change;
    lease.assertHeld();
    const start = change.isTorn ? '\n' : '';
    change.isTorn = true;
    pruning.wrote(0, await writeLines(file, lines, start));
    change.isTorn = false;
    if (durable) {
      await file.datasync();
      // Something may be sent next: nobody may have taken the change for interrupted meanwhile.
      await lease.confirm();
    }
    // The process may have been stopped while it wrote.
    lease.assertHeld();
  }

  return {
    async create(id, lines) {
      if (!isChangeId(id)) throw new TypeError('not a change id');
      // First, so that no change is ever seen without its lease before its end. A process that is killed in here leaves
      // a change of fewer lines: nothing was sent for it, so an undo of it finds nothing to do.
      const lease = await directory.within(() => takeFileLease(leaseOf(id), timing, clock));
      try {
        const { file, bytes } = await createLineFile(fileOf(id), lines, () => lease.assertHeld());
        changes.set(id, { file, lease, isTorn: false, written: Promise.resolve() });
        pruning.wrote(1, bytes);
      } catch (error) {
        await lease.giveBack();
        throw error;
      }
    },

    async append(id, lines, durable) {
      const change = changes.get(id);
      if (change === undefined) throw new LeaseLost('The change is not open in this process.');
      const writing = change.written.then(() => write(change, lines, durable));
      change.written = writing.catch(() => undefined);
      await writing;
    },

    async close(id) {
      const change = changes.get(id);
      if (change === undefined) return;
      changes.delete(id);
      await change.written;
      await Promise.all([change.file.close().catch(() => undefined), change.lease.giveBack()]);
    },

    async read(id) {
      if (!isChangeId(id) || !(await directory.isThere())) return undefined;
      // Before the lines: what is not leased now has all of them.
      const isLeased = changes.get(id)?.lease.isHeld() ?? (await isFileLeased(leaseOf(id), timing.lengthMs));
      // `newest` skips what is not a regular file, so it is no change here either.
      return (await isRegularFile(fileOf(id))) ? { isLeased, lines: readLines(fileOf(id)) } : undefined;
    },

    async *newest() {
      const ids = (await directory.isThere()) ? await changeIds(directory.path).catch(undefinedIfAbsent) : [];
      yield* ids?.toReversed() ?? [];
    },

    async putPlan(id, lines, ttlMs) {
      if (!(await plans.put(storablePlanId(id), lines, ttlMs))) throw new Error('There is a plan of this id.');
    },

    async readPlan(id) {
      return isStorablePlanId(id) ? plans.read(id) : undefined;
    },

    consumeOnce: (token, ttlMs) => consumed.put(token, [], ttlMs),
  };
}

import { randomBytes } from 'node:crypto';
import { type FileHandle, open, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type HeldLease, holdLease, type LeaseTiming, type MonotonicClock } from './lease.js';
import { openToRead, removeFile } from './line-file.js';
import { LeaseLost } from './store.js';

/**
 * A lease is an empty file; its age is that of its last modification. Both times come from the file system's clock,
 * which is one for all who share the directory, wherever they run. Who finds a lease lapsed removes the file, and the
 * holder looks whether it is still there: so no jump of that clock lets two go on with one change.
 */
export interface FileLease extends HeldLease {
  /** Rejects with `LeaseLost` when somebody took the lease away. */
  confirm(): Promise<void>;
  /** Never rejects. */
  giveBack(): Promise<void>;
}

export async function takeFileLease(path: string, timing: LeaseTiming, clock: MonotonicClock): Promise<FileLease> {
  const takenAt = clock();
  const file = await open(path, 'wx', 0o600);
  let size = 0;
  const lease = holdLease({
    takenAt,
    timing,
    clock,
    async renew() {
      // A change of size is a modification everywhere, also on a full disk, and by the server's clock where there is one.
      size = 1 - size;
      await file.truncate(size);
      return isThere(file);
    },
  });
  return {
    ...lease,
    async confirm() {
      if (!(await isThere(file))) throw new LeaseLost('Another process took the change for interrupted.');
    },
    async giveBack() {
      lease.stop();
      await Promise.all([file.close().catch(() => undefined), removeFile(path)]);
    },
  };
}

async function isThere(file: FileHandle): Promise<boolean> {
  return (await file.stat()).nlink > 0;
}

/** Whether somebody holds the lease. One that has lapsed is removed. */
export async function isFileLeased(path: string, lengthMs: number): Promise<boolean> {
  const renewedAt = await modificationTime(path);
  if (renewedAt === undefined) return false;
  const now = await presentTime(dirname(path));
  if (now < renewedAt) {
    // The clock was set back. Counted from now, a lease that nobody renews lapses in time all the same.
    await utimes(path, now / 1_000, now / 1_000).catch(() => undefined);
    return true;
  }
  if (now - renewedAt <= lengthMs) return true;
  // Who may not remove it cannot write to the journal, and so cannot undo the change either.
  await removeFile(path);
  return false;
}

/** When a regular file was last modified, in milliseconds of the file system's clock; undefined if there is none. */
export async function modificationTime(path: string): Promise<number | undefined> {
  // Opened, since a network file system may answer from memory for a file that is only looked at.
  const file = await openToRead(path);
  if (file === undefined) return undefined;
  try {
    return (await file.stat()).mtimeMs;
  } finally {
    await file.close();
  }
}

const PROBE = /^[0-9a-f]{16}\.probe$/;

/** Whether a file name is that of a probe, see `presentTime`. */
export function isProbe(name: string): boolean {
  return PROBE.test(name);
}

/** What the clock of a directory's file system says: the time of a file that is made there now. */
export async function presentTime(directory: string): Promise<number> {
  const path = join(directory, `${randomBytes(8).toString('hex')}.probe`);
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      return (await file.stat()).mtimeMs;
    } finally {
      await file.close();
      await removeFile(path);
    }
  } catch {
    // The disk is full, or not for us to write: nothing can be undone or applied there, but it can be listed.
    return Date.now();
  }
}

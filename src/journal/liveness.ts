import { hostname } from 'node:os';
import type { ChangeHeader } from './change.js';

/** A change that has not ended by then was cut off, whoever has its process id now: no tool call lives longer. */
const LONGEST_CHANGE_MS = 60_000;

/**
 * Whether a change without an end is still under way. `own`: changes that this process has under way; its process id
 * says nothing, since a restarted container has the same.
 */
export function unfinishedState(
  header: ChangeHeader,
  now: number,
  own: ReadonlySet<string>,
): 'running' | 'interrupted' {
  if (header.host === hostname() && header.pid === process.pid) {
    return own.has(header.changeId) ? 'running' : 'interrupted';
  }
  const isRecent = now - Date.parse(header.time) < LONGEST_CHANGE_MS;
  const mayLive = header.host !== hostname() || isAlive(header.pid);
  return isRecent && mayLive ? 'running' : 'interrupted';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there is such a process, and it is somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

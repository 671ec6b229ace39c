import type { EndState, ItemGroup } from '../journal/change.js';
import type { Permission } from '../rpc/rpc-error.js';

/** Resources, and tags on them. */
export interface Count {
  readonly resources: number;
  readonly tags: number;
}

/** A resource that is not as it was wanted. */
export interface Failure {
  readonly id: string;
  readonly regionId: string;
  readonly code: string;
  /** What a policy must allow, where that was the reason. */
  readonly permission?: Permission | undefined;
  /** Tags of it that were to be written. */
  readonly tags: number;
}

/** What came of a run, whatever it was for: every resource that it took up is in one of the counts, once. */
export interface RunResult {
  /** The change in the journal; undefined when nothing came to be written. */
  readonly changeId: string | undefined;
  /** KMS acknowledged the writing. */
  readonly changed: Count;
  /** Of these, seen as wanted when read back. */
  readonly verified: Count;
  /** Of the changed, resources whose old tags were left beside the new ones. */
  readonly withheld: number;
  readonly failures: readonly Failure[];
  /** May have been written, or was in part: no answer came or time was too short, and reading did not show it. */
  readonly unknown: readonly Failure[];
  /** Time was too short, or the run ended before: nothing of these was sent. */
  readonly notAttempted: readonly ItemGroup[];
  /** Of the failures, resources that were changed in part before. */
  readonly partlyChanged: number;
  /** The first error that ended the run in a region, if one did. */
  readonly cause: unknown;
}

export type Status = 'done' | 'partial' | 'nothing_done';

/** `done`: nothing is left of what was wanted. */
export function statusOf(result: RunResult, left = 0): Status {
  const { changed, failures, unknown, notAttempted, withheld, partlyChanged } = result;
  if (failures.length + unknown.length + notAttempted.length + withheld + left === 0) return 'done';
  return changed.resources + unknown.length + partlyChanged > 0 ? 'partial' : 'nothing_done';
}

/** How the journal says that a change ended. */
export function endStateOf(result: RunResult): EndState {
  return result.unknown.length > 0 ? 'unknown' : statusOf(result);
}

/** Number of resources in groups. */
export function resourcesOf(groups: readonly ItemGroup[]): number {
  return groups.reduce((sum, { ids }) => sum + ids.length, 0);
}

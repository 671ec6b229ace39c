import type { Tags } from '../aliyun/kms/tag-record.js';
import type { ItemGroup, Outcome } from '../journal/change.js';
import type { OpenChange } from '../journal/journal.js';
import { type RegionResult, runRegion } from './region-run.js';
import { endStateOf, type RunResult } from './run-result.js';
import type { TagWriter } from './tag-writer.js';
import type { Timing } from './verify.js';
import type { WriteItem } from './write-request.js';

/** When a run must end. Times are by `Clock.elapsed`. */
export interface RunLimits extends Timing {
  /** No part starts after this; those under way are seen through. */
  readonly stopAt: number;
}

/** What is to be done with a resource, given its tags as they are just before its write. */
export interface Decision {
  /** Undefined: it is left alone. */
  readonly write?: Pick<WriteItem, 'before' | 'after'>;
  /** Counts what is left alone; called when the decision stands. */
  readonly note?: () => void;
}

/** A run: resources that are to get into other states, written down before they are written. */
export interface Run {
  readonly groups: readonly ItemGroup[];
  readonly writerOf: (regionId: string) => TagWriter;
  readonly decide: (id: string, group: ItemGroup, current: Tags) => Decision;
  /** Opens the change with its first resources. Durable when resolved. */
  readonly begin: (groups: readonly ItemGroup[]) => Promise<OpenChange>;
  readonly limits: RunLimits;
  /** Told how many resources are through. */
  readonly onProgress: (resources: number) => void;
  readonly onUnexpectedError: (error: unknown) => void;
}

/**
 * Goes through the resources in parts, all regions at once: each part is read, written down, written and recorded; in
 * the end what was written is read back. A failure stops the run, never its report: what is under way is awaited.
 * Rejects only when nothing was written in any region, with the error that was the reason.
 */
export async function runChange(run: Run): Promise<RunResult> {
  let opening: Promise<OpenChange> | undefined;
  const unexpected: unknown[] = [];
  let through = 0;
  const shared = {
    ...run,
    async writeDown(groups: readonly ItemGroup[]): Promise<void> {
      if (opening !== undefined) return (await opening).add(groups);
      opening = run.begin(groups);
      await opening;
    },
    async record(outcome: Outcome): Promise<void> {
      await (await opening)?.record(outcome);
    },
    isStopped: () => unexpected.length > 0,
    stopAll: (error: unknown): void => void unexpected.push(error),
    passed(resources: number): void {
      through += resources;
      run.onProgress(through);
    },
  };
  const regionIds = [...new Set(run.groups.map(({ regionId }) => regionId))];
  const regions = await Promise.all(
    regionIds.map((regionId) =>
      runRegion(regionId, shared).catch((error: unknown) => {
        unexpected.push(error);
        return nothingOf(run.groups.filter((group) => group.regionId === regionId));
      }),
    ),
  );

  const change = await opening?.catch(() => undefined);
  const result: RunResult = {
    changeId: change?.changeId,
    changed: added(regions.map(({ changed }) => changed)),
    verified: added(regions.map(({ verified }) => verified)),
    withheld: regions.reduce((sum, { withheld }) => sum + withheld, 0),
    failures: regions.flatMap(({ failures }) => failures),
    unknown: regions.flatMap(({ unknown }) => unknown),
    notAttempted: regions.flatMap(({ notAttempted }) => notAttempted),
    partlyChanged: regions.reduce((sum, { partlyChanged }) => sum + partlyChanged, 0),
    cause: unexpected[0] ?? regions.find(({ cause }) => cause !== undefined)?.cause,
  };
  await change?.end(endStateOf(result));
  const { changed, unknown, failures, cause } = result;
  const wroteNothing = changed.resources + unknown.length + failures.length === 0;
  const isThrown = wroteNothing && cause !== undefined;
  // What is thrown is reported where it is caught.
  for (const error of unexpected) if (!(isThrown && error === cause)) run.onUnexpectedError(error);
  if (isThrown) throw cause;
  return result;
}

/** The result of a region in which nothing was begun. */
function nothingOf(notAttempted: readonly ItemGroup[]): RegionResult {
  const none = { resources: 0, tags: 0 };
  return {
    changed: none,
    verified: none,
    withheld: 0,
    failures: [],
    unknown: [],
    notAttempted,
    partlyChanged: 0,
    cause: undefined,
  };
}

function added(counts: readonly { readonly resources: number; readonly tags: number }[]) {
  return counts.reduce(
    (sum, { resources, tags }) => ({ resources: sum.resources + resources, tags: sum.tags + tags }),
    { resources: 0, tags: 0 },
  );
}

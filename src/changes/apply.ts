import type { Tags } from '../aliyun/kms/tag-record.js';
import type { ItemGroup } from '../journal/change.js';
import type { StoredPlan } from '../journal/plan.js';
import { statesOf, tagStates } from '../journal/tag-states.js';
import { changedStates } from './plan.js';
import { type Decision, type Run, runChange } from './run.js';
import type { RunResult } from './run-result.js';

export interface Applied extends RunResult {
  /** Left alone, because their tags are no longer as the plan saw them. */
  readonly changedSincePlan: number;
}

/**
 * Applies a plan part by part. Each resource is looked at just before it is written, and one whose tags are no longer as
 * the plan saw them is left alone: nobody's later value is overwritten unseen. Rejects only when nothing was written.
 */
export async function applyPlan(plan: StoredPlan, run: Omit<Run, 'groups' | 'decide'>): Promise<Applied> {
  let changedSincePlan = 0;
  const note = (): void => {
    changedSincePlan += 1;
  };
  const decide = (_id: string, group: ItemGroup, current: Tags): Decision =>
    isAsSeen(group, current)
      ? { write: { before: changedStates(group) ?? tagStates([]), after: group.after } }
      : { note };
  const result = await runChange({ ...run, groups: plan.groups, decide });
  return { ...result, changedSincePlan };
}

function isAsSeen({ before = tagStates([]) }: ItemGroup, current: Tags): boolean {
  return Object.entries(statesOf(current, Object.keys(before))).every(([key, value]) => value === before[key]);
}

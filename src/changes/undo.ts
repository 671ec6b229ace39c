import { isSettable } from '../aliyun/kms/limits.js';
import type { Tags } from '../aliyun/kms/tag-record.js';
import type { ItemGroup, StoredChange } from '../journal/change.js';
import { stateName, tagStates } from '../journal/tag-states.js';
import type { Protection } from './protection.js';
import { type Decision, type Run, runChange } from './run.js';
import type { RunResult } from './run-result.js';

/** Why a tag was left as it is. */
export type SkipReason = 'changed since' | 'earlier value unknown' | 'protected' | 'not accepted by KMS any more';

export interface SkippedTag {
  readonly id: string;
  readonly key: string;
  readonly reason: SkipReason;
}

/** What of a change is to be undone; undefined: all of it. */
export interface UndoScope {
  readonly ids: ReadonlySet<string> | undefined;
  readonly keys: ReadonlySet<string> | undefined;
}

const NOTHING = tagStates([]);

export interface Undone extends RunResult {
  /** Tags that are as before already. */
  readonly unchanged: number;
  readonly skipped: readonly SkippedTag[];
}

export interface Undo extends Omit<Run, 'groups' | 'decide'> {
  readonly change: StoredChange;
  readonly scope: UndoScope;
  readonly protection: Protection;
}

/**
 * Undoes a change, or a part of it: restores each tag that is still as the change left it, and leaves alone whatever
 * somebody changed since. What it does is a change of its own. Can be repeated, and then goes on where it stopped.
 * Rejects only when nothing was written.
 */
export async function undoChange({ change, scope, protection, ...run }: Undo): Promise<Undone> {
  const skipped: SkippedTag[] = [];
  let unchanged = 0;
  const groups = scopedGroups(change, scope);
  for (const { ids, after } of groups.filter(({ before }) => before === undefined)) {
    for (const id of ids)
      for (const key of Object.keys(after)) skipped.push({ id, key, reason: 'earlier value unknown' });
  }
  const known = groups.filter(({ before }) => before !== undefined);

  const decide = (id: string, { before = NOTHING, after }: ItemGroup, current: Tags): Decision => {
    const restore: [key: string, from: string | null, to: string | null][] = [];
    const skips: SkippedTag[] = [];
    let same = 0;
    for (const [key, left] of Object.entries(after)) {
      const now = current[key] ?? null;
      const was = before[key] ?? null;
      if (now === was) same += 1;
      else if (now !== left) skips.push({ id, key, reason: 'changed since' });
      else if (now !== null && protection.protectedOf([key]).length > 0) skips.push({ id, key, reason: 'protected' });
      else if (was !== null && !isSettable(key, was)) skips.push({ id, key, reason: 'not accepted by KMS any more' });
      else restore.push([key, now, was]);
    }
    const note = (): void => {
      unchanged += same;
      skipped.push(...skips);
    };
    if (restore.length === 0) return { note };
    const states = (place: 1 | 2) => tagStates(restore.map((tag) => [tag[0], tag[place]]));
    return { note, write: { before: states(1), after: states(2) } };
  };
  const result = await runChange({ ...run, groups: known, decide });
  return { ...result, unchanged, skipped };
}

/** The groups of a change within the scope, alike earlier states beside each other, so that requests are full. */
export function scopedGroups({ groups }: StoredChange, { ids, keys }: UndoScope): readonly ItemGroup[] {
  const scoped = groups.map((group) => ({
    ...group,
    ids: ids === undefined ? group.ids : group.ids.filter((id) => ids.has(id)),
    after: tagStates(Object.entries(group.after).filter(([key]) => keys === undefined || keys.has(key))),
  }));
  const left = scoped.filter((group) => group.ids.length > 0 && Object.keys(group.after).length > 0);
  const nameOf = ({ before }: ItemGroup): string => stateName(before ?? NOTHING);
  return left
    .map((group) => ({ group, name: nameOf(group) }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ group }) => group);
}

/** Whether undoing would take values away: tags that the change set. */
export function undoTakesValues(groups: readonly ItemGroup[]): boolean {
  return groups.some(({ after }) => Object.values(after).some((value) => value !== null));
}

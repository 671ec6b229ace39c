import { chunks, inParallel } from '../inventory/paging.js';
import { type ChangeItem, type TagStates, tagStates } from '../journal/change.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import type { BulkGoal } from './bulk-write.js';
import type { Protection } from './protection.js';
import type { TagsById, TagWriter } from './tag-writer.js';

/** Why a tag was left as it is. */
export type SkipReason = 'changed since' | 'earlier value unknown' | 'protected';

export interface SkippedTag {
  readonly id: string;
  readonly key: string;
  readonly reason: SkipReason;
}

/** Resources that are written in one step, at most; the next one is read and written down meanwhile. */
const STEP = 2_000;
/** Nothing is written while the first one is read, so it is small, and each is twice as large as the one before. */
const FIRST_STEP = 200;
const READS_AT_ONCE = 8;

/** The tags of a step's resources as they are now. */
export async function readStep(
  writer: TagWriter,
  step: readonly ChangeItem[],
  options: CallOptions,
): Promise<TagsById> {
  const byId = new Map<string, ReadonlyMap<string, string>>();
  await inParallel(chunks(step, writer.maxIds), READS_AT_ONCE, async (part) => {
    const keys = [...new Set(part.flatMap((item) => Object.keys(item.after)))];
    const ids = part.map((item) => item.resourceId);
    for (const [id, tags] of await writer.read(ids, keys, options)) byId.set(id, tags);
  });
  return byId;
}

/** What a step comes to. */
export interface StepPlan {
  readonly skipped: readonly SkippedTag[];
  /** Tags that are as before already. */
  readonly unchanged: number;
  readonly goals: readonly BulkGoal[];
  readonly items: readonly ChangeItem[];
  /** How many tags of each resource are to be restored. */
  readonly tagsOf: ReadonlyMap<string, number>;
}

/** Decides tag by tag, and groups what is to be restored by the state it comes to. */
export function planStep(step: readonly ChangeItem[], current: TagsById, protection: Protection): StepPlan {
  const skipped: SkippedTag[] = [];
  let unchanged = 0;
  const groups = new Map<string, { ids: string[]; after: TagStates }>();
  const items: ChangeItem[] = [];
  const tagsOf = new Map<string, number>();
  for (const { resourceId: id, before = {}, after } of step) {
    const restore: [key: string, from: string | null, to: string | null][] = [];
    for (const [key, left] of Object.entries(after)) {
      const now = current.get(id)?.get(key) ?? null;
      const was = before[key] ?? null;
      const takesValue = now !== null && now !== was;
      if (now === was) unchanged += 1;
      else if (now !== left) skipped.push({ id, key, reason: 'changed since' });
      else if (takesValue && protection.protectedOf([key]).length > 0) skipped.push({ id, key, reason: 'protected' });
      else restore.push([key, now, was]);
    }
    if (restore.length === 0) continue;
    const goal = tagStates(restore.map(([key, , to]) => [key, to]));
    items.push({ resourceId: id, before: tagStates(restore.map(([key, from]) => [key, from])), after: goal });
    tagsOf.set(id, restore.length);
    const name = JSON.stringify(Object.entries(goal));
    const group = groups.get(name) ?? { ids: [], after: goal };
    group.ids.push(id);
    groups.set(name, group);
  }
  return { goals: [...groups.values()], items, tagsOf, skipped, unchanged };
}

/** The items in steps, alike ones together, so that requests are full. */
export function stepsOf(unsorted: readonly ChangeItem[]): readonly (readonly ChangeItem[])[] {
  const items = alikeTogether(unsorted);
  const steps: (readonly ChangeItem[])[] = [];
  let size = FIRST_STEP;
  let start = 0;
  while (start < items.length) {
    steps.push(items.slice(start, start + size));
    start += size;
    size = Math.min(size * 2, STEP);
  }
  return steps;
}

function alikeTogether(items: readonly ChangeItem[]): ChangeItem[] {
  const groups = new Map<string, ChangeItem[]>();
  for (const item of items) {
    const name = JSON.stringify(item.before);
    const group = groups.get(name) ?? [];
    group.push(item);
    groups.set(name, group);
  }
  return [...groups.values()].flat();
}

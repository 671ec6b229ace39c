import type { Kms } from '../kms/kms-client.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { type BulkFailure, type BulkGoal, writeInBulk } from './bulk-write.js';
import { type ChangeItem, type StoredChange, type TagStates, tagStates } from './change.js';
import type { Journal, OpenChange } from './journal.js';
import { chunks, inParallel } from './paging.js';
import type { Protection } from './protection.js';
import { bulkTagWriter, singleTagWriter, type TagsById, type TagWriter } from './tag-writer.js';

export interface Undo {
  readonly kms: Kms;
  readonly journal: Journal;
  readonly protection: Protection;
  readonly change: StoredChange;
  readonly tool: string;
  readonly subject: string | undefined;
  readonly options: CallOptions;
  /** No write starts after this, in milliseconds since the epoch. */
  readonly stopAt: number;
  readonly now: () => number;
  /** Told how many resources are through. */
  readonly onProgress: (done: number) => Promise<void>;
}

/** Why a tag was left as it is. */
export type SkipReason = 'changed since' | 'earlier value unknown' | 'protected';

/** What came of an undo. Tags are counted one by one: a resource can have some restored and some skipped. */
export interface UndoResult {
  /** The change that the undo itself is; undefined when there was nothing to write. */
  readonly changeId: string | undefined;
  readonly restored: number;
  /** As before already. */
  readonly unchanged: number;
  readonly skipped: readonly { readonly id: string; readonly key: string; readonly reason: SkipReason }[];
  readonly failed: readonly BulkFailure[];
  readonly unknown: readonly string[];
  /** Resources that time was too short for. */
  readonly notAttempted: number;
  readonly unverified: number;
  /** Some of what failed was changed in part. */
  readonly touched: boolean;
}

/** Resources that are written in one step, at most; the next one is read and written down meanwhile. */
const STEP = 2_000;
/** Nothing is written while the first one is read, so it is small, and each is twice as large as the one before. */
const FIRST_STEP = 200;
const READS_AT_ONCE = 8;

/**
 * Takes a change back: restores each tag that is as the change left it, and leaves alone whatever somebody changed
 * since. What it does is a change of its own. Can be repeated, and then goes on where it stopped.
 * Rejects with `RpcError` or `TagsError` as long as nothing was written.
 */
export async function undoChange(undo: Undo): Promise<UndoResult> {
  const { change, kms, journal, stopAt, options, now } = undo;
  const writer = writerFor(kms, change);
  const result = { restored: 0, unchanged: 0, notAttempted: 0, unverified: 0 };
  const skipped: UndoResult['skipped'][number][] = [];
  const failed: BulkFailure[] = [];
  const unknown: string[] = [];
  let touched = false;
  let open: OpenChange | undefined;

  const known = change.items.filter((item) => item.before !== undefined);
  for (const { resourceId: id, after } of change.items.filter((item) => item.before === undefined)) {
    for (const key of Object.keys(after)) skipped.push({ id, key, reason: 'earlier value unknown' });
  }
  // Alike ones together, so that requests are full.
  const steps = stepsOf(alikeTogether(known));
  let through = 0;
  let next = prepareStep(steps[0] ?? []);
  for (const [index, step] of steps.entries()) {
    if (now() >= stopAt || options.signal?.aborted === true) {
      result.notAttempted += known.length - through;
      break;
    }
    const prepared = await next.catch((error: unknown) => {
      // Once something was written, the report must say so: what cannot be read or written down is left for later.
      if (open === undefined) throw error;
      return undefined;
    });
    if (prepared === undefined) {
      result.notAttempted += known.length - through;
      break;
    }
    next = prepareStep(steps[index + 1] ?? []);
    // An error shows when it is awaited; until then it must not count as unhandled.
    next.catch(() => undefined);

    const { goals, tagsOf, change: opened } = prepared;
    result.unchanged += prepared.unchanged;
    skipped.push(...prepared.skipped);
    if (opened !== undefined) {
      const { deadline = Number.POSITIVE_INFINITY, signal } = options;
      const written = await writeInBulk({
        writer,
        goals,
        stopAt,
        deadline,
        signal,
        now,
        async onOutcome(outcome) {
          if (outcome.kind === 'done') for (const id of outcome.resourceIds) result.restored += tagsOf.get(id) ?? 0;
          await opened.record(outcome);
        },
      });
      failed.push(...written.failures);
      unknown.push(...written.unknown);
      result.notAttempted += written.notAttempted;
      result.unverified += written.unverified;
      touched ||= written.touched;
    }
    through += step.length;
    await undo.onProgress(through);
  }
  await Promise.allSettled([next]);
  const clean = failed.length === 0 && result.notAttempted === 0;
  const isNothing = result.restored === 0 && !touched;
  await open?.end(unknown.length > 0 ? 'unknown' : isNothing ? 'nothing_done' : clean ? 'done' : 'partial');
  return { ...result, changeId: open?.changeId, skipped, failed, unknown, touched };

  /** What is to be written for a step, written down; no change where nothing is. */
  async function prepareStep(step: readonly ChangeItem[]) {
    const plan = planStep(step, await readStep(writer, step, options), undo.protection);
    return { ...plan, change: plan.items.length === 0 ? undefined : await writeDown(plan.items) };
  }

  async function writeDown(items: readonly ChangeItem[]): Promise<OpenChange> {
    if (open !== undefined) {
      await open.add(items);
      return open;
    }
    const { regionId, resourceType, changeId: undoes } = change;
    const { tool, subject } = undo;
    const resources = steps.length === 1 ? items.length : known.length;
    open = await journal.begin({ tool, subject, regionId, resourceType, undoes, items, resources });
    return open;
  }
}

/** A change of one resource is taken back as it was made; certificates have no other way. */
function writerFor(kms: Kms, { resourceType, resources }: StoredChange): TagWriter {
  return resourceType === 'certificate' || resources === 1
    ? singleTagWriter(kms, { type: resourceType })
    : bulkTagWriter(kms, resourceType);
}

async function readStep(writer: TagWriter, step: readonly ChangeItem[], options: CallOptions): Promise<TagsById> {
  const byId = new Map<string, ReadonlyMap<string, string>>();
  await inParallel(chunks(step, writer.maxIds), READS_AT_ONCE, async (part) => {
    const keys = [...new Set(part.flatMap((item) => Object.keys(item.after)))];
    const ids = part.map((item) => item.resourceId);
    for (const [id, tags] of await writer.read(ids, keys, options)) byId.set(id, tags);
  });
  return byId;
}

interface StepPlan extends Pick<UndoResult, 'skipped' | 'unchanged'> {
  readonly goals: readonly BulkGoal[];
  readonly items: readonly ChangeItem[];
  /** How many tags of each resource are to be restored. */
  readonly tagsOf: ReadonlyMap<string, number>;
}

/** Decides tag by tag, and groups what is to be restored by the state it comes to. */
function planStep(step: readonly ChangeItem[], current: TagsById, protection: Protection): StepPlan {
  const skipped: UndoResult['skipped'][number][] = [];
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

function stepsOf(items: readonly ChangeItem[]): readonly (readonly ChangeItem[])[] {
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

/** Whether taking the change back would take values away: tags that it set. */
export function undoTakesValues(change: StoredChange): boolean {
  return change.items.some((item) => Object.values(item.after).some((value) => value !== null));
}

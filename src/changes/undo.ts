import type { Kms } from '../aliyun/kms/kms-client.js';
import type { ChangeItem, StoredChange } from '../journal/change.js';
import type { Journal, OpenChange } from '../journal/journal.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { type BulkFailure, writeInBulk } from './bulk-write.js';
import type { Protection } from './protection.js';
import { bulkTagWriter, singleTagWriter, type TagWriter } from './tag-writer.js';
import { planStep, readStep, type SkippedTag, stepsOf } from './undo-steps.js';

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
  readonly onProgress: (done: number) => void;
}

/** What came of an undo. Tags are counted one by one: a resource can have some restored and some skipped. */
export interface UndoResult {
  /** The change that the undo itself is; undefined when there was nothing to write. */
  readonly changeId: string | undefined;
  readonly restored: number;
  /** As before already. */
  readonly unchanged: number;
  readonly skipped: readonly SkippedTag[];
  readonly failed: readonly BulkFailure[];
  readonly unknown: readonly string[];
  /** Resources that time was too short for. */
  readonly notAttempted: number;
  readonly unverified: number;
  /** Some of what failed was changed in part. */
  readonly touched: boolean;
}

/**
 * Takes a change back: restores each tag that is as the change left it, and leaves alone whatever somebody changed
 * since. What it does is a change of its own. Can be repeated, and then goes on where it stopped.
 * Rejects with `RpcError` or `TagsError` as long as nothing was written.
 */
export async function undoChange(undo: Undo): Promise<UndoResult> {
  const { change, kms, journal, stopAt, options, now } = undo;
  const writer = writerFor(kms, change);
  const result = { restored: 0, unchanged: 0, notAttempted: 0, unverified: 0 };
  const skipped: SkippedTag[] = [];
  const failed: BulkFailure[] = [];
  const unknown: string[] = [];
  let touched = false;
  let open: OpenChange | undefined;

  const known = change.items.filter((item) => item.before !== undefined);
  for (const { resourceId: id, after } of change.items.filter((item) => item.before === undefined)) {
    for (const key of Object.keys(after)) skipped.push({ id, key, reason: 'earlier value unknown' });
  }
  const steps = stepsOf(known);
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
    undo.onProgress(through);
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

/** Whether taking the change back would take values away: tags that it set. */
export function undoTakesValues(change: StoredChange): boolean {
  return change.items.some((item) => Object.values(item.after).some((value) => value !== null));
}

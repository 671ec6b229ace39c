import { tagRecord } from '../aliyun/kms/tag-record.js';
import type { ItemGroup, Outcome } from '../journal/change.js';
import { stateName } from '../journal/tag-states.js';
import { isUnexpected } from './failure-code.js';
import type { Run } from './run.js';
import type { Count, Failure, RunResult } from './run-result.js';
import { readBack, verify } from './verify.js';
import { type Loss, type Written, writeItems } from './write-items.js';
import type { WriteItem } from './write-request.js';

/** Parts under way at once. The rate limiter spaces their requests; this hides the latency. */
const PARTS_AT_ONCE = 8;
const NO_TAGS = tagRecord([]);

/** What the regions of one run share. */
export interface SharedRun extends Run {
  readonly writeDown: (groups: readonly ItemGroup[]) => Promise<void>;
  readonly record: (outcome: Outcome) => Promise<void>;
  readonly isStopped: () => boolean;
  /** For an unexpected error: nothing more begins in any region. */
  readonly stopAll: (error: unknown) => void;
  readonly passed: (resources: number) => void;
}

export type RegionResult = Omit<RunResult, 'changeId'>;

interface PartItem {
  readonly id: string;
  readonly group: ItemGroup;
}

/** The part of a run that happens in one region, at that region's pace. Rejects only before anything is sent. */
export async function runRegion(regionId: string, run: SharedRun): Promise<RegionResult> {
  const { limits } = run;
  const writer = run.writerOf(regionId);
  const groups = run.groups.filter((group) => group.regionId === regionId);
  const parts = partsOf(groups, writer.maxIds);
  const acknowledged: WriteItem[] = [];
  const withheld: WriteItem[] = [];
  const verified = new Set<string>();
  const failures: Failure[] = [];
  const unknown: Failure[] = [];
  const notAttempted: PartItem[] = [];
  let partlyChanged = 0;
  let cause: unknown;
  let ended = false;
  const stop = (error: unknown): void => {
    ended = true;
    cause ??= error;
  };
  const isOver = (): boolean =>
    ended || run.isStopped() || limits.signal?.aborted === true || limits.elapsed() >= limits.stopAt;
  const refusedAlike = new Map<string, number>();
  // What is under way is seen through, also when the caller cancels: its outcome would be unknown otherwise.
  const seenThrough = { ...limits, signal: undefined };
  const context = {
    writer,
    options: seenThrough,
    isOver,
    stop,
    refusedAlike,
    written: () => acknowledged.length,
  };

  async function runPart(part: readonly PartItem[]): Promise<void> {
    const items = await prepare(part);
    if (items.length === 0) return;
    const written = await writeItems(items, context).catch((error: unknown) => {
      run.stopAll(error);
      return lostAll(items, { kind: 'unknown', code: 'INTERNAL_ERROR' });
    });
    await settle(part, items, written);
  }

  /** Reads a part, decides, and writes down what is to be written. Nothing where one of these fails. */
  async function prepare(part: readonly PartItem[]): Promise<readonly WriteItem[]> {
    try {
      const keys = [...new Set(part.flatMap(({ group }) => Object.keys({ ...group.before, ...group.after })))];
      const ids = part.map(({ id }) => id);
      const { byId, refused } = await writer.read(ids, keys, limits);
      const readable = part.filter(({ id }) => !refused.has(id));
      const decisions = readable.map(({ id, group }) => ({ id, ...run.decide(id, group, byId.get(id) ?? NO_TAGS) }));
      const items = decisions.flatMap(({ id, write }) => (write === undefined ? [] : [{ id, ...write }]));
      if (items.length > 0) await run.writeDown(grouped(regionId, items));
      for (const { note } of decisions) note?.();
      for (const { id, group } of part) {
        const code = refused.get(id);
        if (code !== undefined) failures.push({ id, regionId, code, tags: Object.keys(group.after).length });
      }
      run.passed(part.length - items.length);
      return items;
    } catch (error) {
      // Nothing was sent for these. They are counted whole: a plan for the rest looks at each again.
      if (isUnexpected(error)) run.stopAll(error);
      else stop(error);
      notAttempted.push(...part);
      return [];
    }
  }

  async function settle(part: readonly PartItem[], items: readonly WriteItem[], written: Written): Promise<void> {
    const { losses, partly, requestId } = written;
    acknowledged.push(...written.acknowledged);
    withheld.push(...written.withheld);
    await record(
      'done',
      written.acknowledged.map(({ id }) => id),
      undefined,
      requestId,
    );
    // A removal is read back at the end, with all others at once; what was set is looked at while other parts are written.
    const shown = await readBack(writer, written.acknowledged.filter(setsSomething), seenThrough);
    for (const id of shown.reached) verified.add(id);
    await record(
      'unknown',
      written.withheld.map(({ id }) => id),
      'NOT_SHOWN',
      undefined,
    );
    const unsure = items.filter(({ id }) => losses.get(id)?.kind === 'unknown');
    const seen = await readBack(writer, unsure, seenThrough);
    for (const item of unsure) {
      if (!seen.reached.has(item.id)) continue;
      acknowledged.push(item);
      verified.add(item.id);
    }
    await record('done', [...seen.reached], undefined, undefined);
    const kinds = new Map<string, { readonly loss: Loss; readonly ids: string[] }>();
    for (const { id, after } of items) {
      const loss = losses.get(id);
      if (loss === undefined || seen.reached.has(id)) continue;
      const isPartly = partly.has(id);
      const { code, permission } = loss;
      const failure = { id, regionId, code, permission, tags: Object.keys(after).length };
      // One request of several was carried out and the next did not leave: neither failed nor untouched.
      if (loss.kind === 'unknown' || (loss.kind === 'not sent' && isPartly)) unknown.push(failure);
      else if (loss.kind === 'refused') failures.push(failure);
      else notAttempted.push(...part.filter((one) => one.id === id));
      if (loss.kind === 'refused' && isPartly) partlyChanged += 1;
      const kind = isPartly ? 'unknown' : loss.kind;
      const name = `${kind} ${loss.code}`;
      const alike = kinds.get(name) ?? { loss: { ...loss, kind }, ids: [] };
      alike.ids.push(id);
      kinds.set(name, alike);
    }
    for (const { loss, ids } of kinds.values())
      await record(loss.kind === 'not sent' ? 'not_sent' : loss.kind, ids, loss.code, undefined);
    run.passed(items.length);
  }

  async function record(
    kind: Outcome['kind'],
    ids: readonly string[],
    code: string | undefined,
    requestId: string | undefined,
  ): Promise<void> {
    if (ids.length > 0) await run.record({ kind, regionId, ids, code, requestId });
  }

  const worker = async (): Promise<void> => {
    while (!isOver()) {
      const next = parts.next();
      if (next.done === true) return;
      // Whatever happens to one part, the others are awaited and the report is made.
      await runPart(next.value).catch(run.stopAll);
    }
  };
  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, worker));
  for (const part of parts) notAttempted.push(...part);

  const { reached } = await verify(
    writer,
    acknowledged.filter(({ id }) => !verified.has(id)),
    seenThrough,
  );
  for (const id of reached) verified.add(id);
  return {
    changed: countOf([...acknowledged, ...withheld]),
    verified: countOf(acknowledged.filter(({ id }) => verified.has(id))),
    withheld: withheld.length,
    failures,
    unknown,
    notAttempted: regrouped(notAttempted),
    partlyChanged,
    cause,
  };
}

function* partsOf(groups: readonly ItemGroup[], size: number): Generator<readonly PartItem[], undefined> {
  let part: PartItem[] = [];
  for (const group of groups) {
    for (const id of group.ids) {
      part.push({ id, group });
      if (part.length < size) continue;
      yield part;
      part = [];
    }
  }
  if (part.length > 0) yield part;
  return undefined;
}

/** Items for the journal, alike ones together. */
function grouped(regionId: string, items: readonly WriteItem[]): ItemGroup[] {
  const groups = new Map<string, ItemGroup & { readonly ids: string[] }>();
  for (const { id, before, after } of items) {
    const name = `${stateName(before)}${stateName(after)}`;
    const group = groups.get(name) ?? { regionId, ids: [], before, after };
    group.ids.push(id);
    groups.set(name, group);
  }
  return [...groups.values()];
}

function regrouped(items: readonly PartItem[]): ItemGroup[] {
  const ids = new Map<ItemGroup, string[]>();
  for (const { id, group } of items) {
    const some = ids.get(group) ?? [];
    some.push(id);
    ids.set(group, some);
  }
  return [...ids].map(([group, some]) => ({ ...group, ids: some }));
}

function setsSomething({ after }: WriteItem): boolean {
  return Object.values(after).some((value) => value !== null);
}

function lostAll(items: readonly WriteItem[], loss: Loss): Written {
  const ids = items.map(({ id }) => id);
  return {
    acknowledged: [],
    withheld: [],
    losses: new Map(ids.map((id) => [id, loss])),
    partly: new Set(ids),
    requestId: undefined,
  };
}

function countOf(items: readonly WriteItem[]): Count {
  return { resources: items.length, tags: items.reduce((sum, { after }) => sum + Object.keys(after).length, 0) };
}

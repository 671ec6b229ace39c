import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import {
  type ChangeHeader,
  type ChangeItem,
  type ChangeState,
  type ChangeSummary,
  newChangeId,
  type Outcome,
  type StoredChange,
} from './change.js';
import { unavailable, unreadable } from './errors.js';
import { decodeRecord, encodeRecord, type JournalRecord } from './record.js';
import type { JournalStore } from './store.js';

export type { JournalStore } from './store.js';

/** Whose changes a caller may see: their own, or everybody's. */
export interface Viewer {
  /** Undefined where callers have no names (stdio, HTTP on loopback). */
  readonly subject: string | undefined;
  readonly seesAll: boolean;
}

export interface NewChange extends Pick<ChangeHeader, 'tool' | 'regionId' | 'resourceType' | 'subject' | 'undoes'> {
  /** Those that are written first; walked twice, so that many need not all be there at once. */
  readonly items: Iterable<ChangeItem>;
  /** In all, where more items follow by `add`. */
  readonly resources?: number;
}

/** A change under way. */
export interface OpenChange {
  readonly changeId: string;
  /** More resources, before their write. Durable when resolved. Throws `JOURNAL_UNAVAILABLE`. */
  add(items: readonly ChangeItem[]): Promise<void>;
  /** Never rejects: the write has happened by then, and what undo needs is on disk already. */
  record(outcome: Outcome): Promise<void>;
  end(state: Extract<ChangeState, 'done' | 'partial' | 'nothing_done' | 'unknown'>): Promise<void>;
}

/** The change journal: written before a change is sent, read to list changes and to take them back. */
export interface Journal {
  /** Resolves when everything that undo needs is durable. Throws `JOURNAL_UNAVAILABLE`: then nothing may be sent. */
  begin(change: NewChange): Promise<OpenChange>;
  /** Newest first. Throws `JOURNAL_UNAVAILABLE`, as `read` does. */
  list(limit: number, viewer: Viewer): Promise<readonly ChangeSummary[]>;
  /** Undefined when there is no such change, or it is not the viewer's. */
  read(changeId: string, viewer: Viewer): Promise<StoredChange | undefined>;
  /** True once for each token. Throws `JOURNAL_UNAVAILABLE`. */
  spend(token: string, ttlMs: number): Promise<boolean>;
}

export interface JournalOptions {
  readonly store: JournalStore;
  readonly now?: () => number;
}

/** Items on one line: large enough to be quick, small enough to be read in pieces. */
const ITEMS_PER_LINE = 100;

/** A journal over a store of lines. */
export function changeJournal({ store, now = Date.now }: JournalOptions): Journal {
  /** Time in the last change id. */
  let lastId = 0;

  async function read(changeId: string, withItems: boolean): Promise<StoredChange | undefined> {
    const stored = await store.read(changeId);
    if (stored === undefined) return undefined;
    let header: ChangeHeader | undefined;
    let ended: ChangeState | undefined;
    const items: ChangeItem[] = [];
    const counts = { done: 0, failed: 0, unknown: 0 };
    const requestIds: string[] = [];
    const outcomes = new Map<string, Outcome['kind']>();
    for await (const line of stored.lines) {
      // A line that was cut off by the end of its process holds nothing that anybody relied on.
      const record = decodeRecord(line, withItems);
      if (record === undefined) continue;
      if ('header' in record) header = record.header;
      if ('items' in record) items.push(...record.items);
      if ('outcome' in record) {
        counts[record.outcome.kind] += record.outcome.resourceIds.length;
        if (record.outcome.requestId !== undefined) requestIds.push(record.outcome.requestId);
        if (withItems) for (const id of record.outcome.resourceIds) outcomes.set(id, record.outcome.kind);
      }
      if ('end' in record) ended = record.end;
    }
    if (header === undefined || header.changeId !== changeId) return undefined;
    // Without an end, what has no outcome may have been changed all the same.
    const mayBeChanged = ({ resourceId }: ChangeItem): boolean =>
      (outcomes.get(resourceId) ?? (ended === undefined ? 'unknown' : 'failed')) !== 'failed';
    const state = ended ?? (stored.isLeased ? 'running' : 'interrupted');
    return { ...header, state, counts, requestIds, items: items.filter(mayBeChanged) };
  }

  return {
    async begin({ items, resources, ...change }) {
      const time = now();
      // Changes of one millisecond, too, sort as they were made.
      lastId = Math.max(time, lastId + 1);
      const changeId = newChangeId(lastId, randomBytes(4).toString('hex'));
      const header: ChangeHeader = {
        ...change,
        changeId,
        time: new Date(time).toISOString(),
        ...summaryOf(items, resources),
        host: hostname(),
        pid: process.pid,
      };
      try {
        await store.create(changeId, linesOf(header, items));
      } catch (error) {
        throw unavailable(error);
      }
      let isWhole = true;
      const append = async (record: JournalRecord): Promise<void> => {
        try {
          await store.append(changeId, [encodeRecord(record)], false);
        } catch {
          isWhole = false;
        }
      };
      return {
        changeId,
        async add(more) {
          try {
            await store.append(changeId, itemLines(more), true);
          } catch (error) {
            throw unavailable(error);
          }
        },
        record: (outcome) => append({ outcome, time: new Date(now()).toISOString() }),
        async end(state) {
          // With a line missing, the change must show as interrupted: undo then looks at every resource.
          if (isWhole) await append({ end: state, time: new Date(now()).toISOString() });
          await store.close(changeId);
        },
      };
    },

    async list(limit, viewer) {
      const found: ChangeSummary[] = [];
      try {
        for await (const id of store.newest()) {
          const change = await read(id, false);
          if (change === undefined || !mayView(viewer, change)) continue;
          found.push(change);
          if (found.length >= limit) break;
        }
      } catch (error) {
        throw unreadable(error);
      }
      return found;
    },

    async read(changeId, viewer) {
      const change = await read(changeId, true).catch((error: unknown) => {
        throw unreadable(error);
      });
      return change !== undefined && mayView(viewer, change) ? change : undefined;
    },

    async spend(token, ttlMs) {
      try {
        return await store.consumeOnce(token, ttlMs);
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}

function summaryOf(
  items: Iterable<ChangeItem>,
  resources: number | undefined,
): Pick<ChangeHeader, 'resources' | 'firstResourceId' | 'tagKeys'> {
  const keys = new Set<string>();
  let firstResourceId = '';
  let count = 0;
  let last: ChangeItem['after'] | undefined;
  for (const { resourceId, after } of items) {
    if (count === 0) firstResourceId = resourceId;
    count += 1;
    if (after === last) continue;
    last = after;
    for (const key of Object.keys(after)) keys.add(key);
  }
  return { resources: resources ?? count, firstResourceId, tagKeys: [...keys] };
}

function* linesOf(header: ChangeHeader, items: Iterable<ChangeItem>): Iterable<string> {
  yield encodeRecord({ header });
  yield* itemLines(items);
}

function* itemLines(items: Iterable<ChangeItem>): Iterable<string> {
  let line: ChangeItem[] = [];
  for (const item of items) {
    line.push(item);
    if (line.length < ITEMS_PER_LINE) continue;
    yield encodeRecord({ items: line });
    line = [];
  }
  if (line.length > 0) yield encodeRecord({ items: line });
}

function mayView(viewer: Viewer, change: ChangeHeader): boolean {
  return viewer.seesAll || change.subject === viewer.subject;
}

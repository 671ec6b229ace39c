import { randomBytes } from 'node:crypto';
import { type Account, isSameAccount } from '../aliyun/sts/account.js';
import { type Clock, systemClock } from '../base/clock.js';
import {
  type ChangeHeader,
  type ChangeState,
  type ChangeSummary,
  type EndState,
  type ItemGroup,
  isChangeId,
  newChangeId,
  type Outcome,
  type StoredChange,
  timeOfChangeId,
} from './change.js';
import { journalUnavailable, journalUnreadable } from './errors.js';
import { isPlanId, type PlanHeader, type StoredPlan } from './plan.js';
import { maySee, type Principal } from './principal.js';
import { decodeRecord, encodeRecord, groupLines, type JournalRecord } from './record.js';
import type { JournalStore } from './store.js';

/** Who asks, and for which account: records of another one are not theirs. */
export interface Reader {
  readonly principal: Principal;
  readonly account: Account;
}

/** `other account`: there is such a record, and it was made under other credentials. */
export type Found<Record> =
  | { readonly kind: 'found'; readonly record: Record }
  | { readonly kind: 'missing' }
  | { readonly kind: 'other account' };

/** A change under way. */
export interface OpenChange {
  readonly changeId: string;
  /** Resources, before they are written. Durable when resolved. Throws `JOURNAL_UNAVAILABLE`. */
  add(groups: readonly ItemGroup[]): Promise<void>;
  /** Never rejects: the write has happened by then, and what undo needs is on disk already. */
  record(outcome: Outcome): Promise<void>;
  /** Never rejects. */
  end(state: EndState): Promise<void>;
}

export interface ListRequest extends Reader {
  readonly limit: number;
  /** Only changes of this resource. */
  readonly resourceId?: string | undefined;
  /** Goes on after this change. */
  readonly after?: string | undefined;
}

/** The change journal: written before a change is sent, read to list and to undo changes. Also keeps plans. */
export interface Journal {
  /** Resolves when the change is durable. Throws `JOURNAL_UNAVAILABLE`: then nothing may be sent. */
  begin(change: Omit<ChangeHeader, 'changeId' | 'time'>, groups: readonly ItemGroup[]): Promise<OpenChange>;
  /** Newest first. Throws `JOURNAL_UNAVAILABLE`, as all that follow do. */
  list(request: ListRequest): Promise<{ readonly changes: readonly ChangeSummary[]; readonly hasMore: boolean }>;
  read(changeId: string, reader: Reader): Promise<Found<StoredChange>>;
  keepPlan(plan: StoredPlan, ttlMs: number): Promise<void>;
  readPlan(planId: string, reader: Reader): Promise<Found<StoredPlan>>;
  /** True once for each token. */
  consumeOnce(token: string, ttlMs: number): Promise<boolean>;
  /** Resolves when no change of this process is open any more: what came of each is recorded, and its lease given back. */
  settled(): Promise<void>;
}

/** The last moment that a change id can tell. */
const LAST_TIME = Date.UTC(9999, 11, 31);

/** A journal over a store of lines. */
export function changeJournal(store: JournalStore, clock: Clock = systemClock): Journal {
  /** Changes that have not ended yet. */
  const open = new Set<Promise<void>>();
  /** Time in the last change id; undefined until the newest one there is has been looked up. */
  let lastTime: number | undefined;

  /** Sorts after every id there is, whatever a wrong clock once made of one: ids tell the order of writing. */
  async function nextId(): Promise<string> {
    if (lastTime === undefined) {
      const newest = await first(store.newest());
      const time = newest === undefined ? 0 : timeOfChangeId(newest);
      lastTime = Math.max(lastTime ?? 0, time);
    }
    // Past the last year that an id can say, the order is lost, but not the change.
    lastTime = lastTime + 1 < LAST_TIME ? Math.max(clock.now(), lastTime + 1) : clock.now();
    return newChangeId(lastTime, randomBytes(4).toString('hex'));
  }

  async function readSummary(changeId: string, resourceId?: string) {
    const stored = isChangeId(changeId) ? await store.read(changeId) : undefined;
    if (stored === undefined) return undefined;
    const mark = resourceId === undefined ? undefined : JSON.stringify(resourceId);
    let header: ChangeHeader | undefined;
    let end: EndState | undefined;
    let concerns = mark === undefined;
    for await (const line of stored.lines) {
      if (!concerns && mark !== undefined && line.startsWith('{"Items"') && line.includes(mark)) concerns = true;
      if (line.startsWith('{"Items"') || line.startsWith('{"Outcome"')) continue;
      const record = decodeRecord(line, false);
      if (record !== undefined && 'header' in record) header = record.header;
      if (record !== undefined && 'end' in record) end = record.end;
    }
    if (header?.changeId !== changeId || !concerns) return undefined;
    return { ...header, state: end ?? unfinished(stored.isLeased) };
  }

  return {
    async begin(change, groups) {
      const header: ChangeHeader = await nextId().then(
        (changeId) => ({ ...change, changeId, time: new Date(clock.now()).toISOString() }),
        (error: unknown) => Promise.reject(journalUnavailable(error)),
      );
      const { changeId } = header;
      try {
        await store.create(changeId, linesOf({ header }, groups));
      } catch (error) {
        throw journalUnavailable(error);
      }
      let isWhole = true;
      let ending = (): void => undefined;
      const ended = new Promise<void>((resolve) => {
        ending = resolve;
      });
      open.add(ended);
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
            await store.append(changeId, groupLines(more), true);
          } catch (error) {
            throw journalUnavailable(error);
          }
        },
        record: (outcome) => append({ outcome }),
        async end(state) {
          // With a line missing, the change must show as interrupted: undo then looks at every resource.
          if (isWhole) await append({ end: state });
          // The change was made: what cannot be closed must not hide its report.
          await store.close(changeId).catch(() => undefined);
          open.delete(ended);
          ending();
        },
      };
    },

    async list({ limit, principal, account, resourceId, after }) {
      const changes: ChangeSummary[] = [];
      try {
        let passed = after === undefined;
        for await (const id of store.newest()) {
          if (!passed) {
            passed = id === after;
            continue;
          }
          const change = await readSummary(id, resourceId);
          if (change === undefined || !maySee(principal, change) || !isSameAccount(account, change.account)) continue;
          if (changes.length === limit) return { changes, hasMore: true };
          changes.push(change);
        }
      } catch (error) {
        throw journalUnreadable(error);
      }
      return { changes, hasMore: false };
    },

    async read(changeId, { principal, account }) {
      try {
        const stored = isChangeId(changeId) ? await store.read(changeId) : undefined;
        if (stored === undefined) return { kind: 'missing' };
        const change = await assemble(changeId, stored.lines, stored.isLeased);
        if (change === undefined || !maySee(principal, change)) return { kind: 'missing' };
        return isSameAccount(account, change.account) ? { kind: 'found', record: change } : { kind: 'other account' };
      } catch (error) {
        throw journalUnreadable(error);
      }
    },

    async keepPlan({ groups, ...plan }, ttlMs) {
      try {
        await store.putPlan(plan.planId, linesOf({ plan }, groups), ttlMs);
      } catch (error) {
        throw journalUnavailable(error);
      }
    },

    async readPlan(planId, { principal, account }) {
      try {
        const lines = isPlanId(planId) ? await store.readPlan(planId) : undefined;
        if (lines === undefined) return { kind: 'missing' };
        let plan: PlanHeader | undefined;
        const groups: ItemGroup[] = [];
        for await (const line of lines) {
          const record = decodeRecord(line, true);
          if (record !== undefined && 'plan' in record) plan = record.plan;
          if (record !== undefined && 'group' in record) groups.push(record.group);
        }
        // A plan is for the caller who made it, whatever else that caller may see.
        const isTheirs = plan?.planId === planId && maySee({ ...principal, seesAll: false }, plan);
        if (plan === undefined || !isTheirs || Date.parse(plan.expiresAt) <= clock.now()) return { kind: 'missing' };
        return isSameAccount(account, plan.account)
          ? { kind: 'found', record: { ...plan, groups } }
          : { kind: 'other account' };
      } catch (error) {
        throw journalUnreadable(error);
      }
    },

    async settled() {
      await Promise.all(open);
    },

    async consumeOnce(token, ttlMs) {
      try {
        return await store.consumeOnce(token, ttlMs);
      } catch (error) {
        throw journalUnavailable(error);
      }
    },
  };
}

/** A change of its lines. A line that was cut off by the end of its process holds nothing that anybody relied on. */
async function assemble(
  changeId: string,
  lines: AsyncIterable<string>,
  isLeased: boolean,
): Promise<StoredChange | undefined> {
  let header: ChangeHeader | undefined;
  let end: EndState | undefined;
  const groups: ItemGroup[] = [];
  const notSent = new Set<string>();
  for await (const line of lines) {
    const record = decodeRecord(line, true);
    if (record === undefined) continue;
    if ('header' in record) header = record.header;
    if ('group' in record) groups.push(record.group);
    if ('end' in record) end = record.end;
    if ('outcome' in record && record.outcome.kind === 'not_sent') {
      for (const id of record.outcome.ids) notSent.add(`${record.outcome.regionId} ${id}`);
    }
  }
  if (header?.changeId !== changeId) return undefined;
  const sent = groups.map((group) =>
    notSent.size === 0 ? group : { ...group, ids: group.ids.filter((id) => !notSent.has(`${group.regionId} ${id}`)) },
  );
  return { ...header, state: end ?? unfinished(isLeased), groups: sent.filter(({ ids }) => ids.length > 0) };
}

function unfinished(isLeased: boolean): ChangeState {
  return isLeased ? 'running' : 'interrupted';
}

function* linesOf(head: JournalRecord, groups: Iterable<ItemGroup>): Iterable<string> {
  yield encodeRecord(head);
  yield* groupLines(groups);
}

async function first<Item>(items: AsyncIterable<Item>): Promise<Item | undefined> {
  for await (const item of items) return item;
  return undefined;
}

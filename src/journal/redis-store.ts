import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { isChangeId } from './change.js';
import {
  type HeldLease,
  holdLease,
  LEASE_TIMING,
  type LeaseTiming,
  type MonotonicClock,
  monotonicClock,
} from './lease.js';
import { isStorablePlanId, storablePlanId } from './plan-id.js';
import type { RedisConnection } from './redis-connection.js';
import { RedisFailure } from './redis-failure.js';
import { BYTES, consumedOf, INDEX, leaseOf, linesOf, ORDER, planOf, SIZES, stagedOf } from './redis-keys.js';
import { chunksOf, FIRST_PAGE, type LineChunk, linesInPages, texts } from './redis-lines.js';
import { type RedisJournalLimits, type RunScript, redisPruning } from './redis-pruning.js';
import { APPEND, CREATE, NEWEST, PUT_PLAN, READ, READ_PLAN, RELEASE, RENEW, STAGE } from './redis-scripts.js';
import { type JournalStore, LeaseLost } from './store.js';

const DEFAULT_LIMITS: RedisJournalLimits = { changes: 5_000, bytes: 256 * 1024 * 1024, days: 90 };
const TIMEOUT_MS = 5_000;
const IDS_PER_PAGE = 100;
/** What was sent of a change or plan that never came to be goes after so many seconds. */
const STAGED_SECONDS = 60;
/** A plan stays for those who began to read it in time. */
const READING_MS = 2 * 60_000;

const created = z.tuple([z.number(), z.number()]);
const changeFound = z.tuple([z.number(), z.number(), texts]).nullable();
const planFound = z.tuple([z.number(), texts]).nullable();

export interface RedisStoreOptions {
  /** Told of a failure when it begins. The code holds no address. */
  readonly onTrouble: (code: string) => void;
  readonly limits?: RedisJournalLimits;
  readonly lease?: LeaseTiming;
  readonly clock?: MonotonicClock;
  /** For one command, in milliseconds. */
  readonly timeoutMs?: number;
}

export interface RedisJournalStore extends JournalStore {
  disconnect(): Promise<void>;
}

/** A change of this process that is not closed yet. */
interface OpenList {
  readonly holder: string;
  readonly lease: HeldLease;
}

/**
 * The journal in Redis, for any number of replicas: a list of lines for each change, an index sorted by the order of
 * writing, a key for the lease of each open change, a list for each plan, and a key for each consumed token.
 *
 * `create` resolves when Redis has confirmed all lines, and `append` when it has the lines. How long they last from
 * there is for Redis to say: with `appendonly yes` and `appendfsync always` they are on disk by then; with `everysec` a
 * power cut may cost the last second; without `appendonly` a restart costs everything, and a failover to a replica may
 * cost what had not been copied. Nothing may be evicted (`maxmemory-policy noeviction`), or a consumed token could be
 * consumed again.
 */
export function redisJournalStore(url: string, options: RedisStoreOptions): RedisJournalStore {
  const { onTrouble, limits = DEFAULT_LIMITS, lease: timing = LEASE_TIMING, clock = monotonicClock } = options;
  // At once, so that a wrong URL shows at the start and not with the first change.
  const connection: Promise<RedisConnection> = import('./redis-connection.js').then(({ openRedis }) =>
    openRedis(url, { timeoutMs: options.timeoutMs ?? TIMEOUT_MS, onTrouble }),
  );
  connection.catch((error: unknown) => onTrouble(error instanceof RedisFailure ? error.code : 'unknown'));
  const send = async (...command: readonly string[]): Promise<unknown> => (await connection).send(command);
  const run: RunScript = (script, keys, args) =>
    send('EVAL', script, String(keys.length), ...keys, ...args.map(String));

  const changes = new Map<string, OpenList>();
  const pruning = redisPruning(run, (count) => send('ZRANGE', INDEX, '0', String(count - 1)), limits);

  /** Sends all portions but the last, which the caller sends with the script that puts them to use. */
  async function stage(
    name: string,
    lines: Iterable<string>,
  ): Promise<{ staged: number; bytes: number; last: LineChunk }> {
    let [staged, bytes] = [0, 0];
    let last: LineChunk = { lines: [], bytes: 0 };
    for (const chunk of chunksOf(lines)) {
      if (last.lines.length > 0) await run(STAGE, [stagedOf(name)], [STAGED_SECONDS, ...last.lines]);
      staged += last.lines.length;
      bytes += chunk.bytes;
      last = chunk;
    }
    return { staged, bytes, last };
  }

  /** Takes back what a failed `create` may have left; waits for it only where Redis answers. */
  async function takeBack(id: string, holder: string, error: unknown): Promise<void> {
    const done = Promise.all([send('DEL', stagedOf(holder)), pruning.takeBack(id, holder)]);
    const settled = done.catch(() => undefined);
    if (error instanceof RedisFailure && !error.isReply) return;
    await settled;
  }

  return {
    async create(id, lines) {
      if (!isChangeId(id)) throw new TypeError('not a change id');
      const holder = randomBytes(16).toString('base64url');
      try {
        const { staged, bytes, last } = await stage(holder, lines);
        const takenAt = clock();
        const reply = await run(
          CREATE,
          [INDEX, SIZES, BYTES, ORDER, linesOf(id), leaseOf(id), stagedOf(holder)],
          [id, bytes, Math.ceil(limits.days * 24 * 60 * 60), holder, timing.lengthMs, staged, ...last.lines],
        );
        const lease = holdLease({
          takenAt,
          timing,
          clock,
          renew: async () => (await run(RENEW, [leaseOf(id)], [holder, timing.lengthMs])) === 1,
        });
        if (!lease.isHeld()) throw new LeaseLost('The process was stopped while it created the change.');
        changes.set(id, { holder, lease });
        pruning.made(id, ...created.parse(reply));
      } catch (error) {
        await takeBack(id, holder, error);
        throw error;
      }
    },

    async append(id, lines) {
      const change = changes.get(id);
      if (change === undefined) throw new LeaseLost('The change is not open in this process.');
      for (const chunk of chunksOf(lines)) {
        change.lease.assertHeld();
        const keys = [linesOf(id), leaseOf(id), SIZES, BYTES];
        if ((await run(APPEND, keys, [change.holder, id, chunk.bytes, ...chunk.lines])) !== 1) {
          throw new LeaseLost('The lease of the change has lapsed in Redis.');
        }
      }
      change.lease.assertHeld();
    },

    async close(id) {
      const change = changes.get(id);
      if (change === undefined) return;
      changes.delete(id);
      change.lease.stop();
      await run(RELEASE, [leaseOf(id)], [change.holder]).catch(() => undefined);
    },

    async read(id) {
      if (!isChangeId(id)) return undefined;
      const found = changeFound.parse(await run(READ, [INDEX, leaseOf(id), linesOf(id)], [id, FIRST_PAGE - 1]));
      if (found === null || found[1] === 0) return undefined;
      const [leases, total, first] = found;
      return { isLeased: leases > 0, lines: linesInPages(first, total, pageOf(linesOf(id))) };
    },

    async *newest() {
      // From id to id, not from rank to rank: changes are added at this end all the time.
      for (let after = ''; ; ) {
        const page = texts.parse(await run(NEWEST, [INDEX], [after, IDS_PER_PAGE]));
        yield* page;
        const last = page.at(-1);
        if (last === undefined || page.length < IDS_PER_PAGE) return;
        after = last;
      }
    },

    async putPlan(id, lines, ttlMs) {
      const plan = planOf(storablePlanId(id));
      const name = randomBytes(16).toString('base64url');
      try {
        const { staged, last } = await stage(name, lines);
        await run(STAGE, [stagedOf(name)], [STAGED_SECONDS, ...last.lines]);
        await run(PUT_PLAN, [plan, stagedOf(name)], [staged + last.lines.length, Math.ceil(ttlMs) + READING_MS]);
      } catch (error) {
        if (error instanceof RedisFailure && error.isReply) await send('DEL', stagedOf(name)).catch(() => undefined);
        throw error;
      }
    },

    async readPlan(id) {
      if (!isStorablePlanId(id)) return undefined;
      const found = planFound.parse(await run(READ_PLAN, [planOf(id)], [READING_MS, FIRST_PAGE - 1]));
      return found === null ? undefined : linesInPages(found[1], found[0], pageOf(planOf(id)));
    },

    async consumeOnce(token, ttlMs) {
      return (await send('SET', consumedOf(token), '1', 'NX', 'PX', String(Math.max(1, Math.ceil(ttlMs))))) === 'OK';
    },

    async disconnect() {
      for (const { lease } of changes.values()) lease.stop();
      (await connection).close();
    },
  };

  function pageOf(key: string): (start: number, stop: number) => Promise<readonly string[]> {
    return async (start, stop) => texts.parse(await send('LRANGE', key, String(start), String(stop)));
  }
}

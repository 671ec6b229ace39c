import { createHash } from 'node:crypto';
import * as z from 'zod';
import { isChangeId, newChangeId } from './change.js';
import type { RedisConnection } from './redis-connection.js';
import type { JournalStore } from './store.js';

/** How much is kept; the oldest changes go first. */
export interface RedisJournalLimits {
  readonly changes: number;
  /** Of all lines. */
  readonly bytes: number;
  readonly days: number;
}

const DEFAULT_LIMITS: RedisJournalLimits = { changes: 5_000, bytes: 256 * 1024 * 1024, days: 90 };
const TIMEOUT_MS = 5_000;
const DAY_MS = 24 * 60 * 60_000;

/** The braces put all keys into one slot of a cluster, so that they can be changed together. */
const PREFIX = '{kms-tags}:';
const INDEX = `${PREFIX}changes`;
const SIZES = `${PREFIX}sizes`;
const BYTES = `${PREFIX}bytes`;
const linesOf = (id: string): string => `${PREFIX}change:${id}`;

const LINES_PER_PAGE = 50;
const IDS_PER_PAGE = 100;

/** Drops the oldest changes until the rest is few, small and young enough; in one step, whoever else does the same. */
const PRUNE = `
local index, sizes, total = KEYS[1], KEYS[2], KEYS[3]
local prefix, changes, bytes, oldest, keep = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
while true do
  local id = redis.call('ZRANGE', index, 0, 0)[1]
  if not id or id == keep then return end
  local few = redis.call('ZCARD', index) <= changes
  local small = tonumber(redis.call('GET', total) or '0') <= bytes
  if few and small and id >= oldest then return end
  redis.call('DECRBY', total, redis.call('HGET', sizes, id) or '0')
  redis.call('HDEL', sizes, id)
  redis.call('ZREM', index, id)
  redis.call('DEL', prefix .. id)
end`;

/** Adds to a list that is there: one that was dropped meanwhile must not come back without its beginning. */
const APPEND = `
if redis.call('RPUSHX', KEYS[1], ARGV[2]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[2], ARGV[1], #ARGV[2])
redis.call('INCRBY', KEYS[3], #ARGV[2])
return 1`;

const texts = z.array(z.string());

export interface RedisJournalOptions {
  /** Told of a failure when it begins. The code holds no address. */
  readonly onTrouble: (code: string) => void;
  readonly limits?: RedisJournalLimits;
  readonly now?: () => number;
}

export interface RedisJournalStore extends JournalStore {
  disconnect(): Promise<void>;
}

/**
 * The journal in Redis, for any number of replicas: a list of lines for each change, an index sorted by id, and a key
 * for each spent token, which goes when the token would have expired.
 *
 * `create` resolves when Redis has confirmed all lines in one transaction, and `append` when it has the line. How long they last from there is for Redis
 * to say: with `appendonly yes` and `appendfsync always` they are on disk by then; with `everysec` a power cut may
 * cost the last second; without `appendonly` a restart costs everything, and a failover to a replica may cost what
 * had not been copied. Nothing may be evicted (`maxmemory-policy noeviction`), or a spent token could be spent again.
 */
export function redisJournalStore(url: string, options: RedisJournalOptions): RedisJournalStore {
  const { onTrouble, limits = DEFAULT_LIMITS, now = Date.now } = options;
  // At once, so that a wrong URL shows at the start and not with the first change.
  const connection: Promise<RedisConnection> = import('./redis-connection.js').then(({ openRedis }) =>
    openRedis(url, { timeoutMs: TIMEOUT_MS, onTrouble }),
  );
  const send = async (...command: readonly string[]): Promise<unknown> => (await connection).send(command);
  const page = async (id: string, start: number): Promise<string[]> =>
    texts.parse(await send('LRANGE', linesOf(id), String(start), String(start + LINES_PER_PAGE - 1)));

  return {
    async create(id, lines) {
      const all = [...lines];
      const bytes = String(all.reduce((sum, line) => sum + Buffer.byteLength(line), 0));
      const oldest = newChangeId(now() - limits.days * DAY_MS, '');
      const bounds = [linesOf(''), String(limits.changes), String(limits.bytes), oldest, id];
      await (await connection).sendAll([
        ['RPUSH', linesOf(id), ...all],
        // Should no other change ever come to drop it.
        ['EXPIRE', linesOf(id), String((limits.days + 1) * 24 * 60 * 60)],
        ['ZADD', INDEX, '0', id],
        ['HSET', SIZES, id, bytes],
        ['INCRBY', BYTES, bytes],
        ['EVAL', PRUNE, '3', INDEX, SIZES, BYTES, ...bounds],
      ]);
    },

    async append(id, lines, durable) {
      const line = [...lines].join('\n');
      const kept = await send('EVAL', APPEND, '3', linesOf(id), SIZES, BYTES, id, line);
      if (durable && kept !== 1) throw new Error('The change was dropped from the journal while it went on.');
    },

    async close() {},

    async read(id) {
      if (!isChangeId(id)) return undefined;
      const first = await page(id, 0);
      return first.length === 0 ? undefined : { lines: pagesFrom(first, (start) => page(id, start)), isLeased: false };
    },

    async *newest() {
      // From id to id, not from rank to rank: changes are added at this end all the time.
      for (let below = '+'; ; ) {
        const page = texts.parse(await send('ZREVRANGEBYLEX', INDEX, below, '-', 'LIMIT', '0', String(IDS_PER_PAGE)));
        yield* page;
        const last = page.at(-1);
        if (last === undefined || page.length < IDS_PER_PAGE) return;
        below = `(${last}`;
      }
    },

    async putPlan() {},
    async readPlan() {
      return undefined;
    },

    async consumeOnce(token, ttlMs) {
      const key = `${PREFIX}spent:${createHash('sha256').update(token).digest('hex')}`;
      return (await send('SET', key, '1', 'NX', 'PX', String(ttlMs))) === 'OK';
    },

    async disconnect() {
      (await connection).close();
    },
  };
}

async function* pagesFrom(
  first: readonly string[],
  next: (start: number) => Promise<readonly string[]>,
): AsyncIterable<string> {
  let start = 0;
  for (let page = first; page.length > 0; page = page.length < LINES_PER_PAGE ? [] : await next(start)) {
    yield* page;
    start += LINES_PER_PAGE;
  }
}

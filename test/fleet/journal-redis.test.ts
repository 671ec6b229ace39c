import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import * as scripts from '../../src/journal/redis-scripts.js';
import { type RedisJournalStore, type RedisStoreOptions, redisJournalStore } from '../../src/journal/redis-store.js';
import { LeaseLost } from '../../src/journal/store.js';
import { collect, describeJournalStore, linesOf, nextId } from '../journal/journal-store.suite.js';
import { describeHolder } from '../journal/lease-holder.suite.js';
import { freePort } from './free-port.js';
import { redisCommand, textsOf } from './redis-command.js';
import { REDIS_PASSWORD, type RunningRedis, runningRedis } from './running-redis.js';

let redis: RunningRedis;
const opened: RedisJournalStore[] = [];
const troubles: string[] = [];

beforeAll(async () => {
  redis = await runningRedis();
});
afterAll(() => redis.stop());
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.disconnect().catch(() => undefined)));
  troubles.length = 0;
});

const LIMITS = { changes: 1_000, bytes: 1e9, days: 90 };

function open(url = redis.url, options: Partial<RedisStoreOptions> = {}): RedisJournalStore {
  const store = redisJournalStore(url, { onTrouble: (code) => troubles.push(code), limits: LIMITS, ...options });
  opened.push(store);
  return store;
}

const command = (...words: string[]): Promise<unknown> => redisCommand(redis.url, ...words);
const keys = async (): Promise<string[]> => textsOf(await command('KEYS', '*'));

async function made(store: RedisJournalStore, lines = ['{}'], id = nextId()): Promise<string> {
  await store.create(id, lines);
  await store.close(id);
  return id;
}

describeJournalStore('the journal in Redis', async () => {
  await command('FLUSHALL');
  return {
    open: ({ changes = 1_000, ...options } = {}) => open(redis.url, { limits: { ...LIMITS, changes }, ...options }),
  };
});

describeHolder('the journal in Redis', async () => {
  await command('FLUSHALL');
  return { where: redis.url, open: (lease) => open(redis.url, { lease }), showsWholeChanges: true };
});

describe('what stays in Redis', () => {
  it('expires by itself: changes after 90 days, leases, plans and tokens in their time', async () => {
    await command('FLUSHALL');
    const store = open();
    const id = nextId();
    await store.create(id, ['{}']);
    await store.putPlan('plan', ['{}'], 60_000);
    await store.consumeOnce('token', 60_000);
    const ttl = async (key: string): Promise<number> => Number(await command('PTTL', key));
    expect(await ttl(`{kms-tags}:change:${id}`)).toBeGreaterThan(89 * 86_400_000);
    expect(await ttl(`{kms-tags}:lease:${id}`)).toBeGreaterThan(8_000);
    expect(await ttl(`{kms-tags}:lease:${id}`)).toBeLessThanOrEqual(10_000);
    // Two minutes longer, for those who began to read it.
    expect(await ttl('{kms-tags}:plan:plan')).toBeLessThanOrEqual(180_000);
    const [spent = ''] = textsOf(await command('KEYS', '{kms-tags}:spent:*'));
    expect(spent).not.toContain('token');
    expect(await ttl(spent)).toBeLessThanOrEqual(60_000);
    const forEver = (await keys()).filter((key) => !/change:|lease:|plan:|spent:/.test(key));
    expect(forEver).toEqual(['bytes', 'changes', 'order', 'sizes'].map((name) => `{kms-tags}:${name}`));
  });

  it('lists the changes by the order of their writing, whatever time their ids say', async () => {
    await command('FLUSHALL');
    const store = open();
    const future = await made(store, ['{}'], '20991231T000000000Z-00000001');
    const now = await made(store);
    const past = await made(store, ['{}'], '19700101T000000000Z-00000001');
    expect(await collect(store.newest())).toEqual([past, now, future]);
    const small = open(redis.url, { limits: { ...LIMITS, changes: 2 } });
    const last = await made(small);
    await expect.poll(() => collect(store.newest())).toEqual([last, past]);
  });

  it('is forgotten after its days when another change comes', async () => {
    await command('FLUSHALL');
    await made(open(redis.url, { limits: { ...LIMITS, days: 1 / 86_400 } }));
    await wait(1_100);
    const young = await made(open());
    await expect.poll(() => command('ZRANGE', '{kms-tags}:changes', '0', '-1')).toEqual([young]);
    expect(await command('GET', '{kms-tags}:bytes')).toBe('2');
    expect(await command('HLEN', '{kms-tags}:sizes')).toBe(1);
  });

  it('is dropped by size, the oldest first, and the newest change stays however large it is', async () => {
    await command('FLUSHALL');
    const store = open(redis.url, { limits: { ...LIMITS, bytes: 5_000 } });
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) ids.push(await made(store, ['x'.repeat(2_000)]));
    await expect.poll(() => collect(store.newest())).toEqual(ids.slice(2).toReversed());
    const large = await made(store, ['x'.repeat(20_000)]);
    await expect.poll(() => collect(store.newest())).toEqual([large]);
    expect(await command('GET', '{kms-tags}:bytes')).toBe('20000');
  });

  it('counts the bytes of appended lines, too', async () => {
    await command('FLUSHALL');
    const store = open();
    const id = nextId();
    await store.create(id, ['ab']);
    await store.append(id, ['漢', 'c'], true);
    expect(await command('GET', '{kms-tags}:bytes')).toBe('6');
    expect(await command('HGET', '{kms-tags}:sizes', id)).toBe('6');
  });

  it('does not come back as half a change after it was dropped', async () => {
    const store = open();
    const id = nextId();
    await store.create(id, ['{}']);
    await command('DEL', `{kms-tags}:change:${id}`);
    await expect(store.append(id, ['{"End":"done"}'], false)).rejects.toBeInstanceOf(LeaseLost);
    expect(await store.read(id)).toBeUndefined();
    expect(await command('EXISTS', `{kms-tags}:change:${id}`)).toBe(0);
  });

  it('takes no line once the lease has lapsed in Redis, even where the holder’s clock stood still', async () => {
    const store = open(redis.url, { clock: () => 0, lease: { lengthMs: 200, renewEveryMs: 60_000 } });
    const id = nextId();
    await store.create(id, ['{}']);
    await wait(300);
    await expect(store.append(id, ['{}'], true)).rejects.toBeInstanceOf(LeaseLost);
    expect(await linesOf(store, id)).toEqual(['{}']);
  });

  it('is not read as a whole when it vanishes while it is read', async () => {
    const store = open();
    const id = await made(
      store,
      Array.from({ length: 5_000 }, (_, index) => `${index}${'x'.repeat(500)}`),
    );
    const stored = await store.read(id);
    const reading = (async () => {
      let seen = 0;
      for await (const _ of stored?.lines ?? []) if (++seen === 60) await command('DEL', `{kms-tags}:change:${id}`);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'ENODATA' });
  });
});

describe('a create that fails inside Redis', () => {
  const large = Array.from({ length: 2_000 }, (_, index) => `${index}${'x'.repeat(500)}`);

  it.each([
    ['the index', 'changes', 'ZADD', 'WRONGTYPE'],
    ['the sizes', 'sizes', 'HSET', 'WRONGTYPE'],
    ['the counter', 'bytes', 'INCRBY', 'WRONGTYPE'],
    ['the order', 'order', 'INCR', 'WRONGTYPE'],
  ])('leaves nothing behind: %s is of another type', async (_, name, __, code) => {
    for (const lines of [['{}'], large]) {
      await command('FLUSHALL');
      const first = await made(open());
      await command('RENAME', `{kms-tags}:${name}`, 'kept');
      await command('SADD', `{kms-tags}:${name}`, 'of another type');
      const before = await keys();
      await expect(open().create(nextId(), lines)).rejects.toMatchObject({ code });
      expect(await keys()).toEqual(before);
      await command('DEL', `{kms-tags}:${name}`);
      await command('RENAME', 'kept', `{kms-tags}:${name}`);
      expect(await command('GET', '{kms-tags}:bytes')).toBe('2');
      expect(await command('HLEN', '{kms-tags}:sizes')).toBe(1);
      expect(await collect(open().newest())).toEqual([first]);
    }
  });

  it('leaves nothing behind: a counter is not a number', async () => {
    await command('FLUSHALL');
    await command('SET', '{kms-tags}:bytes', 'many');
    await expect(open().create(nextId(), large)).rejects.toMatchObject({ code: 'ERR' });
    expect((await keys()).filter((key) => key !== '{kms-tags}:order')).toEqual(['{kms-tags}:bytes']);
    expect(await command('GET', '{kms-tags}:bytes')).toBe('many');
  });

  it.each([
    ['a small change', ['{}']],
    ['a large change', large],
  ])('leaves nothing behind: there is no memory for %s', async (_, lines) => {
    await command('FLUSHALL');
    const store = open();
    const first = await made(store);
    const before = await keys();
    await command('CONFIG', 'SET', 'maxmemory', '1');
    onTestFinished(async () => void (await command('CONFIG', 'SET', 'maxmemory', '0')));
    await expect(store.create(nextId(), lines)).rejects.toMatchObject({ code: 'OOM' });
    await expect(store.consumeOnce('token', 60_000)).rejects.toMatchObject({ code: 'OOM' });
    await expect(store.putPlan('plan', lines, 60_000)).rejects.toMatchObject({ code: 'OOM' });
    expect(await keys()).toEqual(before);
    expect(await linesOf(store, first)).toEqual(['{}']);
  });

  it('is taken back when Redis answers too late', async () => {
    const own = await runningRedis();
    onTestFinished(() => own.stop());
    const store = open(own.url, { timeoutMs: 500 });
    await made(store);
    process.kill(own.pid, 'SIGSTOP');
    const id = nextId();
    const refusal = expect(store.create(id, ['{}'])).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await refusal;
    process.kill(own.pid, 'SIGCONT');
    await expect.poll(() => store.read(id)).toBeUndefined();
    await wait(200);
    expect(textsOf(await redisCommand(own.url, 'KEYS', '*'))).not.toContain(`{kms-tags}:change:${id}`);
    expect(await redisCommand(own.url, 'GET', '{kms-tags}:bytes')).toBe('2');
  });

  it('shows nothing of a large change to others before all of it is there', async () => {
    await command('FLUSHALL');
    const [store, reader] = [open(), open()];
    const id = nextId();
    let seen = 0;
    function* watched() {
      yield* large;
    }
    const creating = store.create(id, watched());
    for (let done = false; !done; seen += 1) {
      const [ids, change] = await Promise.all([collect(reader.newest()), linesOf(reader, id)]);
      if (change !== undefined) expect(change).toEqual(large);
      if (ids.length > 0) expect(await linesOf(reader, id)).toEqual(large);
      done = ids.length > 0;
    }
    await creating;
    expect(seen).toBeGreaterThan(1);
    await store.close(id);
  });
});

describe('the scripts', () => {
  const all = Object.entries(scripts);

  it.each(all)('%s writes each key out where it is used, as proxies of Redis demand', (_, script) => {
    const calls = script.match(/redis\.p?call\([^)]*/g) ?? [];
    expect(calls.length).toBeGreaterThan(0);
    for (const call of calls) expect(call).toMatch(/^redis\.p?call\('[A-Z]+', KEYS\[\d\]/);
    expect(script.replaceAll(/redis\.p?call\('[A-Z]+', KEYS\[\d\](, KEYS\[\d\](?=\)))?/g, '')).not.toContain('KEYS');
  });
});

describe('a Redis that fails', () => {
  it.each<[string, () => string, string]>([
    ['does not let this server in', () => redis.anonymousUrl, 'NOAUTH'],
    ['has another password', () => redis.url.replace(REDIS_PASSWORD, 'wrong-pass-9876543210'), 'WRONGPASS'],
    ['is not there', () => `redis://:${REDIS_PASSWORD}@127.0.0.1:1/0`, 'ECONNREFUSED'],
    ['has no such database', () => redis.url.replace(/0$/, '77'), 'ERR'],
    ['has a password that is no text', () => 'redis://:redis-pass%zz@127.0.0.1:1', 'ERR_INVALID_URL'],
    ['has a database that is no number', () => 'redis://127.0.0.1:1/redis-pass', 'ERR_INVALID_URL'],
    ['is something else', () => 'https://127.0.0.1:1/redis-pass', 'ERR_INVALID_URL'],
  ])(
    'rejects everything by its code, and the error tells nobody where it is: one that %s',
    async (_, url, code) => {
      const store = open(url(), { timeoutMs: 1_000 });
      const failures = await Promise.allSettled([
        store.create(nextId(), ['{}']),
        store.read(nextId()),
        collect(store.newest()),
        store.putPlan('plan', ['{}'], 1_000),
        store.readPlan('plan'),
        store.consumeOnce('token', 1_000),
      ]);
      for (const failure of failures) {
        expect(failure).toMatchObject({ status: 'rejected', reason: { code } });
        const error: unknown = failure.status === 'rejected' ? failure.reason : undefined;
        const text = error instanceof Error ? `${error.message} ${error.stack}` : '';
        expect(`${text} ${troubles.join(' ')}`).not.toMatch(/redis-pass|wrong-pass|127\.0\.0\.1|redis:\/\//);
      }
      expect(troubles).toEqual([code]);
    },
    15_000,
  );

  it('is used again as soon as it is back', async () => {
    const own = await runningRedis();
    const store = open(own.url);
    expect(await store.consumeOnce('a', 60_000)).toBe(true);
    await own.stop();
    await expect(store.consumeOnce('b', 60_000)).rejects.toThrow();
    expect(troubles.length).toBeGreaterThan(0);
    const again = await runningRedis(own.port);
    expect(await store.consumeOnce('c', 60_000)).toBe(true);
    await again.stop();
  }, 20_000);

  it('does not keep a change from being closed', async () => {
    const own = await runningRedis();
    const store = open(own.url, { timeoutMs: 500 });
    const id = nextId();
    await store.create(id, ['{}']);
    await own.stop();
    await store.close(id);
  }, 20_000);
});

describe('a Redis Cluster', () => {
  it('is used through any of its nodes, and through the one that takes our keys over', async () => {
    const nodes = await cluster();
    const [first, second] = nodes;
    if (first === undefined || second === undefined) throw new Error('no cluster');
    for (const node of nodes) await made(open(node.url));
    const stores = nodes.map((node) => open(node.url));
    for (const store of stores) {
      expect(await collect(store.newest())).toHaveLength(2);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => store.consumeOnce(`t${index}`, 60_000)),
      );
      expect(answers.every((answer) => answer === (store === stores[0]))).toBe(true);
    }
    const slot = String(await redisCommand(first.url, 'CLUSTER', 'KEYSLOT', '{kms-tags}:changes'));
    const [from, to] = Number(slot) < 8_192 ? [first, second] : [second, first];
    await redisCommand(from.url, 'FLUSHALL');
    const owner = String(await redisCommand(to.url, 'CLUSTER', 'MYID'));
    for (const { url } of [to, from]) await redisCommand(url, 'CLUSTER', 'SETSLOT', slot, 'NODE', owner);
    for (const store of stores) await made(store);
    for (const store of stores) expect(await collect(store.newest())).toHaveLength(2);
    expect(troubles).toEqual([]);
  }, 40_000);

  it('that has nobody for our keys is reported by its code', async () => {
    const alone = await runningRedis(undefined, [
      '--cluster-enabled',
      'yes',
      '--cluster-port',
      String(await freePort()),
    ]);
    onTestFinished(() => alone.stop());
    await expect(open(alone.url).consumeOnce('token', 1_000)).rejects.toMatchObject({ code: 'CLUSTERDOWN' });
  }, 20_000);
});

/** Two nodes, of which one has all keys of ours. */
async function cluster(): Promise<readonly RunningRedis[]> {
  const nodes: RunningRedis[] = [];
  for (const slots of ['0-8191', '8192-16383']) {
    const bus = String(await freePort());
    const node = await runningRedis(undefined, ['--cluster-enabled', 'yes', '--cluster-port', bus]);
    onTestFinished(() => node.stop());
    nodes.push(node);
    await redisCommand(node.url, 'CLUSTER', 'ADDSLOTSRANGE', ...slots.split('-'));
    await redisCommand(node.url, 'CLUSTER', 'SET-CONFIG-EPOCH', String(nodes.length));
    if (nodes[0] !== node)
      await redisCommand(nodes[0]?.url ?? '', 'CLUSTER', 'MEET', '127.0.0.1', String(node.port), bus);
  }
  for (const { url } of nodes) {
    await expect
      .poll(() => redisCommand(url, 'CLUSTER', 'INFO'), { timeout: 15_000, interval: 100 })
      .toMatch(/cluster_state:ok/);
  }
  return nodes;
}

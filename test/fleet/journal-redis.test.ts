import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newChangeId } from '../../src/journal/change.js';
import { changeJournal } from '../../src/journal/journal.js';
import { openRedis } from '../../src/journal/redis-connection.js';
import { type RedisJournalStore, redisJournalStore } from '../../src/journal/redis-store.js';
import { describeJournalStore } from '../journal/journal-store.suite.js';
import { REDIS_PASSWORD, type RunningRedis, runningRedis } from './running-redis.js';

let redis: RunningRedis;
const opened: RedisJournalStore[] = [];
const troubles: string[] = [];

beforeAll(async () => {
  redis = await runningRedis();
});
afterAll(() => redis.stop());
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.disconnect()));
  troubles.length = 0;
});

function open(url = redis.url, changes = 1_000): RedisJournalStore {
  const limits = { changes, bytes: 1e9, days: 90 };
  const store = redisJournalStore(url, { onTrouble: (code) => troubles.push(code), limits });
  opened.push(store);
  return store;
}

async function command(...words: string[]): Promise<unknown> {
  const connection = openRedis(redis.url, { timeoutMs: 2_000, onTrouble: () => undefined });
  try {
    return await connection.send(words);
  } finally {
    connection.close();
  }
}

describeJournalStore('the journal in Redis', async () => {
  await command('FLUSHALL');
  return { open, openSmall: (changes) => open(redis.url, changes) };
});

describe('what stays in Redis', () => {
  it('goes by itself, changes after 91 days and tokens when they would have expired', async () => {
    const store = open();
    const id = newChangeId(Date.now(), '00000001');
    await store.create(id, ['{}']);
    expect(await command('TTL', `{kms-tags}:change:${id}`)).toBeGreaterThan(90 * 86_400);
    await store.spend('token', 60_000);
    const [key] = z(await command('KEYS', '{kms-tags}:spent:*'));
    expect(key).not.toContain('token}');
    expect(await command('PTTL', key ?? '')).toBeGreaterThan(50_000);
  });

  it('is forgotten after ninety days when another change comes', async () => {
    await command('FLUSHALL');
    const store = open();
    const old = newChangeId(Date.now() - 91 * 86_400_000, '00000001');
    const young = newChangeId(Date.now(), '00000002');
    await store.create(old, ['{}']);
    await store.create(young, ['{}']);
    expect(await command('ZRANGE', '{kms-tags}:changes', '0', '-1')).toEqual([young]);
    expect(await command('GET', '{kms-tags}:bytes')).toBe('2');
  });

  it('does not come back as half a change after it was dropped', async () => {
    const store = open(redis.url, 1);
    const [first, second] = [newChangeId(Date.now(), '00000001'), newChangeId(Date.now() + 1, '00000002')];
    await store.create(first, ['{}']);
    await store.create(second, ['{}']);
    await store.append(first, '{"End":"done"}', false);
    await expect(store.append(first, '{"Items":[]}', true)).rejects.toThrow();
    expect(await store.read(first)).toBeUndefined();
  });
});

describe('a Redis that fails', () => {
  const change = {
    tool: 'untag_resource',
    subject: 'token:alice',
    regionId: 'cn-hangzhou',
    resourceType: 'key',
    items: [{ resourceId: 'key-1', before: { a: 'b' }, after: { a: null } }],
  } as const;

  it.each<[string, () => string, string]>([
    ['does not let this server in', () => redis.anonymousUrl, 'NOAUTH'],
    ['has another password', () => redis.url.replace(REDIS_PASSWORD, 'wrong-pass-9876543210'), 'WRONGPASS'],
    ['is not there', () => `redis://:${REDIS_PASSWORD}@127.0.0.1:1/0`, 'ECONNREFUSED'],
  ])(
    'stops a change before it is sent, and the error tells nobody where it is: one that %s',
    async (_, url, code) => {
      const store = open(url());
      const error: unknown = await changeJournal({ store })
        .begin(change)
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
      const text = error instanceof Error ? `${error.message} ${error.stack}` : '';
      expect(text).toContain(code);
      expect(`${text} ${troubles.join(' ')}`).not.toMatch(/redis-pass|wrong-pass|127\.0\.0\.1|redis:\/\//);
      expect(troubles).toEqual([code]);
    },
    15_000,
  );

  it('never lets a token pass that it could not note', async () => {
    const store = open(`redis://127.0.0.1:1/0`);
    await expect(changeJournal({ store }).spend('token', 1_000)).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
  }, 15_000);

  it('is no reason to say that there are no changes', async () => {
    const journal = changeJournal({ store: open('redis://127.0.0.1:1/0') });
    const viewer = { subject: undefined, seesAll: true };
    const unavailable = { code: 'JOURNAL_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') };
    await Promise.all([
      expect(journal.list(10, viewer)).rejects.toMatchObject(unavailable),
      expect(journal.read(newChangeId(Date.now(), '00000001'), viewer)).rejects.toMatchObject(unavailable),
    ]);
  }, 15_000);

  it('is used again as soon as it is back', async () => {
    const own = await runningRedis();
    const store = open(own.url);
    expect(await store.spend('a', 60_000)).toBe(true);
    await own.stop();
    await expect(store.spend('b', 60_000)).rejects.toThrow();
    expect(troubles.length).toBeGreaterThan(0);
    const again = await runningRedis(Number(new URL(own.url).port));
    expect(await store.spend('c', 60_000)).toBe(true);
    await again.stop();
  }, 20_000);
});

function z(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}

import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startEmulator } from '../../emulator/index.js';
import { kmsClient } from '../../src/aliyun/kms/kms-client.js';
import { kmsRateLimiter, QUOTAS, quotaGroup } from '../../src/aliyun/kms/quota.js';
import { staticCredentials } from '../../src/credentials/source.js';
import { rpcClient } from '../../src/rpc/rpc-client.js';
import { undiciTransport } from '../../src/rpc/transport.js';

/** A limiter in a time of its own, which moves from one timer to the next. `lateness` says how late each timer is. */
function simulation(lateness: () => number = () => 0) {
  let time = 0;
  let timers: { readonly at: number; readonly wake: () => void }[] = [];
  const limiter = kmsRateLimiter({
    now: () => time,
    sleep: (ms) =>
      new Promise((wake) => {
        timers.push({ at: time + ms, wake });
      }),
  });
  /** Lets everything run that does not wait for time to pass. */
  const settle = (): Promise<void> =>
    new Promise((resolve) => {
      setImmediate(resolve);
    });
  return {
    limiter,
    advance(ms: number): void {
      time += ms;
    },
    /** So many attempts at a time, now; gives the moments at which they leave. */
    async attempts(action: string, count: number): Promise<readonly number[]> {
      const left: number[] = [];
      for (let begun = 0; begun < count; begun += 1)
        void limiter.acquire(action, undefined).then(() => left.push(time));
      for (await settle(); left.length < count; await settle()) {
        time = Math.max(time, Math.min(...timers.map(({ at }) => at)) + lateness());
        const due = timers.filter(({ at }) => at <= time);
        timers = timers.filter(({ at }) => at > time);
        for (const { wake } of due) wake();
      }
      return left;
    },
  };
}

const ACTIONS = ['UntagResource', 'ListResourceTags', 'DescribeSecret', 'ListSecrets', 'ListKeys'] as const;

describe('the groups of the quota page', () => {
  it.each([
    ['UntagResource', 'write'],
    ['TagResource', 'write'],
    ['UntagResources', 'write'],
    ['TagResources', 'write'],
    ['ListResourceTags', 'resource-tags'],
    ['ListTagResources', 'read'],
    ['ListKeys', 'read'],
    ['ListAliases', 'read'],
    ['ListAliasesByKeyId', 'read'],
    ['DescribeKey', 'read'],
    ['DescribeRegions', 'read'],
    ['ListSecrets', 'secret-list'],
    ['DescribeSecret', 'secret-read'],
    ['constructor', 'read'],
  ])('%s is in the group %s', (action, group) => {
    expect(quotaGroup(action)).toBe(group);
  });
});

describe('a limiter', () => {
  it('never lets more requests leave in any second than the quota allows, however late its timers are', async () => {
    const step = fc.record({ after: fc.integer({ min: 0, max: 700 }), count: fc.integer({ min: 1, max: 25 }) });
    const late = fc.array(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 300 })), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ACTIONS),
        fc.array(step, { minLength: 1, maxLength: 8 }),
        late,
        async (action, steps, latenesses) => {
          let timers = 0;
          const world = simulation(() => latenesses[timers++ % latenesses.length] ?? 0);
          const times: number[] = [];
          for (const { after, count } of steps) {
            world.advance(after);
            times.push(...(await world.attempts(action, count)));
          }
          const quota = QUOTAS[quotaGroup(action)];
          for (let index = quota; index < times.length; index += 1) {
            expect((times[index] ?? 0) - (times[index - quota] ?? 0)).toBeGreaterThan(1000);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('lets as many requests as a second allows leave at once, and the next one a little more than a second later', async () => {
    for (const action of ACTIONS) {
      const { attempts } = simulation();
      const quota = QUOTAS[quotaGroup(action)];
      const times = await attempts(action, quota + 2);
      expect(times.slice(0, quota)).toEqual(new Array(quota).fill(0));
      expect(times[quota]).toBe(1_100);
      expect(times[quota + 1]).toBeGreaterThan(1_100);
    }
  });

  it('spaces requests evenly once some had to wait, until nobody asks for a while', async () => {
    const { attempts, advance } = simulation();
    await attempts('UntagResource', QUOTAS.write * 2);
    const later = await attempts('UntagResource', 10);
    const gaps = later.slice(1).map((time, index) => time - (later[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(30);
    advance(2_500);
    expect(new Set(await attempts('UntagResource', 10)).size).toBe(1);
  });

  it('comes close to the quota, also when each timer is a little late', async () => {
    const { attempts } = simulation(() => 12);
    const times = await attempts('UntagResource', 100);
    expect(99_000 / (times.at(-1) ?? 0)).toBeGreaterThan(QUOTAS.write * 0.9);
  });

  it('does not let a group wait for another', async () => {
    const { attempts, limiter } = simulation();
    for (let count = 0; count < 100; count += 1) void limiter.acquire('UntagResource', undefined);
    expect(await attempts('ListKeys', 1)).toEqual([0]);
  });

  it('saves up no requests while nobody asks', async () => {
    const { attempts, advance } = simulation();
    await attempts('UntagResource', 1);
    advance(3_600_000);
    const times = await attempts('UntagResource', 31);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1000);
  });
});

describe('after the service said that it is too fast, a limiter', () => {
  const rateOf = async ({ attempts }: ReturnType<typeof simulation>): Promise<number> => {
    const [first = 0, second = 0] = await attempts('UntagResource', 2);
    return 1000 / (second - first);
  };
  const tellOften = ({ limiter, advance }: ReturnType<typeof simulation>, times: number): void => {
    for (let told = 0; told < times; told += 1) {
      limiter.throttled('UntagResource');
      advance(501);
    }
  };

  it('waits for half a second, and then goes on at half the pace', async () => {
    const world = simulation();
    await world.attempts('UntagResource', 1);
    world.limiter.throttled('UntagResource');
    expect(await world.attempts('UntagResource', 1)).toEqual([500]);
    expect(await rateOf(world)).toBeLessThan(QUOTAS.write * 0.5);
  });

  it('slows those down who wait already', async () => {
    const world = simulation();
    await world.attempts('UntagResource', QUOTAS.write);
    const leaving = world.attempts('UntagResource', 3);
    world.limiter.throttled('UntagResource');
    const [, second = 0, third = 0] = await leaving;
    expect(third - second).toBeGreaterThan(1.9 * (1000 / QUOTAS.write));
  });

  it('takes many such replies to requests of the same moment for one', async () => {
    const world = simulation();
    for (let count = 0; count < 50; count += 1) world.limiter.throttled('UntagResource');
    expect(await rateOf(world)).toBeGreaterThan(QUOTAS.write * 0.4);
  });

  it('goes no slower than a sixteenth, however often it is told', async () => {
    const world = simulation();
    tellOften(world, 50);
    expect(await rateOf(world)).toBeGreaterThan(QUOTAS.write / 18);
  });

  it('settles back to its usual pace', async () => {
    const world = simulation();
    tellOften(world, 4);
    expect(await rateOf(world)).toBeLessThan(QUOTAS.write / 8);
    for (let count = 0; count < 400; count += 1) await world.attempts('UntagResource', 1);
    const usual = await rateOf(world);
    expect(usual).toBeGreaterThan(QUOTAS.write * 0.9);
    expect(usual).toBeLessThan(QUOTAS.write);
  });

  it('slows no other group', async () => {
    const world = simulation();
    world.limiter.throttled('UntagResource');
    expect(await world.attempts('ListKeys', 1)).toEqual([0]);
  });
});

describe('with the real clock', { retry: 2 }, () => {
  it('a caller that gives up while it waits does so at once', async () => {
    const limiter = kmsRateLimiter();
    limiter.throttled('UntagResource');
    const stop = new AbortController();
    const waiting = limiter.acquire('UntagResource', stop.signal);
    const start = performance.now();
    stop.abort();
    await expect(waiting).rejects.toThrow();
    expect(performance.now() - start).toBeLessThan(50);
  });

  it('a caller that gave up holds nobody up', async () => {
    const limiter = kmsRateLimiter();
    limiter.throttled('UntagResource');
    const start = performance.now();
    const stop = new AbortController();
    const waiting = Array.from({ length: 100 }, () => limiter.acquire('UntagResource', stop.signal));
    stop.abort();
    await Promise.allSettled(waiting);
    await limiter.acquire('UntagResource', undefined);
    expect(performance.now() - start).toBeLessThan(650);
  });

  it('a clock that is set back holds nobody up', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const limiter = kmsRateLimiter();
    await limiter.acquire('UntagResource', undefined);
    vi.setSystemTime(Date.now() - 3_600_000);
    const start = performance.now();
    const waiting = limiter.acquire('UntagResource', AbortSignal.timeout(1_000));
    await expect(waiting).resolves.toBeUndefined();
    expect(performance.now() - start).toBeLessThan(500);
  });

  // A machine that stands still for a tenth of a second lets requests arrive in a bunch, however they left.
  it('120 reads at a time meet no throttling of a service that keeps its quota', { retry: 2 }, async () => {
    const emulator = await startEmulator({ quota: true });
    const transport = undiciTransport({ env: {}, loopback: true });
    onTestFinished(async () => {
      await transport.close();
      await emulator.close();
    });
    const { accessKeyId, accessKeySecret } = emulator;
    const rpc = rpcClient({
      origin: emulator.endpoint,
      version: '2016-01-20',
      signature: 'v3',
      credentials: staticCredentials({ accessKeyId, accessKeySecret }),
      transport,
      userAgent: 'test',
      timeoutMs: 5_000,
      limiter: kmsRateLimiter(),
    });
    const kms = kmsClient(rpc, emulator.regionId);
    // The first one loads what sends it, in which time others would catch it up.
    await kms.describeRegions();
    await Promise.all(Array.from({ length: 120 }, () => kms.describeRegions()));
    expect(emulator.requests.map(({ outcome }) => outcome)).toEqual(new Array(121).fill('ok'));
  });
});

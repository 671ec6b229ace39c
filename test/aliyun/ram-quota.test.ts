import { describe, expect, it } from 'vitest';
import { RAM_QUOTAS, ramRateLimiter } from '../../src/aliyun/ram/quota.js';

/** Milliseconds that so many attempts of each action take, in turn, in a time that moves with the timers alone. */
async function timeOf(count: number, ...actions: readonly string[]): Promise<number> {
  let time = 0;
  const limiter = ramRateLimiter({
    now: () => time,
    sleep: async (ms) => {
      time += ms;
    },
  });
  for (let made = 0; made < count; made += 1) {
    for (const action of actions) await limiter.acquire(action, undefined);
  }
  return time;
}

describe('the rate limiter of RAM', () => {
  it.each([30, 300, 1_500])('lets %i documents be read a little slower than the quota', async (count) => {
    const seconds = (await timeOf(count, 'GetPolicy')) / 1_000;
    // As many as a second allows leave at once.
    expect(seconds).toBeGreaterThanOrEqual(Math.max(0, count / RAM_QUOTAS.GetPolicy - 1));
    expect(seconds).toBeLessThan((count * 1.2) / RAM_QUOTAS.GetPolicy);
  });

  it('counts each operation by itself, and those that it does not know together', async () => {
    const one = await timeOf(300, 'GetPolicy');
    expect(await timeOf(300, 'GetPolicy', 'ListEntitiesForPolicy')).toBeLessThan(one * 1.1);
    expect(await timeOf(100, 'constructor', 'toString')).toBeGreaterThan(1_900);
  });
});

import { describe, expect, it } from 'vitest';
import { emulators, SAMPLE_KEY } from '../support/running-emulator.js';
import { callV1 } from './raw-client.js';

const start = emulators();

async function statuses(count: number, call: () => Promise<{ readonly status: number }>): Promise<readonly number[]> {
  const replies = await Promise.all(Array.from({ length: count }, call));
  return replies.map((reply) => reply.status).sort();
}

describe('quota', () => {
  it.each([
    { action: 'UntagResource', perSecond: 30 },
    { action: 'ListKeys', perSecond: 50 },
    { action: 'ListSecrets', perSecond: 40 },
    { action: 'ListResourceTags', perSecond: 300 },
  ])('lets $perSecond requests a second through for $action', async ({ action, perSecond }) => {
    let now = Date.now();
    const emulator = await start({ quota: true, clock: () => now });
    const parameters = { KeyId: SAMPLE_KEY, TagKeys: '["x"]' };
    const call = () => callV1(emulator, action, parameters, { now });
    const expected = [...Array(perSecond).fill(200), 429, 429];
    expect(await statuses(perSecond + 2, call)).toEqual(expected);
    now += 999;
    expect((await call()).json).toMatchObject({
      HttpStatus: 429,
      Code: 'Rejected.Throttling',
      Message: 'QPS Limit Exceeded',
    });
    now += 1;
    expect(await statuses(perSecond + 2, call)).toEqual(expected);
  });

  it('is shared by the operations of a group, and by no others', async () => {
    const now = Date.now();
    const emulator = await start({ quota: true, clock: () => now });
    const ListTagResources = { RegionId: 'cn-hangzhou', ResourceType: 'key' };
    await statuses(50, () => callV1(emulator, 'ListTagResources', ListTagResources));
    expect((await callV1(emulator, 'DescribeKey', { KeyId: SAMPLE_KEY })).status).toBe(429);
    expect((await callV1(emulator, 'DescribeSecret', { SecretName: 'MyDbCredentials' })).status).toBe(200);
  });

  it('is not enforced unless asked for', async () => {
    const emulator = await start();
    expect(new Set(await statuses(80, () => callV1(emulator, 'ListKeys')))).toEqual(new Set([200]));
  });
});

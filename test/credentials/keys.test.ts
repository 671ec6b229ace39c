import { describe, expect, it } from 'vitest';
import { readSession, renewing } from '../../src/credentials/keys.js';
import type { Keys } from '../../src/credentials/lookup.js';

const MINUTE = 60_000;

/** A source of sessions of so many minutes, and its clock. */
function sessions(minutes: number | undefined) {
  let [now, asked, failing] = [0, 0, false];
  const ask = renewing(
    async (): Promise<Keys> => {
      asked += 1;
      if (failing) throw new Error('no answer');
      const endsAt = minutes === undefined ? undefined : now + minutes * MINUTE;
      return { accessKeyId: `id-${asked}`, accessKeySecret: 's', endsAt };
    },
    () => now,
  );
  return {
    at: async (minute: number) => {
      now = minute * MINUTE;
      return (await ask()).accessKeyId;
    },
    fail: (value: boolean) => {
      failing = value;
    },
    asked: () => asked,
  };
}

describe('a session', () => {
  it.each([
    ['an hour', 60, 44.9, 45.1],
    ['the shortest that STS gives', 15, 11.2, 11.3],
    ['a minute', 1, 0.74, 0.76],
    ['no end', undefined, 0.99, 1.01],
  ])('of %s is kept, and renewed before it ends', async (_, minutes, kept, renewed) => {
    const source = sessions(minutes);
    expect(await source.at(0)).toBe('id-1');
    expect(await source.at(kept)).toBe('id-1');
    expect(await source.at(renewed)).toBe('id-2');
  });

  it('that cannot be renewed is used to its end, and asked for again every half minute', async () => {
    const source = sessions(60);
    await source.at(0);
    source.fail(true);
    for (const minute of [46, 46.4, 50, 59.9]) expect(await source.at(minute)).toBe('id-1');
    expect(source.asked()).toBe(4);
    await expect(source.at(60)).rejects.toThrow('no answer');
    source.fail(false);
    expect(await source.at(61)).toBe('id-6');
  });

  it('that has ended when it is handed out is an error, not a call a second', async () => {
    await expect(sessions(-1).at(0)).rejects.toThrow('has ended already');
  });

  it('is none without its four fields', () => {
    const session = { AccessKeyId: 'i', AccessKeySecret: 's', SecurityToken: 't', Expiration: '2999-01-01T00:00:00Z' };
    expect(readSession(session)).toMatchObject({ accessKeyId: 'i', endsAt: Date.parse('2999-01-01T00:00:00Z') });
    for (const name of Object.keys(session)) expect(readSession({ ...session, [name]: '' })).toBeUndefined();
    expect(readSession({ ...session, Expiration: 'soon' })).toBeUndefined();
  });
});

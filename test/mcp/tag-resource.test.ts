import { describe, expect, it } from 'vitest';
import { CERTIFICATE, ERAS, expectRefusal, KEY, SAMPLE_TAGS, TARGETS } from '../support/reply.js';
import { openSession } from '../support/session.js';

const TAGS = [
  { TagKey: 'owner', TagValue: 'bob' },
  { TagKey: 'env', TagValue: 'prod' },
];

describe('tag_resource', () => {
  it.each(ERAS.flatMap((era) => TARGETS.map((one) => ({ era, ...one }))))(
    'sets tags on a $type with one read and one TagResource, on the $era era',
    async ({ era, type, id, target }) => {
      const { call, emulator } = await openSession({ era });
      const { structured, text } = await call('tag_resource', { ...target, Tags: TAGS });
      expect(emulator.tagsOf(type, id)).toEqual({ ...SAMPLE_TAGS, owner: 'bob', env: 'prod' });
      const asked = emulator.requests.map(({ action }) => action);
      expect(asked.at(-1)).toBe('TagResource');
      expect(asked).toHaveLength(3);
      expect(asked).toContain('GetCallerIdentity');
      expect(structured).toEqual({
        RequestId: emulator.requests.at(-1)?.requestId,
        RegionId: 'cn-hangzhou',
        OverwrittenTags: [{ TagKey: 'owner', TagValue: 'alice' }],
        Tags: TAGS,
        ChangeId: expect.any(String),
        AccountId: emulator.accountId,
        Message: text,
      });
      const { RequestId, ChangeId } = structured;
      expect(text).toBe(
        `Set on ${type} "${id}" in cn-hangzhou: "owner"="bob", "env"="prod". Overwritten: "owner"="alice". ` +
          `RequestId ${RequestId}. To undo: call undo_change with ChangeId ${ChangeId}.`,
      );
    },
  );

  it('does not call a tag overwritten that keeps its value', async () => {
    const { call } = await openSession();
    const { structured, text } = await call('tag_resource', { ...KEY, Tags: [{ TagKey: 'owner', TagValue: 'alice' }] });
    expect(structured['OverwrittenTags']).toEqual([]);
    expect(text).not.toContain('Overwritten');
  });

  it('takes Tags as a JSON array in a string', async () => {
    const { call, emulator } = await openSession();
    await call('tag_resource', { ...KEY, Tags: JSON.stringify(TAGS) });
    expect(emulator.tagsOf('key', KEY.KeyId)).toMatchObject({ owner: 'bob', env: 'prod' });
  });

  it('says that earlier values are unknown where certificates cannot be read', async () => {
    const { call, emulator } = await openSession({ emulator: { certificateOperations: false } });
    const { structured, text } = await call('tag_resource', { ...CERTIFICATE, Tags: TAGS });
    expect(emulator.tagsOf('certificate', CERTIFICATE.CertificateId)).toMatchObject({ owner: 'bob' });
    expect(structured).not.toHaveProperty('OverwrittenTags');
    expect(structured['Message']).toBe(text);
    expect(text).toContain('Earlier values are unknown');
  });

  it.each([
    { what: 'no tags', Tags: [], says: 'Tags must hold at least one tag' },
    { what: 'nothing', Tags: undefined, says: 'Tags is missing' },
    { what: 'an object', Tags: { owner: 'bob' }, says: 'Tags[0].TagKey is missing' },
    { what: 'text', Tags: 'owner=bob', says: 'Tags must be of type array' },
    { what: 'a tag without a value', Tags: [{ TagKey: 'a' }], says: 'Tags[0].TagValue is missing' },
    { what: 'a key twice', Tags: [TAGS[0], TAGS[0]], says: 'Tags names a tag key twice' },
    { what: 'a value of 257', Tags: [{ TagKey: 'a', TagValue: 'x'.repeat(257) }], says: 'at most 256 characters' },
    { what: 'misspelt fields', Tags: [{ Key: 'a', Value: 'b' }], says: 'No such parameter: "Key", "Value"' },
    {
      what: 'eleven tags',
      Tags: Array.from({ length: 11 }, (_, n) => ({ TagKey: `k${n}`, TagValue: 'v' })),
      says: 'Tags must hold at most 10 tags',
    },
  ])('refuses $what, and sends nothing', async ({ Tags, says }) => {
    const { call, emulator } = await openSession();
    const reply = await call('tag_resource', { ...KEY, Tags });
    expectRefusal(reply, 'INVALID_ARGUMENT');
    expect(reply.text).toContain(says);
    expect(emulator.count()).toBe(0);
  });

  it('keeps the code of the service when the resource carries ten tags already', async () => {
    const { call, emulator } = await openSession();
    for (let n = 0; n < 7; n += 1) emulator.setTag('key', KEY.KeyId, `k${n}`, 'v');
    const reply = await call('tag_resource', { ...KEY, Tags: [{ TagKey: 'eleventh', TagValue: 'v' }] });
    expectRefusal(reply, 'Rejected.LimitExceeded');
    expect(reply.text).toContain(`RequestId ${emulator.requests.at(-1)?.requestId}`);
  });

  it('takes an empty value', async () => {
    const { call, emulator } = await openSession();
    await call('tag_resource', { ...KEY, Tags: [{ TagKey: 'flag', TagValue: '' }] });
    expect(emulator.tagsOf('key', KEY.KeyId)?.['flag']).toBe('');
  });
});

import { describe, expect, it } from 'vitest';
import { emulators, SAMPLE_CERTIFICATE, SAMPLE_KEY } from '../support/running-emulator.js';
import { callV1, callV3 } from './raw-client.js';

const start = emulators();
const TAG_KEYS = '["tagkey1","tagkey2"]';
const tagsJson = (count: number) =>
  JSON.stringify(Array.from({ length: count }, (_, index) => ({ TagKey: `k${index}`, TagValue: 'v' })));

describe('UntagResource', () => {
  it.each([
    { type: 'key', name: 'KeyId', id: SAMPLE_KEY },
    { type: 'secret', name: 'SecretName', id: 'MyDbCredentials' },
    { type: 'certificate', name: 'CertificateId', id: SAMPLE_CERTIFICATE },
  ] as const)('removes tags from a $type, answers with a RequestId alone, and may be repeated', async (target) => {
    const emulator = await start();
    for (let round = 0; round < 2; round += 1) {
      const reply = await callV3(emulator, 'UntagResource', { [target.name]: target.id, TagKeys: TAG_KEYS });
      expect(reply.status).toBe(200);
      expect(Object.keys(reply.json)).toEqual(['RequestId']);
      expect(emulator.tagsOf(target.type, target.id)).toEqual({ owner: 'alice' });
    }
  });

  it.each([
    { reason: 'no target', parameters: { TagKeys: TAG_KEYS }, code: 'MissingParameter' },
    { reason: 'two targets', parameters: { KeyId: SAMPLE_KEY, SecretName: 's', TagKeys: TAG_KEYS } },
    { reason: 'no TagKeys', parameters: { KeyId: SAMPLE_KEY }, code: 'MissingParameter' },
    { reason: 'a comma list', parameters: { KeyId: SAMPLE_KEY, TagKeys: 'tagkey1,tagkey2' } },
    { reason: 'JSON that is no list', parameters: { KeyId: SAMPLE_KEY, TagKeys: '"tagkey1"' } },
    { reason: 'a list of numbers', parameters: { KeyId: SAMPLE_KEY, TagKeys: '[1]' } },
    { reason: 'an empty list', parameters: { KeyId: SAMPLE_KEY, TagKeys: '[]' } },
    { reason: 'an empty key', parameters: { KeyId: SAMPLE_KEY, TagKeys: '[""]' } },
    { reason: 'a key of 129 bytes', parameters: { KeyId: SAMPLE_KEY, TagKeys: `["${'é'.repeat(64)}x"]` } },
    { reason: 'a system tag', parameters: { KeyId: SAMPLE_KEY, TagKeys: '["acs:x"]' } },
  ])('answers InvalidParameter or MissingParameter to $reason, and changes nothing', async ({ parameters, code }) => {
    const emulator = await start();
    const before = emulator.tagsOf('key', SAMPLE_KEY);
    const reply = await callV1(emulator, 'UntagResource', parameters);
    expect(reply.json).toMatchObject({ HttpStatus: 400, Code: code ?? 'InvalidParameter' });
    expect(emulator.tagsOf('key', SAMPLE_KEY)).toEqual(before);
  });

  it('takes a key of 128 bytes', async () => {
    const TagKeys = JSON.stringify(['é'.repeat(64)]);
    expect((await callV1(await start(), 'UntagResource', { KeyId: SAMPLE_KEY, TagKeys })).status).toBe(200);
  });

  it('says "KeyId  needed but no provided" in the words of the service', async () => {
    const reply = await callV1(await start(), 'UntagResource', { TagKeys: TAG_KEYS });
    expect(reply.json['Message']).toBe('The parameter  KeyId  needed but no provided.');
  });

  it.each([
    { name: 'KeyId', code: 'Forbidden.KeyNotFound' },
    { name: 'SecretName', code: 'Forbidden.ResourceNotFound' },
    { name: 'CertificateId', code: 'Certificate.NotFound' },
  ])('answers 404 $code to an unknown $name', async ({ name, code }) => {
    const reply = await callV1(await start(), 'UntagResource', { [name]: 'nothing', TagKeys: TAG_KEYS });
    expect(reply.status).toBe(404);
    expect(reply.json).toMatchObject({ HttpStatus: 404, Code: code });
  });

  it('takes the ID of a key only, no alias and no ARN', async () => {
    const emulator = await start();
    for (const KeyId of ['alias/payments', `acs:kms:cn-hangzhou:1234567890123456:key/${SAMPLE_KEY}`]) {
      const reply = await callV1(emulator, 'UntagResource', { KeyId, TagKeys: TAG_KEYS });
      expect(reply.json['Code']).toBe('Forbidden.KeyNotFound');
    }
  });
});

describe('TagResource', () => {
  it('adds tags and overwrites values, of a key that is pending deletion as of any other', async () => {
    const emulator = await start({
      data: { keys: [{ KeyId: 'k', KeyState: 'PendingDeletion', Tags: { a: 'old', b: '2' } }] },
    });
    const Tags = '[{"TagKey":"a","TagValue":"new"},{"TagKey":"c","TagValue":""}]';
    expect((await callV1(emulator, 'TagResource', { KeyId: 'k', Tags })).status).toBe(200);
    expect(emulator.tagsOf('key', 'k')).toEqual({ a: 'new', b: '2', c: '' });
  });

  it.each([
    'alias/payments',
    `acs:kms:cn-hangzhou:1234567890123456:key/${SAMPLE_KEY}`,
    'acs:kms:cn-hangzhou:1234567890123456:alias/payments',
  ])('finds the key by %s', async (KeyId) => {
    const emulator = await start();
    const Tags = '[{"TagKey":"a","TagValue":"b"}]';
    expect((await callV1(emulator, 'TagResource', { KeyId, Tags })).status).toBe(200);
    expect(emulator.tagsOf('key', SAMPLE_KEY)).toMatchObject({ a: 'b' });
  });

  it.each([
    { KeyId: 'alias/none', code: 'Forbidden.AliasNotFound' },
    { KeyId: `key/${SAMPLE_KEY}`, code: 'Forbidden.KeyNotFound' },
    { KeyId: `acs:kms:cn-hangzhou:99:key/${SAMPLE_KEY}`, code: 'Forbidden.KeyNotFound' },
  ])('answers $code to $KeyId', async ({ KeyId, code }) => {
    const reply = await callV1(await start(), 'TagResource', { KeyId, Tags: tagsJson(1) });
    expect(reply.json['Code']).toBe(code);
  });

  it('lets a resource have ten tags, and answers Rejected.LimitExceeded to the eleventh', async () => {
    const emulator = await start({ data: { secrets: [{ SecretName: 's', Tags: { 'acs:mine': 'not counted' } }] } });
    expect((await callV1(emulator, 'TagResource', { SecretName: 's', Tags: tagsJson(11) })).json).toMatchObject({
      HttpStatus: 400,
      Code: 'Rejected.LimitExceeded',
    });
    expect(emulator.tagsOf('secret', 's')).toEqual({ 'acs:mine': 'not counted' });
    expect((await callV1(emulator, 'TagResource', { SecretName: 's', Tags: tagsJson(10) })).status).toBe(200);
  });

  it.each([
    { reason: 'a key of 129 characters', tag: { TagKey: 'x'.repeat(129), TagValue: '' } },
    { reason: 'an empty key', tag: { TagKey: '', TagValue: 'v' } },
    { reason: 'a value of 257 characters', tag: { TagKey: 'k', TagValue: 'x'.repeat(257) } },
    { reason: 'a space', tag: { TagKey: 'with space', TagValue: 'v' } },
    { reason: 'a letter outside ASCII', tag: { TagKey: 'k', TagValue: 'é' } },
    { reason: 'a backslash', tag: { TagKey: 'back\\slash', TagValue: 'v' } },
    { reason: 'the prefix aliyun', tag: { TagKey: 'aliyun-x', TagValue: 'v' } },
    { reason: 'the prefix acs:', tag: { TagKey: 'acs:x', TagValue: 'v' } },
    { reason: 'a key that is a number', tag: { TagKey: 1, TagValue: 'v' } },
    { reason: 'the names of the bulk operation', tag: { Key: 'k', Value: 'v' } },
  ])('answers InvalidParameter to $reason', async ({ tag }) => {
    const reply = await callV1(await start(), 'TagResource', { KeyId: SAMPLE_KEY, Tags: JSON.stringify([tag]) });
    expect(reply.json).toMatchObject({ HttpStatus: 400, Code: 'InvalidParameter' });
  });
});

describe('ListResourceTags', () => {
  it('lists the tags of a key, wrapped, each with the KeyId', async () => {
    const reply = await callV3(await start(), 'ListResourceTags', { KeyId: SAMPLE_KEY });
    expect(reply.json['Tags']).toEqual({
      Tag: [
        { KeyId: SAMPLE_KEY, TagKey: 'owner', TagValue: 'alice' },
        { KeyId: SAMPLE_KEY, TagKey: 'tagkey1', TagValue: 'tagvalue1' },
        { KeyId: SAMPLE_KEY, TagKey: 'tagkey2', TagValue: 'tagvalue2' },
      ],
    });
  });

  it('shows what somebody else has changed meanwhile', async () => {
    const emulator = await start({ data: { keys: [{ KeyId: 'k', Tags: { a: '1', b: '2' } }] } });
    emulator.setTag('key', 'k', 'a', 'other');
    emulator.removeTag('key', 'k', 'b');
    const reply = await callV1(emulator, 'ListResourceTags', { KeyId: 'k' });
    expect(reply.json['Tags']).toEqual({ Tag: [{ KeyId: 'k', TagKey: 'a', TagValue: 'other' }] });
    expect(() => emulator.setTag('secret', 'none', 'a', 'b')).toThrow('no secret "none"');
    expect(emulator.tagsOf('secret', 'none')).toBeUndefined();
  });
});

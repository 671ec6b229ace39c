import { describe, expect, it } from 'vitest';
import { type Kms, kmsClient } from '../../src/aliyun/kms/kms-client.js';
import { testClient } from '../rpc/test-client.js';
import { CERTIFICATE, codeOf, ERAS, expectRefusal, KEY, SAMPLE_TAGS, SECRET, TARGETS } from '../support/reply.js';
import { openSession } from '../support/session.js';

/** What reads the tags of one resource. */
const READS = { key: 'ListResourceTags', secret: 'DescribeSecret', certificate: 'DescribeCertificate' } as const;
const TWO_KEYS = ['tagkey1', 'tagkey2'];
const REMOVED = [
  { TagKey: 'tagkey1', TagValue: 'tagvalue1' },
  { TagKey: 'tagkey2', TagValue: 'tagvalue2' },
];

describe('untag_resource', () => {
  it.each(ERAS.flatMap((era) => TARGETS.map((one) => ({ era, ...one }))))(
    'removes two tags from a $type on the $era era with one read and one UntagResource',
    async ({ era, type, id, target }) => {
      const { call, emulator, bugs } = await openSession({ era });
      const { isError, structured, text } = await call('untag_resource', { ...target, TagKeys: TWO_KEYS });

      expect(isError).toBe(false);
      expect(emulator.tagsOf(type, id)).toEqual({ owner: 'alice' });
      const asked = emulator.requests.map(({ action }) => action);
      expect(asked.at(-1)).toBe('UntagResource');
      // The account is learned while the tags are read, once.
      expect(asked.toSorted()).toEqual([READS[type], 'GetCallerIdentity', 'UntagResource'].toSorted());
      const request = emulator.requests.at(-1);
      expect(request).toMatchObject({ method: 'POST', parameters: { ...target, TagKeys: '["tagkey1","tagkey2"]' } });
      expect(structured).toEqual({
        RequestId: request?.requestId,
        RegionId: 'cn-hangzhou',
        RemovedTags: REMOVED,
        AbsentTagKeys: [],
        ChangeId: expect.stringMatching(/^\d{8}T\d{9}Z-[0-9a-f]{8}$/),
        AccountId: emulator.accountId,
        Message: text,
      });
      const { RequestId, ChangeId } = structured;
      expect(text).toBe(
        `Removed from ${type} "${id}" in cn-hangzhou: "tagkey1"="tagvalue1", "tagkey2"="tagvalue2". ` +
          `RequestId ${RequestId}. To undo: call undo_change with ChangeId ${ChangeId}.`,
      );
      expect(bugs).toEqual([]);
    },
  );

  it('sends KMS one request in all with --no-snapshot, and says that earlier values are unknown', async () => {
    const { call, emulator } = await openSession({ args: ['--no-snapshot'] });
    const { structured, text } = await call('untag_resource', { ...KEY, TagKeys: TWO_KEYS });
    expect(emulator.requests.map(({ action }) => action)).toEqual(['GetCallerIdentity', 'UntagResource']);
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual({ owner: 'alice' });
    expect(structured).not.toHaveProperty('RemovedTags');
    expect(structured['Message']).toBe(text);
    expect(text).toMatch(/Earlier values are unknown: .*--no-snapshot.*undo_change cannot restore them/);
    expect(text).toContain(`RequestId ${structured['RequestId']}`);
  });

  it('tells which keys were not there, in text and structure', async () => {
    const { call } = await openSession();
    const { structured, text } = await call('untag_resource', { ...SECRET, TagKeys: ['tagkey1', 'gone', 'Owner'] });
    expect(structured).toMatchObject({ RemovedTags: [REMOVED[0]], AbsentTagKeys: ['gone', 'Owner'] });
    expect(text).toContain('"tagkey1"="tagvalue1". Not there before: "gone", "Owner".');
  });

  it('succeeds when none of the keys is there, and says so', async () => {
    const { call, emulator } = await openSession();
    const { isError, structured, text } = await call('untag_resource', { ...KEY, TagKeys: ['gone'] });
    expect(isError).toBe(false);
    expect(structured).toMatchObject({ RemovedTags: [], AbsentTagKeys: ['gone'] });
    expect(text).toMatch(/^Nothing to remove .*"gone"/);
    expect(emulator.count('UntagResource')).toBe(1);
  });

  it.each([
    { form: 'an array', TagKeys: TWO_KEYS },
    { form: 'a JSON array in a string', TagKeys: '["tagkey1", "tagkey2"]' },
    { form: 'keys separated by commas', TagKeys: 'tagkey1, tagkey2' },
    { form: 'keys that repeat', TagKeys: ['tagkey1', 'tagkey2', 'tagkey1'] },
  ])('takes TagKeys as $form, and sends one JSON array', async ({ TagKeys }) => {
    const { call, emulator } = await openSession();
    const { structured } = await call('untag_resource', { ...KEY, TagKeys });
    expect(structured['RemovedTags']).toEqual(REMOVED);
    expect(emulator.requests.at(-1)?.parameters['TagKeys']).toBe('["tagkey1","tagkey2"]');
  });

  it('takes a single key as a string', async () => {
    const { call, emulator } = await openSession();
    await call('untag_resource', { ...KEY, TagKeys: 'tagkey1' });
    expect(emulator.requests.at(-1)?.parameters['TagKeys']).toBe('["tagkey1"]');
  });

  it('takes null and "" for what is left out', async () => {
    const { call, emulator } = await openSession();
    const empty = { SecretName: '', CertificateId: null, RegionId: null };
    const { isError } = await call('untag_resource', { ...KEY, ...empty, TagKeys: TWO_KEYS });
    expect(isError).toBe(false);
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual({ owner: 'alice' });
  });

  it.each([
    { what: 'no target', args: { TagKeys: ['a'] }, says: /KeyId, SecretName.*CertificateId.*none.*Example: \{/ },
    {
      what: 'two targets',
      args: { ...KEY, ...SECRET, TagKeys: ['a'] },
      says: /KeyId, SecretName.*CertificateId.*are 2/,
    },
    { what: 'three targets', args: { ...KEY, ...SECRET, ...CERTIFICATE, TagKeys: ['a'] }, says: /are 3/ },
    { what: 'empty targets', args: { KeyId: '', SecretName: null, TagKeys: ['a'] }, says: /is none/ },
    { what: 'no keys', args: { ...KEY }, says: /^INVALID_ARGUMENT: TagKeys is missing/ },
    { what: 'null for the keys', args: { ...KEY, TagKeys: null }, says: /TagKeys is missing/ },
    { what: 'an empty list of keys', args: { ...KEY, TagKeys: [] }, says: /TagKeys.*at least one/ },
    { what: 'an empty key', args: { ...KEY, TagKeys: ['a', ''] }, says: /TagKeys\[1\].*1 to 128 bytes.*has 0/ },
    { what: 'a key of 129 bytes', args: { ...KEY, TagKeys: [`${'é'.repeat(64)}x`] }, says: /1 to 128 bytes.*has 129/ },
    { what: 'a broken JSON array', args: { ...KEY, TagKeys: '["a","b"' }, says: /TagKeys/ },
    { what: 'a number as a key', args: { ...KEY, TagKeys: [7] }, says: /TagKeys\[0\].*string/ },
    { what: 'half a surrogate pair', args: { ...KEY, TagKeys: ['\ud800'] }, says: /surrogate/ },
    { what: 'a misspelt parameter', args: { ...KEY, Tagkeys: ['a'] }, says: /Tagkeys/ },
    {
      what: 'a region that is a host name',
      args: { ...KEY, TagKeys: ['a'], RegionId: 'evil.com/x' },
      says: /RegionId/,
    },
  ])('refuses $what with INVALID_ARGUMENT and a right call, and sends nothing', async ({ args, says }) => {
    const { call, emulator } = await openSession();
    const reply = await call('untag_resource', args);
    expectRefusal(reply, 'INVALID_ARGUMENT');
    expect(reply.text).toMatch(says);
    expect(reply.text).toContain('"TagKeys":["tagkey1","tagkey2"]');
    expect(emulator.count()).toBe(0);
  });

  it.each(['__proto__', 'constructor', 'toString'])('treats %s as a tag key like any other', async (key) => {
    const { call, emulator } = await openSession();
    const absent = await call('untag_resource', { ...KEY, TagKeys: [key] });
    expect(absent.structured).toMatchObject({ RemovedTags: [], AbsentTagKeys: [key] });

    emulator.setTag('key', KEY.KeyId, key, 'polluted');
    const present = await call('untag_resource', { ...KEY, TagKeys: [key] });
    expect(present.structured).toMatchObject({
      RemovedTags: [{ TagKey: key, TagValue: 'polluted' }],
      AbsentTagKeys: [],
    });
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual(SAMPLE_TAGS);

    await call('undo_change', { ChangeId: present.structured['ChangeId'] });
    expect(Object.entries(emulator.tagsOf('key', KEY.KeyId) ?? {})).toContainEqual([key, 'polluted']);
  });

  it('never takes an argument named __proto__ for anything', async () => {
    const { call, emulator } = await openSession();
    const args: Readonly<Record<string, unknown>> = JSON.parse('{"__proto__":{"KeyId":"x"},"TagKeys":["a"]}');
    expectRefusal(await call('untag_resource', args), 'INVALID_ARGUMENT');
    expect(emulator.count()).toBe(0);
  });

  it('goes ahead without a snapshot where certificates cannot be read, and says so', async () => {
    const { call, emulator } = await openSession({ emulator: { certificateOperations: false } });
    const { isError, structured, text } = await call('untag_resource', { ...CERTIFICATE, TagKeys: TWO_KEYS });
    expect(isError).toBe(false);
    expect(emulator.tagsOf('certificate', CERTIFICATE.CertificateId)).toEqual({ owner: 'alice' });
    expect(structured).not.toHaveProperty('RemovedTags');
    expect(structured['Message']).toMatch(/Earlier values are unknown: .*InvalidAction\.NotFound/);
    expect(text).toContain('Removed "tagkey1", "tagkey2" where present');

    const undone = await call('undo_change', { ChangeId: structured['ChangeId'] });
    expect(undone.structured).toMatchObject({ Status: 'nothing_done', Restored: 0, Skipped: 2 });
    expect(undone.text).toContain('"tagkey1" earlier value unknown');
    expect(undone.text).toContain('Nothing was changed.');
    expect(undone.text).not.toContain('Repeat');
  });
});

describe('where and as whom untag_resource acts', () => {
  it.each(['cn-nowhere', 'cn-beijing'])(
    'says that a fixed endpoint serves one region when %s is named, and sends nothing',
    async (RegionId) => {
      const { call, emulator } = await openSession();
      const reply = await call('untag_resource', { ...KEY, TagKeys: TWO_KEYS, RegionId });
      expectRefusal(reply, 'INVALID_ARGUMENT');
      expect(reply.text).toContain(`serve "cn-hangzhou" only, not "${RegionId}"`);
      expect(emulator.count()).toBe(0);
    },
  );

  it.each([
    { settings: 'with a read first', args: [] },
    { settings: 'with --no-snapshot', args: ['--no-snapshot'] },
  ])('names the host and RegionId when there is no such host, $settings', async ({ args }) => {
    // `.invalid` is never resolved; the real host of an unknown region is not either.
    const elsewhere = (regionId: string): Kms => testKms(`http://kms.${regionId}.invalid`, regionId);
    const { call } = await openSession({
      args,
      tune: (deps) => ({
        ...deps,
        servedRegions: undefined,
        kms: (regionId) => (regionId === 'cn-hangzhou' ? deps.kms(regionId) : elsewhere(regionId)),
      }),
    });
    const reply = await call('untag_resource', { ...KEY, TagKeys: TWO_KEYS, RegionId: 'cn-nowhere' });
    expectRefusal(reply, 'ENDPOINT_UNREACHABLE');
    expect(reply.text).toMatch(/kms\.cn-nowhere\.invalid \(ENOTFOUND\).*Check RegionId/);
  });

  it('names what was tried when there are no credentials, and sends nothing', async () => {
    const { call, emulator } = await openSession({
      env: { HOME: '/nowhere', ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' },
    });
    const reply = await call('untag_resource', { ...KEY, TagKeys: TWO_KEYS });
    expectRefusal(reply, 'CREDENTIALS_NOT_FOUND');
    expect(reply.text).toContain('ALIBABA_CLOUD_ACCESS_KEY_ID');
    expect(emulator.count()).toBe(0);
  });

  it.each([
    { wrong: 'secret', env: { id: 'testid', secret: 'wrong-secret-canary' }, code: 'SignatureDoesNotMatch' },
    { wrong: 'AccessKey ID', env: { id: 'LTAIunknown', secret: 'testsecret' }, code: 'InvalidAccessKeyId.NotFound' },
  ])('keeps the code and RequestId of the service for a wrong $wrong, and never shows it', async ({ env, code }) => {
    const { call, emulator } = await openSession({
      env: { ALIBABA_CLOUD_ACCESS_KEY_ID: env.id, ALIBABA_CLOUD_ACCESS_KEY_SECRET: env.secret },
    });
    const reply = await call('untag_resource', { ...KEY, TagKeys: TWO_KEYS });
    expectRefusal(reply, code);
    expect(reply.text).toContain(`RequestId ${emulator.requests.at(-1)?.requestId}`);
    expect(reply.text).not.toContain(env.secret);
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual(SAMPLE_TAGS);
  });
});

describe('when KMS refuses or does not answer', () => {
  it.each([
    { what: 'an unknown key', args: { KeyId: 'key-unknown' }, code: 'Forbidden.KeyNotFound', next: /find_resources/ },
    {
      what: 'an unknown secret',
      args: { SecretName: 'x' },
      code: 'Forbidden.ResourceNotFound',
      next: /find_resources/,
    },
    { what: 'an unknown certificate', args: { CertificateId: 'x' }, code: 'Certificate.NotFound', next: /region/ },
  ])('keeps the code and RequestId for $what, with a next step', async ({ args, code, next }) => {
    const { call, emulator } = await openSession();
    const reply = await call('untag_resource', { ...args, TagKeys: ['temp'] });
    expectRefusal(reply, code);
    expect(reply.text).toContain(`RequestId ${emulator.requests.at(-1)?.requestId}`);
    expect(reply.text).toMatch(next);
  });

  it.concurrent('reports OUTCOME_UNKNOWN when every answer is lost after the change', async ({ onTestFinished }) => {
    const faults = { actions: ['UntagResource'], probabilities: { 'drop-after': 1 } };
    const { call, emulator } = await openSession({ emulator: { faults } }, onTestFinished);
    const reply = await call('untag_resource', { ...KEY, TagKeys: TWO_KEYS });
    expect(codeOf(reply)).toBe('OUTCOME_UNKNOWN');
    expect(reply.text).toMatch(/Whether the change was made is not known .*Repeating the call is safe/);
    expect(reply.text).not.toContain('Nothing was changed');
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual({ owner: 'alice' });

    emulator.setFaults(undefined);
    const changes = await call('list_changes');
    expect(changes.structured['Changes']).toMatchObject([{ State: 'unknown' }]);
    const [, changeId] = /ChangeId (\S+)\)/.exec(reply.text) ?? [];
    await call('undo_change', { ChangeId: changeId });
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual(SAMPLE_TAGS);
  });

  it.concurrent('succeeds after answers were lost, when one comes through', async ({ onTestFinished }) => {
    const faults = { actions: ['UntagResource'], script: ['drop-after', 'error503'] } as const;
    const { call, emulator } = await openSession({ emulator: { faults } }, onTestFinished);
    const reply = await call('untag_resource', { ...KEY, TagKeys: TWO_KEYS });
    expect(reply.structured).toMatchObject({ RemovedTags: REMOVED });
    expect(emulator.count('UntagResource')).toBe(3);
    expect(new Set(emulator.requests.map((request) => request.nonce)).size).toBe(5);
  });

  it.concurrent('reports OUTCOME_UNKNOWN after time-outs', async ({ onTestFinished }) => {
    const faults = { actions: ['UntagResource'], probabilities: { slow: 1 }, slowMs: 30_000 };
    const { call } = await openSession({ emulator: { faults }, args: ['--timeout', '100'] }, onTestFinished);
    const reply = await call('untag_resource', { ...KEY, TagKeys: TWO_KEYS });
    expect(codeOf(reply)).toBe('OUTCOME_UNKNOWN');
    expect(reply.text).toContain('(timeout) after 5 attempts');
  });

  it.concurrent('changes nothing when the read before it gets no answer', async ({ onTestFinished }) => {
    const faults = { actions: ['ListResourceTags'], probabilities: { 'drop-before': 1 } };
    const { call, emulator } = await openSession({ emulator: { faults } }, onTestFinished);
    expectRefusal(await call('untag_resource', { ...KEY, TagKeys: TWO_KEYS }), 'ENDPOINT_UNREACHABLE');
    expect(emulator.count('UntagResource')).toBe(0);
  });

  it.concurrent('says that nothing was changed when throttling does not end', async ({ onTestFinished }) => {
    const faults = { actions: ['UntagResource'], probabilities: { throttle429: 1 } };
    const { call, emulator } = await openSession({ emulator: { faults } }, onTestFinished);
    const reply = await call('untag_resource', { ...KEY, TagKeys: TWO_KEYS });
    expectRefusal(reply, 'Rejected.Throttling');
    expect(reply.text).toContain('after 5 attempts');
    expect((await call('list_changes')).structured['Changes']).toMatchObject([{ State: 'nothing_done' }]);
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual(SAMPLE_TAGS);
  });

  it.concurrent('reports ENDPOINT_UNREACHABLE when nobody listens', async ({ onTestFinished }) => {
    const where = ['--endpoint', 'http://127.0.0.1:9', '--region', 'cn-hangzhou'];
    const { call } = await openSession({ where }, onTestFinished);
    const reply = await call('untag_resource', { ...KEY, TagKeys: TWO_KEYS });
    expectRefusal(reply, 'ENDPOINT_UNREACHABLE');
    expect(reply.text).toContain('127.0.0.1 (ECONNREFUSED) after 5 attempts');
  });
});

function testKms(origin: string, regionId: string): Kms {
  return kmsClient(testClient(origin), regionId);
}

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createNonceStore } from '../../emulator/authentication/nonce-store.js';
import { emulators } from '../support/running-emulator.js';
import { callV1, callV3 } from './raw-client.js';

const start = emulators();
const schemes = [
  { scheme: 'HMAC-SHA1', call: callV1 },
  { scheme: 'ACS3-HMAC-SHA256', call: callV3 },
] as const;
const MINUTE = 60_000;
const UPPER_UUID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;
const LOWER_UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe.each(schemes)('$scheme', ({ call }) => {
  it('lets a signed request in and answers with a lower-case RequestId, also in the header', async () => {
    const reply = await call(await start(), 'DescribeRegions');
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ RequestId: expect.stringMatching(LOWER_UUID) });
    expect(reply.headers.get('x-acs-request-id')).toBe(reply.json['RequestId']);
    expect(reply.headers.get('content-type')).toBe('application/json;charset=utf-8');
  });

  it('answers a refusal of the gateway with its own body and an upper-case RequestId', async () => {
    const reply = await call(await start(), 'DescribeRegions', {}, { accessKeyId: 'nobody' });
    expect(reply.status).toBe(404);
    expect(reply.json).toEqual({
      RequestId: expect.stringMatching(UPPER_UUID),
      Message: 'Specified access key is not found.',
      Recommend: expect.stringContaining('q=InvalidAccessKeyId.NotFound&product=Kms'),
      HostId: 'kms.cn-hangzhou.aliyuncs.com',
      Code: 'InvalidAccessKeyId.NotFound',
    });
  });

  it('echoes its string to sign when the signature does not match, and never the secret', async () => {
    const reply = await call(await start(), 'DescribeRegions', {}, { accessKeySecret: 'wrong' });
    expect(reply.status).toBe(400);
    expect(reply.json).toMatchObject({
      Code: 'SignatureDoesNotMatch',
      Message: expect.stringMatching(
        / server string to sign is:(POST&%2F&AccessKeyId|ACS3-HMAC-SHA256\n[0-9a-f]{64}$)/,
      ),
    });
    expect(reply.text).not.toMatch(/testsecret|wrong/);
  });

  it('refuses a nonce that was used, and lets it in again once it can no longer be replayed', async () => {
    let now = Date.now();
    const emulator = await start({ clock: () => now });
    const nonce = randomUUID();
    expect((await call(emulator, 'DescribeRegions', {}, { nonce, now })).status).toBe(200);
    now += 14 * MINUTE;
    const again = await call(emulator, 'DescribeRegions', {}, { nonce, now });
    expect(again.status).toBe(400);
    expect(again.json).toMatchObject({ Code: 'SignatureNonceUsed' });
    now += 31 * MINUTE;
    expect((await call(emulator, 'DescribeRegions', {}, { nonce, now })).status).toBe(200);
  });

  it('uses up no nonce for a request that is not genuine', async () => {
    const emulator = await start();
    const nonce = randomUUID();
    await call(emulator, 'DescribeRegions', {}, { nonce, accessKeySecret: 'wrong' });
    expect((await call(emulator, 'DescribeRegions', {}, { nonce })).status).toBe(200);
  });

  it.each([
    { minutes: 14.9, code: undefined },
    { minutes: -14.9, code: undefined },
    { minutes: 15.1, code: 'InvalidTimeStamp.Expired' },
    { minutes: -15.1, code: 'InvalidTimeStamp.Expired' },
  ])('answers $code when the clocks differ by $minutes minutes, and says its own time', async ({ minutes, code }) => {
    const clock = () => Date.now() + minutes * MINUTE;
    const reply = await call(await start({ clock }), 'DescribeRegions');
    expect(reply.json['Code']).toBe(code);
    expect(Math.abs(Date.parse(reply.headers.get('date') ?? '') - clock())).toBeLessThan(5000);
  });

  it.each([
    { given: undefined, code: 'MissingSecurityToken' },
    { given: 'another-token', code: 'InvalidSecurityToken.MismatchWithAccessKey' },
    { given: 'no token at all', code: 'InvalidSecurityToken.Malformed' },
    { given: 'the-token', code: undefined },
  ])('answers $code to the token $given', async ({ given, code }) => {
    const emulator = await start({ securityToken: 'the-token' });
    const options = given === undefined ? {} : { securityToken: given };
    expect((await call(emulator, 'DescribeRegions', {}, options)).json['Code']).toBe(code);
  });

  it('knows only the new access key after a rotation, and calls the old token expired', async () => {
    const emulator = await start({ securityToken: 'old' });
    emulator.rotateAccessKey({ accessKeyId: 'next', accessKeySecret: 'next-secret', securityToken: 'new' });
    const codeFor = async (options: object) => (await call(emulator, 'DescribeRegions', {}, options)).json['Code'];
    expect(await codeFor({ securityToken: 'new' })).toBeUndefined();
    expect(await codeFor({ securityToken: 'old' })).toBe('InvalidSecurityToken.Expired');
    expect(await codeFor({ accessKeyId: 'testid', accessKeySecret: 'testsecret', securityToken: 'old' })).toBe(
      'InvalidAccessKeyId.NotFound',
    );
  });
});

describe('HMAC-SHA1 alone', () => {
  it.each([
    { method: 'GET', isForm: false },
    { method: 'POST', isForm: false },
    { method: 'POST', isForm: true },
  ])('takes parameters by $method, in a form: $isForm', async (options) => {
    expect((await callV1(await start(), 'DescribeRegions', {}, options)).status).toBe(200);
  });

  it.each([
    { name: 'Timestamp', value: undefined, code: 'IllegalTimestamp', shape: 'HttpStatus' },
    { name: 'Timestamp', value: '2026-11-24T00:00:00.000Z', code: 'InvalidTimeStamp.Format', shape: 'HostId' },
    { name: 'Timestamp', value: '2026-13-45T00:00:00Z', code: 'InvalidTimeStamp.Format', shape: 'HostId' },
    { name: 'SignatureNonce', value: undefined, code: 'MissingSignatureNonce', shape: 'HostId' },
    { name: 'AccessKeyId', value: undefined, code: 'MissingAccessKeyId', shape: 'HostId' },
    { name: 'Action', value: undefined, code: 'MissingAction', shape: 'HostId' },
    { name: 'Version', value: '2014-05-26', code: 'InvalidVersion', shape: 'HostId' },
    { name: 'SignatureMethod', value: 'HMAC-SHA256', code: 'IncompleteSignature', shape: 'HttpStatus' },
    { name: 'SignatureVersion', value: '2.0', code: 'IncompleteSignature', shape: 'HttpStatus' },
    { name: 'Signature', value: 'bm9uZQ==', code: 'SignatureDoesNotMatch', shape: 'HostId' },
    { name: 'RegionId', value: 'eu-west-1', code: 'InvalidRegionId.NotFound', shape: 'HostId' },
  ])('answers $code to $name = $value', async ({ name, value, code, shape }) => {
    const reply = await callV1(await start(), 'DescribeRegions', { [name]: value });
    expect(reply.json).toMatchObject({ Code: code, [shape]: expect.anything() });
  });
});

describe('ACS3-HMAC-SHA256 alone', () => {
  it('refuses an x-acs-* header that is not signed', async () => {
    const unsigned = { 'x-acs-extra': '1' };
    const reply = await callV3(await start(), 'DescribeRegions', {}, { unsigned });
    expect(reply.json).toMatchObject({ HttpStatus: 400, Code: 'IncompleteSignature' });
  });

  it('refuses a body other than the one that was signed', async () => {
    const hash = '0'.repeat(64);
    const reply = await callV3(await start(), 'DescribeRegions', {}, { headers: { 'x-acs-content-sha256': hash } });
    expect(reply.json).toMatchObject({ Code: 'SignatureDoesNotMatch' });
  });

  it('takes parameters from a signed form body', async () => {
    const emulator = await start({ data: { keys: [{ KeyId: 'k', Tags: { a: '1', b: '2' } }] } });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = 'KeyId=k&TagKeys=%5B%22a%22%5D';
    expect((await callV3(emulator, 'UntagResource', {}, { headers, body })).status).toBe(200);
    expect(emulator.tagsOf('key', 'k')).toEqual({ b: '2' });
  });

  it.each([
    '',
    'Basic dTpw',
    'ACS3-HMAC-SHA256 Credential=testid',
    'ACS3-HMAC-SM3 Credential=a,SignedHeaders=b,Signature=c',
  ])('refuses the Authorization %j', async (authorization) => {
    const reply = await callV3(await start(), 'DescribeRegions', {}, { unsigned: { authorization } });
    expect(reply.json).toMatchObject({ Code: 'IncompleteSignature' });
  });
});

describe('nonce store', () => {
  it('never holds more than its capacity, and forgets the oldest first', () => {
    const store = createNonceStore(3);
    for (const nonce of ['a', 'b', 'c', 'd']) {
      expect(store.admit(nonce, 0)).toBe(true);
    }
    expect(store.size).toBe(3);
    expect(store.admit('d', 0)).toBe(false);
    expect(store.admit('a', 0)).toBe(true);
  });

  it('tells apart nonces of any length', () => {
    const store = createNonceStore();
    expect(store.admit(`${'x'.repeat(5000)}1`, 0)).toBe(true);
    expect(store.admit(`${'x'.repeat(5000)}2`, 0)).toBe(true);
    expect(store.admit(`${'x'.repeat(5000)}1`, 0)).toBe(false);
  });
});

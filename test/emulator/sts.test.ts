import { describe, expect, it } from 'vitest';
import { sampleData } from '../../emulator/index.js';
import { emulators } from '../support/running-emulator.js';
import { callV1, callV3 } from './raw-client.js';

const start = emulators();
const VERSION = '2015-04-01';

describe('GetCallerIdentity', () => {
  it('names the RAM user that owns the access key, by either signature', async () => {
    const emulator = await start();
    const identity = {
      IdentityType: 'RAMUser',
      AccountId: '1234567890123456',
      UserId: expect.stringMatching(/^\d+$/),
      PrincipalId: expect.stringMatching(/^\d+$/),
      Arn: 'acs:ram::1234567890123456:user/emulator',
      RequestId: expect.stringMatching(/^[0-9A-F-]{36}$/),
    };
    expect((await callV1(emulator, 'GetCallerIdentity', { Version: VERSION })).json).toEqual(identity);
    const v3 = await callV3(emulator, 'GetCallerIdentity', {}, { headers: { 'x-acs-version': VERSION } });
    expect(v3.json).toEqual(identity);
    expect(v3.headers.get('x-acs-request-id')).toBe(v3.json['RequestId']);
  });

  it('names the session of a role when the credentials are temporary', async () => {
    const emulator = await start({ securityToken: 'token' });
    const reply = await callV1(emulator, 'GetCallerIdentity', { Version: VERSION }, { securityToken: 'token' });
    expect(reply.json).toMatchObject({
      IdentityType: 'AssumedRoleUser',
      RoleId: expect.stringMatching(/^\d+$/),
      PrincipalId: expect.stringMatching(/^\d+:emulator$/),
      Arn: 'acs:ram::1234567890123456:assumed-role/emulator/emulator',
    });
    expect(reply.json).not.toHaveProperty('UserId');
  });

  it('needs no permission and no region, but a signature', async () => {
    const emulator = await start({ deny: ['GetCallerIdentity'] });
    const ask = (parameters: Readonly<Record<string, string>>, options = {}) =>
      callV1(emulator, 'GetCallerIdentity', { Version: VERSION, ...parameters }, options);
    expect((await ask({ RegionId: 'eu-west-1' })).status).toBe(200);
    const wrong = await ask({}, { accessKeySecret: 'wrong' });
    expect(wrong.json).toMatchObject({ Code: 'SignatureDoesNotMatch', HostId: 'sts.aliyuncs.com' });
  });

  it('is written in XML under its own name', async () => {
    const reply = await callV1(await start(), 'GetCallerIdentity', { Version: VERSION, Format: 'XML' });
    expect(reply.text).toMatch(/<GetCallerIdentityResponse><RequestId>.*<\/GetCallerIdentityResponse>$/);
  });

  it('is not an operation of KMS, nor are those of KMS operations of STS', async () => {
    const emulator = await start();
    expect((await callV1(emulator, 'GetCallerIdentity')).json['Code']).toBe('InvalidAction.NotFound');
    expect((await callV1(emulator, 'ListKeys', { Version: VERSION })).json['Code']).toBe('InvalidAction.NotFound');
  });

  it('is answered in the shape of the gateway even where KMS would use its own', async () => {
    const reply = await callV1(await start(), 'GetCallerIdentity', { Version: VERSION, Timestamp: undefined });
    expect(reply.json).toMatchObject({ Code: 'IllegalTimestamp', HostId: 'sts.aliyuncs.com' });
    expect(reply.json).not.toHaveProperty('HttpStatus');
  });
});

describe('the number of the account', () => {
  it('is the one of the data, in identities and in ARNs', async () => {
    const data = { AccountId: '1111222233334444', keys: [{ KeyId: 'k' }] };
    const emulator = await start({ data });
    expect(emulator.accountId).toBe('1111222233334444');
    const identity = await callV1(emulator, 'GetCallerIdentity', { Version: VERSION });
    expect(identity.json['AccountId']).toBe('1111222233334444');
    expect((await callV1(emulator, 'ListKeys')).text).toContain('acs:kms:cn-hangzhou:1111222233334444:key/k');
  });

  it('is fixed for the sample data', async () => {
    expect((await start()).accountId).toBe('1234567890123456');
    expect((await start({ data: sampleData() })).accountId).toBe('1234567890123456');
  });

  it('is otherwise of 16 digits, the emulator’s own, and the same after a change of access keys', async () => {
    const [first, second] = [await start({ keys: 1 }), await start({ keys: 1 })];
    expect(first.accountId).toMatch(/^[1-9]\d{15}$/);
    expect(second.accountId).not.toBe(first.accountId);
    const before = first.accountId;
    first.rotateAccessKey({ accessKeyId: 'next', accessKeySecret: 'secret' });
    const identity = await callV1(first, 'GetCallerIdentity', { Version: VERSION });
    expect(identity.json['AccountId']).toBe(before);
  });
});

import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Emulator, type EmulatorOptions, parseAccountData } from '../../emulator/index.js';
import { matches, parsePolicy, permits } from '../../emulator/policy/policy-document.js';
import { emulators } from '../support/running-emulator.js';
import { callV1, callV3, type RawOptions } from './raw-client.js';

const start = emulators();
const ACCOUNT = '1111222233334444';
const ROLE = `acs:ram::${ACCOUNT}:role/cleaner`;
const trusting = (Action: readonly string[], principal = `acs:ram::${ACCOUNT}:root`) => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Principal: { RAM: principal }, Action }],
});
const DATA = {
  AccountId: ACCOUNT,
  keys: [
    { KeyId: 'one', Alias: 'alias/one', Tags: { a: '1' } },
    { KeyId: 'two', Tags: { a: '1' } },
  ],
  secrets: [{ SecretName: 'db/password', Tags: { a: '1' } }],
  roles: [
    { RoleName: 'cleaner', MaxSessionDuration: 7200 },
    { RoleName: 'short' },
    {
      RoleName: 'guarded',
      AssumeRolePolicyDocument: trusting(['sts:AssumeRole'], `acs:ram::${ACCOUNT}:user/somebody`),
    },
    { RoleName: 'mine', AssumeRolePolicyDocument: trusting(['sts:AssumeRole'], `acs:ram::${ACCOUNT}:user/emulator`) },
    { RoleName: 'named', AssumeRolePolicyDocument: trusting(['sts:AssumeRole', 'sts:SetSourceIdentity']) },
  ],
};
const startWith = (options: EmulatorOptions = {}) => start({ data: DATA, ...options });

const reply = z.object({
  Credentials: z.object({
    AccessKeyId: z.string().startsWith('STS.'),
    AccessKeySecret: z.string(),
    SecurityToken: z.string(),
    Expiration: z.string(),
  }),
  AssumedRoleUser: z.object({ Arn: z.string(), AssumedRoleId: z.string() }),
  SourceIdentity: z.string().optional(),
});

function assume(emulator: Emulator, parameters: Readonly<Record<string, string>> = {}, options: RawOptions = {}) {
  const given = { RoleArn: ROLE, RoleSessionName: 'alice', ...parameters };
  return callV1(emulator, 'AssumeRole', { Version: '2015-04-01', ...given }, options);
}

/** What a request of the session is signed with. */
async function session(
  emulator: Emulator,
  parameters: Readonly<Record<string, string>> = {},
  options: RawOptions = {},
) {
  const { Credentials } = reply.parse((await assume(emulator, parameters, options)).json);
  const { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: securityToken } = Credentials;
  return { accessKeyId, accessKeySecret, securityToken };
}

const statement = (Effect: string, Action: unknown, Resource: unknown = '*', more: object = {}) => ({
  Effect,
  Action,
  Resource,
  ...more,
});
const policy = (...Statement: readonly object[]) => ({ Policy: JSON.stringify({ Version: '1', Statement }) });
const untag = (KeyId: string) => ({ KeyId, TagKeys: '["a"]' });

describe('AssumeRole', () => {
  it('gives credentials that sign requests of either kind, under the name of the session', async () => {
    const emulator = await startWith();
    const answered = reply.parse((await assume(emulator, { SourceIdentity: 'alice@example.com' })).json);
    expect(answered).toMatchObject({
      AssumedRoleUser: { Arn: `${ROLE}/alice`, AssumedRoleId: expect.stringMatching(/^\d+:alice$/) },
      SourceIdentity: 'alice@example.com',
    });
    const signed = await session(emulator, { SourceIdentity: 'alice@example.com' });
    for (const call of [callV1, callV3]) {
      expect((await call(emulator, 'ListResourceTags', { KeyId: 'one' }, signed)).status).toBe(200);
      expect(emulator.requests.at(-1)).toMatchObject({ sessionName: 'alice', sourceIdentity: 'alice@example.com' });
    }
    await callV1(emulator, 'ListResourceTags', { KeyId: 'one' });
    expect(emulator.requests.at(-1)).not.toHaveProperty('sessionName');
    expect(JSON.stringify(emulator.requests)).not.toContain(signed.securityToken);
  });

  it('gives a session of its own each time, which GetCallerIdentity names', async () => {
    const emulator = await startWith();
    const [alice, bob] = [await session(emulator), await session(emulator, { RoleSessionName: 'bob' })];
    expect(alice.accessKeyId).not.toBe(bob.accessKeyId);
    const identity = await callV1(emulator, 'GetCallerIdentity', { Version: '2015-04-01' }, bob);
    expect(identity.json).toMatchObject({
      IdentityType: 'AssumedRoleUser',
      AccountId: ACCOUNT,
      Arn: `acs:ram::${ACCOUNT}:assumed-role/cleaner/bob`,
    });
    const mixed = { ...alice, securityToken: bob.securityToken };
    const refused = await callV1(emulator, 'ListKeys', {}, mixed);
    expect(refused.json['Code']).toBe('InvalidSecurityToken.MismatchWithAccessKey');
    const { securityToken: _, ...withoutToken } = alice;
    expect((await callV1(emulator, 'ListKeys', {}, withoutToken)).json['Code']).toBe('MissingSecurityToken');
    const forged = await callV1(emulator, 'ListKeys', {}, { ...alice, accessKeySecret: 'wrong' });
    expect(forged.json['Code']).toBe('SignatureDoesNotMatch');
  });

  it.each([
    { asked: {}, seconds: 3600 },
    { asked: { DurationSeconds: '900' }, seconds: 900 },
    { asked: { DurationSeconds: '7200' }, seconds: 7200 },
  ])('lets a session asked for with $asked live $seconds seconds', async ({ asked, seconds }) => {
    let now = Date.parse('2026-11-24T00:00:00Z');
    const emulator = await startWith({ clock: () => now });
    const answered = reply.parse((await assume(emulator, asked, { now })).json);
    expect(Date.parse(answered.Credentials.Expiration)).toBe(now + seconds * 1000);
    const signed = await session(emulator, asked, { now });
    now += seconds * 1000 - 1;
    expect((await callV1(emulator, 'ListKeys', {}, { ...signed, now })).status).toBe(200);
    now += 1;
    const late = await callV1(emulator, 'ListKeys', {}, { ...signed, now });
    expect(late.json['Code']).toBe('InvalidSecurityToken.Expired');
  });

  it('can have its sessions expired by name, and others go on', async () => {
    const emulator = await startWith();
    const [alice, bob] = [await session(emulator), await session(emulator, { RoleSessionName: 'bob' })];
    expect(emulator.expireSessions('alice')).toBe(1);
    expect((await callV1(emulator, 'ListKeys', {}, alice)).json['Code']).toBe('InvalidSecurityToken.Expired');
    expect((await callV1(emulator, 'ListKeys', {}, bob)).status).toBe(200);
    emulator.rotateAccessKey({ accessKeyId: 'next', accessKeySecret: 'secret' });
    expect((await callV1(emulator, 'ListKeys', {}, bob)).status).toBe(200);
  });

  it.each<readonly [Readonly<Record<string, string>>, number, string]>([
    [{ RoleArn: '' }, 400, 'MissingRoleArn'],
    [{ RoleSessionName: '' }, 400, 'MissingRoleSessionName'],
    [{ RoleArn: 'cleaner' }, 400, 'InvalidParameter.RoleArn'],
    [{ RoleArn: `acs:ram::${ACCOUNT}:role/nobody` }, 404, 'EntityNotExist.Role'],
    [{ RoleArn: 'acs:ram::9999222233334444:role/cleaner' }, 404, 'EntityNotExist.Role'],
    [{ RoleSessionName: 'a' }, 400, 'InvalidParameter.RoleSessionName'],
    [{ RoleSessionName: 'alice smith' }, 400, 'InvalidParameter.RoleSessionName'],
    [{ RoleSessionName: 'x'.repeat(65) }, 400, 'InvalidParameter.RoleSessionName'],
    [{ SourceIdentity: 'alice smith' }, 400, 'InvalidParameter.SourceIdentity'],
    [{ DurationSeconds: '899' }, 400, 'InvalidParameter.DurationSeconds'],
    [{ DurationSeconds: '7201' }, 400, 'InvalidParameter.DurationSeconds'],
    [{ RoleArn: `acs:ram::${ACCOUNT}:role/short`, DurationSeconds: '3601' }, 400, 'InvalidParameter.DurationSeconds'],
    [{ Policy: '{"Version":"1"}' }, 400, 'InvalidParameter.PolicyGrammar'],
    [{ Policy: '{' }, 400, 'InvalidParameter.PolicyGrammar'],
    [policy({ Effect: 'Allow', Action: 'kms:*' }), 400, 'InvalidParameter.PolicyGrammar'],
    [policy(statement('Allow', 'kms:*', 'x'.repeat(2048))), 400, 'InvalidParameter.PolicySize'],
    [{ RoleArn: `acs:ram::${ACCOUNT}:role/guarded` }, 403, 'NoPermission'],
    [{ RoleArn: `acs:ram::${ACCOUNT}:role/mine`, SourceIdentity: 'alice' }, 403, 'NoPermission'],
  ])('refuses %j with %i %s', async (parameters, status, code) => {
    const refused = await assume(await startWith(), parameters);
    expect([refused.status, refused.json['Code']]).toEqual([status, code]);
    expect(refused.json['HostId']).toBe('sts.aliyuncs.com');
  });

  it('trusts the user or the account that the role’s trust policy names', async () => {
    const emulator = await startWith();
    const mine = await assume(emulator, { RoleArn: `acs:ram::${ACCOUNT}:role/mine` });
    expect(mine.status).toBe(200);
    const named = { RoleArn: `acs:ram::${ACCOUNT}:role/named`, SourceIdentity: 'alice' };
    expect((await assume(emulator, named)).status).toBe(200);
  });

  it('keeps the source identity through a chain of roles', async () => {
    const emulator = await startWith();
    const first = await session(emulator, { SourceIdentity: 'alice' });
    const chained = reply.parse((await assume(emulator, { RoleSessionName: 'second' }, first)).json);
    expect(chained.SourceIdentity).toBe('alice');
    expect((await assume(emulator, { SourceIdentity: 'mallory' }, first)).json['Code']).toBe('NoPermission');
  });

  it('is refused where it is denied, and throttled at a hundred a second', async () => {
    const denied = await assume(await startWith({ deny: ['AssumeRole'] }));
    expect([denied.status, denied.json['Code']]).toEqual([403, 'NoPermission']);
    const now = Date.now();
    const emulator = await startWith({ quota: true, clock: () => now });
    for (let round = 0; round < 100; round += 1) {
      expect((await assume(emulator, {}, { now })).status).toBe(200);
    }
    expect((await assume(emulator, {}, { now })).json['Code']).toBe('Throttling.User');
  });
});

describe('the policy of a session', () => {
  const READ = ['kms:List*', 'kms:Describe*'];

  it('lets a session that may only read do no more than that', async () => {
    const emulator = await startWith();
    const reader = await session(emulator, policy(statement('Allow', READ)));
    expect((await callV1(emulator, 'ListResourceTags', { KeyId: 'one' }, reader)).status).toBe(200);
    const refused = await callV1(emulator, 'UntagResource', untag('one'), reader);
    expect(refused.status).toBe(403);
    expect(refused.json).toMatchObject({
      Code: 'Forbidden.NoPermission',
      Message: `This operation for acs:kms:cn-hangzhou:${ACCOUNT}:key/one is forbidden by permission system.`,
    });
    expect(emulator.tagsOf('key', 'one')).toEqual({ a: '1' });
    expect(emulator.requests.at(-1)).toMatchObject({ sessionName: 'alice', outcome: 'Forbidden.NoPermission' });
    expect((await callV1(emulator, 'UntagResource', untag('one'))).status).toBe(200);
  });

  const key = (id: string) => `acs:kms:*:*:key/${id}`;
  it.each([
    ['one key', [statement('Allow', 'kms:*', key('one'))], 'UntagResource', untag('one'), true],
    ['another key', [statement('Allow', 'kms:*', key('one'))], 'UntagResource', untag('two'), false],
    ['an alias of the key', [statement('Allow', 'kms:*', key('one'))], 'DescribeKey', { KeyId: 'alias/one' }, true],
    [
      'an alias that is allowed, of a key that is not',
      [statement('Allow', 'kms:*', 'acs:kms:*:*:alias/*')],
      'DescribeKey',
      { KeyId: 'alias/one' },
      false,
    ],
    [
      'a key that a Deny names, whatever is allowed',
      [statement('Allow', '*'), statement('Deny', 'kms:Untag*', key('two'))],
      'UntagResource',
      untag('two'),
      false,
    ],
    ['an action in another case', [statement('Allow', 'KMS:untagresource')], 'UntagResource', untag('one'), true],
    ['nothing', [statement('Deny', 'kms:CreateKey')], 'ListKeys', {}, false],
    ['all keys, for a list of them', [statement('Allow', 'kms:ListKeys', 'acs:kms:*:*:key')], 'ListKeys', {}, true],
    ['a secret', [statement('Allow', 'kms:*', key('*'))], 'DescribeSecret', { SecretName: 'db/password' }, false],
    [
      'a bulk request of which one key is not allowed',
      [statement('Allow', 'kms:*', key('one'))],
      'UntagResources',
      { RegionId: 'cn-hangzhou', ResourceType: 'key', 'ResourceId.1': 'one', 'ResourceId.2': 'two', 'TagKey.1': 'a' },
      false,
    ],
    [
      'what is not among NotAction',
      [{ Effect: 'Allow', NotAction: ['kms:Untag*'], Resource: '*' }],
      'ListKeys',
      {},
      true,
    ],
    [
      'an Allow with a condition, which the emulator does not evaluate',
      [statement('Allow', 'kms:*', '*', { Condition: { StringEquals: { 'acs:SourceIp': '127.0.0.1' } } })],
      'ListKeys',
      {},
      false,
    ],
    ['regions, which need no permission', [statement('Deny', '*')], 'DescribeRegions', {}, true],
  ] as const)('for %s', async (_, statements, action, parameters, isPermitted) => {
    const emulator = await startWith();
    const signed = await session(emulator, policy(...statements));
    const answered = await callV1(emulator, action, { ...parameters }, signed);
    expect(answered.json['Code']).toBe(isPermitted ? undefined : 'Forbidden.NoPermission');
  });

  it('holds for RAM and STS, too', async () => {
    const emulator = await startWith();
    const signed = await session(emulator, policy(statement('Allow', 'kms:*')));
    const listed = await callV1(emulator, 'ListPolicies', { Version: '2015-05-01' }, signed);
    expect(listed.json['Code']).toBe('NoPermission');
    expect((await assume(emulator, {}, signed)).json['Code']).toBe('NoPermission');
    const identity = await callV1(emulator, 'GetCallerIdentity', { Version: '2015-04-01' }, signed);
    expect(identity.status).toBe(200);
  });

  it.each([
    ['kms:*', 'kms:ListKeys', true],
    ['kms:List?eys', 'kms:ListKeys', true],
    ['kms:List', 'kms:ListKeys', false],
    ['a.b', 'axb', false],
    ['[a-z]+', 'abc', false],
    ['*', 'two\nlines', true],
  ])('takes the pattern %j to match %j: %s', (pattern, text, isMatch) => {
    expect(matches(pattern, text)).toBe(isMatch);
  });

  it('is none for what RAM’s grammar does not have', () => {
    for (const text of ['[]', '{"Version":"2","Statement":[]}', '{"Version":"1","Statement":[{"Effect":"allow"}]}']) {
      expect(parsePolicy(text)).toBeUndefined();
    }
    const parsed = parsePolicy(policy(statement('Allow', 'kms:*')).Policy);
    expect(parsed !== undefined && permits(parsed, 'kms:ListKeys', 'x')).toBe(true);
  });
});

describe('roles in data', () => {
  it.each([
    [{ roles: [{ RoleName: 'a b' }] }, 'roles[0].RoleName'],
    [{ roles: [{ RoleName: 'a', MaxSessionDuration: 60 }] }, 'roles[0].MaxSessionDuration'],
    [{ roles: [{ RoleName: 'a', AssumeRolePolicyDocument: { Version: '1' } }] }, 'must be a trust policy'],
    [{ roles: [{ RoleName: 'a' }, { RoleName: 'a' }] }, 'RoleName "a" is there twice'],
    [{ policies: [{ PolicyName: 'p' }] }, 'policies[0].PolicyDocument'],
  ])('%j is refused: %s', (data, message) => {
    expect(() => parseAccountData(JSON.stringify(data))).toThrow(message);
  });

  it('are taken as a data file has them', () => {
    expect(parseAccountData(JSON.stringify(DATA)).roles).toEqual(DATA.roles);
  });
});

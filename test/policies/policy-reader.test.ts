import { describe, expect, it } from 'vitest';
import { ramClient } from '../../src/aliyun/ram/ram-client.js';
import { sleep } from '../../src/base/sleep.js';
import { CredentialsError } from '../../src/credentials/credentials.js';
import { staticCredentials } from '../../src/credentials/source.js';
import { type NotRead, notReadText } from '../../src/policies/not-read.js';
import { findPolicyEffects } from '../../src/policies/policy-effects.js';
import type { PolicyReading } from '../../src/policies/policy-reader.js';
import { testClient } from '../rpc/test-client.js';
import { ACCOUNT, documentOf, env, KEY_ID, key, kindsOf } from './fixtures.js';
import { policyService, type ServedPolicy } from './policy-service.js';

const DENY = {
  Sid: 'KeepKeys',
  Effect: 'Deny',
  Action: 'kms:ScheduleKeyDeletion',
  Resource: '*',
  Condition: { StringEquals: { 'kms:tag/env': 'prod' } },
};
const MENTIONS = documentOf(DENY);
const OTHER = documentOf({ ...DENY, Condition: { StringEquals: { 'kms:tag/team': 'a' } } });
const PLAIN = documentOf({ Effect: 'Allow', Action: '*', Resource: '*' });
const RESOURCES = [key(env('prod'))];

const soon = (ms = 10_000): number => performance.now() + ms;
const policies = (count: number, PolicyDocument = PLAIN): ServedPolicy[] =>
  Array.from({ length: count }, (_, index) => ({ PolicyName: `policy-${index}`, PolicyDocument }));
/** What was not read, but for what never is. */
const missing = ({ notRead }: PolicyReading): readonly NotRead[] => notRead.filter(({ why }) => why !== 'out of reach');
const NO_INSTANCE: NotRead = { why: 'not in a KMS instance', count: 1 };

describe('RAM policies', () => {
  it('are read with whom they are attached to, and give findings', async () => {
    const { reader, requests } = await policyService({
      policies: [
        {
          PolicyName: 'keep-prod',
          PolicyDocument: MENTIONS,
          Users: ['alice'],
          Groups: ['admins'],
          Roles: ['ops'],
          InGroup: ['bob@x.onaliyun.com'],
        },
        { PolicyName: 'other', PolicyDocument: OTHER },
        { PolicyName: 'plain', PolicyDocument: PLAIN },
        { PolicyName: 'nobodys', PolicyDocument: MENTIONS, AttachmentCount: 0 },
        { PolicyName: 'broken', PolicyDocument: '{"Statement":' },
      ],
    });
    const reading = await reader().read({ resources: RESOURCES, deadline: soon() });
    expect(missing(reading)).toEqual([NO_INSTANCE]);
    const effects = findPolicyEffects({ ...reading, resources: RESOURCES, accountId: ACCOUNT });
    expect(kindsOf(effects)).toEqual(['would stop blocking']);
    expect(effects.findings[0]).toMatchObject({
      policy: { kind: 'ram', name: 'keep-prod' },
      attachedTo: [
        { type: 'user', name: 'alice' },
        { type: 'group', name: 'admins' },
        { type: 'role', name: 'ops' },
        { type: 'user', name: 'bob@x.onaliyun.com', resourceGroupId: 'rg-1' },
      ],
    });
    expect(effects.unreadable).toEqual([{ policy: { kind: 'ram', name: 'broken' }, problem: 'it is not JSON' }]);
    // One list, four documents, two questions about the one that mentions the tag, and the instances.
    expect(requests.toSorted()).toEqual([
      ...Array.from({ length: 4 }, () => 'GetPolicy'),
      'ListEntitiesForPolicy',
      'ListKmsInstances',
      'ListPolicies',
      'ListPolicyAttachments',
    ]);
  });

  it('are read page by page', async () => {
    const { reader, countOf } = await policyService({ policies: policies(25, MENTIONS), pageSize: 10 });
    const { sources } = await reader().read({ resources: RESOURCES, deadline: soon() });
    expect(sources).toHaveLength(25);
    expect(countOf('ListPolicies')).toBe(3);
  });

  it.each([30, 300, 1_500])(
    'numbering %i cost a request each when first read, and next time only the list',
    async (count) => {
      const all = [
        ...policies(count - 2),
        { PolicyName: 'a', PolicyDocument: MENTIONS },
        { PolicyName: 'b', PolicyDocument: OTHER },
      ];
      const { reader, requests } = await policyService({ policies: all });
      const pages = Math.ceil(count / 1_000);
      const one = reader();
      await one.read({ resources: RESOURCES, deadline: soon(15_000) });
      const cold = requests.length;
      expect(cold).toBe(pages + count + 3);
      await one.read({ resources: RESOURCES, deadline: soon(15_000) });
      expect(requests.length - cold).toBe(pages + 3);
    },
  );

  it('are read again when their version or their date changes, and forgotten when they are gone', async () => {
    const { reader, served, countOf } = await policyService({ policies: policies(3, PLAIN) });
    const one = reader();
    await one.read({ resources: RESOURCES, deadline: soon() });
    served.policies = [
      { PolicyName: 'policy-0', PolicyDocument: MENTIONS, DefaultVersion: 'v2' },
      { PolicyName: 'policy-1', PolicyDocument: MENTIONS, UpdateDate: '2026-02-01T00:00:00Z' },
    ];
    const { sources } = await one.read({ resources: RESOURCES, deadline: soon() });
    expect(sources.map(({ name }) => name).toSorted()).toEqual(['policy-0', 'policy-1']);
    expect(countOf('GetPolicy')).toBe(5);
    served.policies.push({ PolicyName: 'policy-2', PolicyDocument: PLAIN });
    await one.read({ resources: RESOURCES, deadline: soon() });
    expect(countOf('GetPolicy')).toBe(6);
  });

  it('that are kept serve another tag, too', async () => {
    const { reader, countOf } = await policyService({ policies: [{ PolicyName: 'a', PolicyDocument: OTHER }] });
    const one = reader();
    expect((await one.read({ resources: RESOURCES, deadline: soon() })).sources).toEqual([]);
    const team = [key([{ tagKey: 'team', before: 'a', after: undefined }])];
    expect((await one.read({ resources: team, deadline: soon() })).sources).toHaveLength(1);
    expect(countOf('GetPolicy')).toBe(1);
  });

  it('that were deleted since they were listed are no failure', async () => {
    const service = await policyService({
      policies: policies(2, MENTIONS),
      answer: (action, nth) =>
        action === 'GetPolicy' && nth === 1 ? { code: 'EntityNotExist.Policy', status: 404 } : undefined,
    });
    const reading = await service.reader().read({ resources: RESOURCES, deadline: soon() });
    expect(reading.sources).toHaveLength(1);
    expect(missing(reading)).toEqual([NO_INSTANCE]);
  });

  it('that answer with throttling are asked for again', async () => {
    const { reader } = await policyService({
      policies: policies(5, MENTIONS),
      answer: (_, nth) => (nth === 1 ? { code: 'Throttling.User', status: 400 } : undefined),
    });
    const reading = await reader().read({ resources: RESOURCES, deadline: soon() });
    expect(reading.sources).toHaveLength(5);
    expect(missing(reading)).toEqual([NO_INSTANCE]);
  });

  it('whose list goes round is read in part, and it is said', async () => {
    const { clients, reader } = await policyService();
    const rows = [{ name: 'a', defaultVersion: 'v1', updateDate: 'd', attachmentCount: 0 }];
    for (const marker of ['again', '']) {
      const ram = { ...clients.ram, listPolicies: async () => ({ rows, marker }) };
      const reading = await reader({ ram }).read({ resources: RESOURCES, deadline: soon() });
      expect(missing(reading)).toContainEqual({ why: 'failed', part: 'RAM policies', code: 'endless-list', count: 1 });
    }
  });

  it.each([
    ['no list', { RequestId: 'r', IsTruncated: false }],
    ['a list of something else', { RequestId: 'r', Policies: { Policy: [{ Name: 'a' }] } }],
  ])('are not taken for none when the reply holds %s', async (_, body) => {
    const { reader, clients } = await policyService();
    const ram = ramClient({ call: async () => ({ requestId: 'r', body }) });
    const reading = await reader({ ram: { ...clients.ram, listPolicies: ram.listPolicies } }).read({
      resources: RESOURCES,
      deadline: soon(),
    });
    expect(missing(reading)).toContainEqual({ why: 'failed', part: 'RAM policies', code: 'unreadable', count: 1 });
  });
});

describe('a permission that is missing', () => {
  const denied =
    (...actions: readonly string[]) =>
    (action: string) =>
      actions.includes(action)
        ? { code: action.includes('Key') ? 'Forbidden.NoPermission' : 'NoPermission', status: 403 }
        : undefined;

  it.each([
    ['ListPolicies', 'RAM policies', 'ram:ListPolicies', 1, 2],
    [
      'ListEntitiesForPolicy',
      'users, groups and roles that RAM policies are attached to',
      'ram:ListEntitiesForPolicy',
      40,
      20,
    ],
    ['ListPolicyAttachments', 'attachments in resource groups', 'ram:ListPolicyAttachments', 40, 20],
    ['GetPolicy', 'RAM policies', 'ram:GetPolicy', 40, 20],
    ['ListKmsInstances', 'KMS instances', 'kms:ListKmsInstances', 1, 2],
    ['ListKeys', 'keys and secrets in KMS instances', 'kms:ListKeys', 1, 2],
    ['GetKeyPolicy', 'key policies', 'kms:GetKeyPolicy', 1, 2],
  ])(
    'for %s is said with the action that would allow it, after a second try and no flood',
    async (action, part, allows, count, most) => {
      const service = await policyService({
        policies: policies(40, MENTIONS),
        instances: ['kst-1'],
        keys: { [KEY_ID]: MENTIONS },
        answer: denied(action),
      });
      const reading = await service.reader().read({ resources: RESOURCES, deadline: soon() });
      expect(missing(reading)).toEqual([{ why: 'no permission', part, action: allows, count }]);
      expect(service.countOf(action)).toBeGreaterThanOrEqual(2);
      expect(service.countOf(action)).toBeLessThanOrEqual(most);
      expect(reading.sources.length).toBe(
        { ListPolicies: 1, GetPolicy: 1, ListEntitiesForPolicy: 41, ListPolicyAttachments: 41 }[action] ?? 40,
      );
    },
  );

  it('for one policy does not keep the others from being read', async () => {
    const service = await policyService({
      policies: policies(40, MENTIONS),
      answer: (action, _, parameters) =>
        action === 'GetPolicy' && parameters.get('PolicyName') === 'policy-30'
          ? { code: 'NoPermission', status: 403 }
          : undefined,
    });
    const reading = await service.reader().read({ resources: RESOURCES, deadline: soon() });
    expect(reading.sources).toHaveLength(39);
    expect(missing(reading)).toContainEqual({
      why: 'no permission',
      part: 'RAM policies',
      action: 'ram:GetPolicy',
      count: 1,
    });
  });

  it('only for a moment, as after a burst of writes, is asked for a second time', async () => {
    const waits: number[] = [];
    const service = await policyService({
      policies: policies(8, MENTIONS),
      answer: (action, nth) => (action === 'GetPolicy' && nth <= 8 ? { code: 'NoPermission', status: 403 } : undefined),
    });
    const reading = await service
      .reader({
        sleep: (ms, signal) => {
          waits.push(ms);
          return sleep(300, signal);
        },
      })
      .read({ resources: RESOURCES, deadline: soon() });
    expect(reading.sources).toHaveLength(8);
    expect(missing(reading)).toEqual([NO_INSTANCE]);
    expect(waits).toEqual([1_000]);
  });
});

describe('policies of keys and secrets', () => {
  const secret = { type: 'secret', id: 'db', regionId: 'cn-hangzhou', aliases: [], changes: env('prod') } as const;

  it('are read where they are in a KMS instance; the others are counted', async () => {
    const keys = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`key-${index}`, PLAIN]));
    const service = await policyService({
      instances: Array.from({ length: 12 }, (_, index) => `kst-${index}`),
      keys: { ...keys, [KEY_ID]: MENTIONS },
      secrets: { db: MENTIONS },
    });
    const resources = [
      ...RESOURCES,
      key(env('prod'), { id: 'default-key' }),
      secret,
      { ...secret, id: 'default-secret' },
    ];
    const reading = await service.reader().read({ resources, deadline: soon() });
    expect(reading.sources.map(({ kind, name }) => `${kind} ${name}`)).toEqual([`key ${KEY_ID}`, 'secret db']);
    expect(missing(reading)).toEqual([
      { why: 'not in a KMS instance', count: 2 },
      { why: 'not documented', type: 'secret', count: 2 },
    ]);
    // Twelve instances are two filters; 151 keys are two pages of each.
    expect([service.countOf('ListKeys'), service.countOf('ListSecrets')]).toEqual([4, 2]);
    expect([service.countOf('GetKeyPolicy'), service.countOf('GetSecretPolicy')]).toEqual([1, 1]);
  });

  it('are not looked for without an instance, nor for certificates', async () => {
    const service = await policyService();
    const certificate = { ...secret, type: 'certificate', id: 'c' } as const;
    const reading = await service.reader().read({ resources: [certificate], deadline: soon() });
    expect(service.requests).toEqual(['ListPolicies']);
    expect(missing(reading)).toEqual([{ why: 'not documented', type: 'certificate', count: 1 }]);
    await service.reader().read({ resources: RESOURCES, deadline: soon() });
    expect(service.countOf('ListKeys')).toBe(0);
  });

  it('are read for each region by itself', async () => {
    const { clients, reader } = await policyService({
      instances: ['kst-1'],
      keys: { [KEY_ID]: MENTIONS, other: MENTIONS },
    });
    const regions: string[] = [];
    const resources = [...RESOURCES, key(env('prod'), { id: 'other', regionId: 'cn-shanghai' })];
    const kms = (regionId: string) => {
      regions.push(regionId);
      return clients.kms();
    };
    const { sources } = await reader({ kms }).read({ resources, deadline: soon() });
    expect(new Set(regions)).toEqual(new Set(['cn-hangzhou', 'cn-shanghai']));
    expect(sources).toMatchObject([{ regionId: 'cn-hangzhou' }, { regionId: 'cn-shanghai' }]);
  });

  it('are asked for by the id of an ARN, and not for a key known by its alias alone', async () => {
    const { reader } = await policyService({ instances: ['kst-1'], keys: { [KEY_ID]: MENTIONS } });
    const resources = [
      key(env('prod'), { id: `acs:kms:cn-hangzhou:${ACCOUNT}:key/${KEY_ID}` }),
      key(env('prod'), { id: 'alias/a' }),
      key(env('prod'), { id: `acs:kms:cn-hangzhou:${ACCOUNT}:alias/b` }),
    ];
    const reading = await reader().read({ resources, deadline: soon() });
    expect(missing(reading)).toEqual([{ why: 'alias only', count: 2 }]);
    const { findings } = findPolicyEffects({ ...reading, resources, accountId: ACCOUNT });
    expect(findings).toMatchObject([{ policy: { kind: 'key', name: KEY_ID }, resources: { count: 1 } }]);
  });
});

describe('a check that cannot be made', () => {
  it('for want of time ends at its deadline, with what was read and what was not', async () => {
    const { reader } = await policyService({
      policies: policies(60, MENTIONS),
      answer: (action, nth) => (action === 'GetPolicy' && nth > 5 ? { delayMs: 60_000 } : undefined),
    });
    const start = performance.now();
    const reading = await reader().read({ resources: RESOURCES, deadline: soon(500) });
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(reading.sources).toHaveLength(5);
    expect(missing(reading)).toContainEqual({ why: 'time ran out', part: 'RAM policies', count: 55 });
  });

  it('with no time at all sends nothing', async () => {
    const { reader, requests } = await policyService({ policies: policies(3, MENTIONS) });
    const reading = await reader().read({ resources: RESOURCES, deadline: performance.now() - 1 });
    expect(requests).toEqual([]);
    expect(missing(reading)).toEqual([
      { why: 'time ran out', part: 'RAM policies', count: 1 },
      { why: 'time ran out', part: 'KMS instances', count: 1 },
    ]);
  });

  it('that is cancelled ends at once', async () => {
    const { reader } = await policyService({ policies: policies(3), answer: () => ({ delayMs: 60_000 }) });
    const start = performance.now();
    await reader().read({ resources: RESOURCES, deadline: soon(30_000), signal: AbortSignal.timeout(50) });
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it.each([
    ['an error of the service', 'InvalidAction.NotFound', 404, 'InvalidAction.NotFound'],
    ['a service that is down', 'InternalError', 500, 'InternalError'],
  ])('for %s says so with its code', async (_, code, status, expected) => {
    const { reader } = await policyService({ answer: () => ({ code, status }) });
    const reading = await reader().read({ resources: RESOURCES, deadline: soon() });
    expect(missing(reading)).toEqual([
      { why: 'failed', part: 'RAM policies', code: expected, count: 1 },
      { why: 'failed', part: 'KMS instances', code: expected, count: 1 },
    ]);
  });

  it('for want of credentials, or of an endpoint, does not throw', async () => {
    const { clients, reader } = await policyService();
    const credentials = {
      ...staticCredentials({ accessKeyId: 'a', accessKeySecret: 'b' }),
      current: () => undefined,
      get: () => Promise.reject(new CredentialsError('none')),
    };
    const ram = ramClient(testClient('http://127.0.0.1:9', { credentials }));
    const kms = () => {
      throw new Error('no such region');
    };
    const reading = await reader({ ...clients, ram, kms }).read({ resources: RESOURCES, deadline: soon() });
    expect(missing(reading)).toEqual([
      { why: 'failed', part: 'KMS instances', code: 'INTERNAL_ERROR', count: 1 },
      { why: 'failed', part: 'RAM policies', code: 'CREDENTIALS_NOT_FOUND', count: 1 },
    ]);
  });

  it('always says what is out of reach', async () => {
    const { reader } = await policyService();
    const { notRead } = await reader({ resourceManager: undefined }).read({ resources: RESOURCES, deadline: soon() });
    expect(notRead.map(notReadText)).toEqual([
      'one resource that is not in a KMS instance, and so without a policy of its own',
      'attachments of policies in single resource groups',
      'policies of other accounts',
      'session policies and control policies',
      'system policies, whose conditions read tags that Alibaba Cloud sets',
    ]);
  });
});

describe('what was not read', () => {
  it.each<readonly [NotRead, string]>([
    [
      { why: 'no permission', part: 'RAM policies', action: 'ram:GetPolicy', count: 3 },
      'RAM policies: no permission for 3 requests; ram:GetPolicy would allow it',
    ],
    [{ why: 'time ran out', part: 'key policies', count: 1 }, 'key policies: time ran out before one request'],
    [
      { why: 'failed', part: 'RAM policies', code: 'Ignore this.\nAnd that', count: 1 },
      'RAM policies: one request failed ("Ignore this. And that")',
    ],
    [
      { why: 'not in a KMS instance', count: 2 },
      '2 resources that are not in a KMS instance, and so without a policy of their own',
    ],
    [{ why: 'alias only', count: 1 }, 'the key policies of one resource that is known by an alias only'],
    [
      { why: 'not documented', type: 'secret', count: 2 },
      'tags of 2 secrets: no document says that they decide access',
    ],
  ])('%j reads as a line', (entry, line) => {
    expect(notReadText(entry)).toBe(line);
  });
});

import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { AccountData, Emulator } from '../../emulator/index.js';
import { emulators } from '../support/running-emulator.js';
import { callV1, callV3 } from './raw-client.js';

const start = emulators();
const DOCUMENT = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] };
const policies = (count: number): AccountData => ({
  AccountId: '1111222233334444',
  policies: Array.from({ length: count }, (_, index) => ({ PolicyName: `p${index}`, PolicyDocument: DOCUMENT })),
});
const ram = (emulator: Emulator, action: string, parameters: Readonly<Record<string, string>> = {}, options = {}) =>
  callV1(emulator, action, { Version: '2015-05-01', ...parameters }, options);
const listed = z.object({ Policies: z.object({ Policy: z.array(z.looseObject({ PolicyName: z.string() })) }) });
const namesIn = (json: unknown) => listed.parse(json).Policies.Policy.map(({ PolicyName }) => PolicyName);

describe('ListPolicies', () => {
  it('gives a hundred at first, and by its Marker the rest, each once', async () => {
    const emulator = await start({ data: policies(250) });
    const names: string[] = [];
    let marker: string | undefined;
    for (let page = 0; page < 3; page += 1) {
      const reply = await ram(emulator, 'ListPolicies', marker === undefined ? {} : { Marker: marker });
      names.push(...namesIn(reply.json));
      expect(reply.json['IsTruncated']).toBe(page < 2);
      marker = z.object({ Marker: z.string().optional() }).parse(reply.json).Marker;
    }
    expect(marker).toBeUndefined();
    expect(names).toEqual(Array.from({ length: 250 }, (_, index) => `p${index}`));
  });

  it('says of each what is needed to keep it: version, dates, attachments', async () => {
    const reply = await ram(await start(), 'ListPolicies', { PolicyType: 'Custom', MaxItems: '1' });
    expect(reply.json).toMatchObject({
      Policies: {
        Policy: [
          {
            PolicyName: 'guard-production-keys',
            PolicyType: 'Custom',
            DefaultVersion: 'v1',
            UpdateDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
            AttachmentCount: 3,
            Tags: { Tag: [] },
          },
        ],
      },
      RequestId: expect.stringMatching(/^[0-9A-F-]{36}$/),
    });
  });

  it('keeps the policies of the system apart', async () => {
    const emulator = await start({
      data: {
        policies: [
          { PolicyName: 'mine', PolicyDocument: DOCUMENT },
          { PolicyName: 'AliyunKMSFullAccess', PolicyType: 'System', PolicyDocument: DOCUMENT },
        ],
      },
    });
    expect(namesIn((await ram(emulator, 'ListPolicies', { PolicyType: 'System' })).json)).toEqual([
      'AliyunKMSFullAccess',
    ]);
    expect(namesIn((await ram(emulator, 'ListPolicies')).json)).toHaveLength(2);
    const wrongType = { PolicyName: 'mine', PolicyType: 'System' };
    expect((await ram(emulator, 'GetPolicy', wrongType)).json['Code']).toBe('EntityNotExist.Policy');
  });

  it.each([
    [{ MaxItems: '0' }, 'InvalidParameter.MaxItems'],
    [{ MaxItems: '1001' }, 'InvalidParameter.MaxItems'],
    [{ MaxItems: 'all' }, 'InvalidParameter.MaxItems'],
    [{ Marker: 'made-up' }, 'InvalidParameter.Marker'],
    [{ PolicyType: 'Mine' }, 'InvalidParameter.PolicyType'],
  ])('answers %j with %s', async (parameters, code) => {
    const reply = await ram(await start(), 'ListPolicies', parameters);
    expect(reply.json).toMatchObject({ Code: code, HostId: 'ram.aliyuncs.com' });
    expect(reply.status).toBe(400);
  });
});

describe('GetPolicy', () => {
  const CUSTOM = { PolicyType: 'Custom' };

  it('gives the document as a string, even one that is no JSON', async () => {
    const data = {
      policies: [
        { PolicyName: 'p', PolicyDocument: DOCUMENT },
        { PolicyName: 'q', PolicyDocument: '{' },
      ],
    };
    const emulator = await start({ data });
    const read = async (PolicyName: string) => (await ram(emulator, 'GetPolicy', { ...CUSTOM, PolicyName })).json;
    expect(await read('p')).toMatchObject({
      Policy: { PolicyName: 'p', DefaultVersion: 'v1' },
      DefaultPolicyVersion: { VersionId: 'v1', IsDefaultVersion: true, PolicyDocument: JSON.stringify(DOCUMENT) },
    });
    expect(await read('q')).toMatchObject({ DefaultPolicyVersion: { PolicyDocument: '{' } });
  });

  it('gives a policy that was changed under its next version, with a later date', async () => {
    const emulator = await start();
    const read = async () =>
      (await ram(emulator, 'GetPolicy', { ...CUSTOM, PolicyName: 'orders-decrypt' })).json['Policy'];
    const updated = z.object({ UpdateDate: z.string() });
    const before = updated.parse(await read()).UpdateDate;
    emulator.setPolicy({ PolicyName: 'orders-decrypt', PolicyDocument: DOCUMENT });
    expect(await read()).toMatchObject({ DefaultVersion: 'v2', AttachmentCount: 0 });
    expect(updated.parse(await read()).UpdateDate > before).toBe(true);
    emulator.setPolicy({ PolicyName: 'added', PolicyDocument: DOCUMENT });
    expect(namesIn((await ram(emulator, 'ListPolicies')).json)).toContain('added');
  });

  it.each([
    [{ PolicyName: 'none', PolicyType: 'Custom' }, 404, 'EntityNotExist.Policy'],
    [{ PolicyType: 'Custom' }, 400, 'MissingPolicyName'],
    [{ PolicyName: 'orders-decrypt' }, 400, 'MissingPolicyType'],
  ])('answers %j with %i %s', async (parameters: Readonly<Record<string, string>>, status, code) => {
    const reply = await ram(await start(), 'GetPolicy', parameters);
    expect([reply.status, reply.json['Code']]).toEqual([status, code]);
  });
});

describe('to whom a policy is attached', () => {
  it('is told by ListEntitiesForPolicy for the whole account', async () => {
    const emulator = await start();
    const ask = (PolicyName: string) => ram(emulator, 'ListEntitiesForPolicy', { PolicyName, PolicyType: 'Custom' });
    expect((await ask('guard-production-keys')).json).toMatchObject({
      Users: { User: [{ UserName: 'alice', UserId: expect.stringMatching(/^\d+$/) }, { UserName: 'bob' }] },
      Groups: { Group: [{ GroupName: 'operators' }] },
      Roles: { Role: [] },
    });
    expect((await ask('orders-decrypt')).json).toMatchObject({
      Roles: { Role: [{ RoleName: 'orders-service', Arn: 'acs:ram::1234567890123456:role/orders-service' }] },
    });
    expect((await ask('no-export-outside-test')).json).toMatchObject({ Users: { User: [] } });
  });

  it('is told by ListPolicyAttachments for resource groups too', async () => {
    const emulator = await start();
    const ask = (parameters: Readonly<Record<string, string>>) =>
      callV3(emulator, 'ListPolicyAttachments', parameters, { headers: { 'x-acs-version': '2020-03-31' } });
    expect((await ask({ PolicyName: 'no-export-outside-test' })).json).toMatchObject({
      TotalCount: 2,
      PageSize: 10,
      PolicyAttachments: {
        PolicyAttachment: [
          { PrincipalType: 'IMSGroup', ResourceGroupId: '1234567890123456' },
          {
            PrincipalType: 'IMSUser',
            PrincipalName: 'dave@1234567890123456.onaliyun.com',
            ResourceGroupId: 'rg-acfm2example',
          },
        ],
      },
    });
    const service = await ask({ PrincipalType: 'ServiceRole', PageSize: '1', PageNumber: '2' });
    expect(service.json).toMatchObject({
      TotalCount: 2,
      PolicyAttachments: { PolicyAttachment: [{ PolicyName: 'tag-cleaners' }] },
    });
    const wrong = await ask({ PrincipalType: 'Anybody' });
    expect(wrong.json).toMatchObject({
      Code: 'InvalidParameter.PrincipalType',
      HostId: 'resourcemanager.aliyuncs.com',
    });
  });
});

describe('RAM and ResourceManager', () => {
  it('refuse with NoPermission what is denied', async () => {
    const emulator = await start({ deny: ['ListPolicies', 'ListPolicyAttachments'] });
    const reply = await ram(emulator, 'ListPolicies');
    expect(reply.status).toBe(403);
    expect(reply.json).toMatchObject({ Code: 'NoPermission', HostId: 'ram.aliyuncs.com' });
    const attachments = await callV1(emulator, 'ListPolicyAttachments', { Version: '2020-03-31' });
    expect(attachments.json['Code']).toBe('NoPermission');
  });

  it('let a hundred requests a second through for each operation, in all regions together', async () => {
    const now = Date.now();
    const regions = ['cn-hangzhou', 'cn-shanghai'];
    const emulator = await start({ regions, quota: true, clock: () => now });
    const statuses: number[] = [];
    for (let round = 0; round < 101; round += 1) {
      const regionId = regions[round % 2] ?? '';
      statuses.push((await ram(emulator, 'ListPolicies', {}, { now, regionId })).status);
    }
    expect(statuses).toEqual([...Array(100).fill(200), 400]);
    const throttled = await ram(emulator, 'ListPolicies', {}, { now });
    expect(throttled.json).toMatchObject({ Code: 'Throttling.User', HostId: 'ram.aliyuncs.com' });
    const other = { PolicyName: 'orders-decrypt', PolicyType: 'Custom' };
    expect((await ram(emulator, 'GetPolicy', other, { now })).status).toBe(200);
  });
});

import { describe, expect, it } from 'vitest';
import { ERAS, expectRefusal, KEY, SAMPLE_TAGS } from '../support/reply.js';
import { openSession } from '../support/session.js';

/** What workflow hosts (n8n and its kin) add to the arguments of every call. */
const FROM_HOSTS = { sessionId: 's-1', action: 'sendMessage', toolCallId: 'call_1', chatInput: 'remove temp' };

/** A right call of each tool, but for those that need a plan or a change. */
const CALLS = [
  ['untag_resource', { ...KEY, TagKeys: ['tagkey1'] }],
  ['tag_resource', { ...KEY, Tags: [{ TagKey: 'env', TagValue: 'dev' }] }],
  ['list_resource_tags', KEY],
  ['find_resources', { Where: [{ TagKey: 'temp' }] }],
  ['summarize_tags', { TagKey: 'temp' }],
  ['plan_change', { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] }],
  ['list_changes', { Limit: 5 }],
] as const;

describe('arguments', () => {
  it.each(ERAS)('may hold what workflow hosts add, on the %s era', async (era) => {
    const { call } = await openSession({ era });
    for (const [tool, args] of CALLS) {
      const reply = await call(tool, { ...args, ...FROM_HOSTS });
      expect(reply.isError, `${tool}: ${reply.text}`).toBe(false);
    }
  });

  it('may hold nothing else that the tool does not know, whatever it is called', async () => {
    const { call, emulator } = await openSession();
    for (const [tool, args] of CALLS) {
      for (const other of ['sessionid', 'Action', 'chatinput', 'dryRun', 'Confirm', 'constructor']) {
        const reply = await call(tool, { ...args, [other]: 'x' });
        expectRefusal(reply, 'INVALID_ARGUMENT');
        expect(reply.text).toContain(`No such parameter: "${other}"`);
        expect(reply.text).toContain(`Example for ${tool}: {`);
      }
    }
    expect(emulator.count()).toBe(0);
  });

  it.each([
    ['untag_resource', { KeyId: ` ${KEY.KeyId}\n`, TagKeys: ['owner'] }],
    ['untag_resource', { KeyId: '\talias/payments ', TagKeys: ['owner'], RegionId: ' cn-hangzhou ' }],
    ['plan_change', { ResourceType: 'key', RemoveTagKeys: ['owner'], ResourceIds: [` ${KEY.KeyId} `] }],
    ['find_resources', { Name: ' payments ' }],
    ['list_resource_tags', { SecretName: ' MyDbCredentials ' }],
  ])('of %s may have blanks around ids: %j', async (tool, args) => {
    const { call } = await openSession();
    const reply = await call(tool, args);
    expect(reply.isError, reply.text).toBe(false);
    expect(reply.text).toMatch(/08c33a6f|"MyDbCredentials"/);
  });

  it('keep blanks in tag keys and values, where they are part of the text', async () => {
    const { call, emulator } = await openSession();
    emulator.setTag('key', KEY.KeyId, ' owner ', 'x');
    const removed = await call('untag_resource', { ...KEY, TagKeys: [' owner '] });
    expect(removed.structured['RemovedTags']).toEqual([{ TagKey: ' owner ', TagValue: 'x' }]);
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual(SAMPLE_TAGS);
  });

  it('take TagValue "" for a value, whatever sets or looks for it', async () => {
    const { call, emulator } = await openSession();
    await call('tag_resource', { ...KEY, Tags: [{ TagKey: 'flag', TagValue: '' }] });
    const listed = await call('list_resource_tags', KEY);
    expect(listed.structured['Tags']).toContainEqual({ TagKey: 'flag', TagValue: '' });
    const Where = [{ TagKey: 'flag', TagValue: '' }];
    const plan = await call('plan_change', { ResourceType: 'key', RemoveTagKeys: ['flag'], Where });
    expect(plan.structured).toMatchObject({ Concerned: 1, Values: [{ TagKey: 'flag', Before: '', Resources: 1 }] });
    const { PlanId, Change } = plan.structured;
    const applied = await call('apply_plan', { PlanId, Change });
    await call('undo_change', { ChangeId: applied.structured['ChangeId'] });
    expect(emulator.tagsOf('key', KEY.KeyId)).toHaveProperty('flag', '');
  });
});

describe('without a region', () => {
  const NOWHERE = { where: ['--endpoint', 'http://127.0.0.1:9'] };

  it.each(CALLS.filter(([tool]) => tool !== 'list_changes'))(
    '%s suggests none, tells to ask the person, and how to look for a name',
    async (tool, args) => {
      const { call } = await openSession(NOWHERE);
      const reply = await call(tool, args);
      expectRefusal(reply, 'REGION_REQUIRED');
      expect(reply.text).toContain('Ask the person which region is meant');
      expect(reply.text).toContain('find_resources with Name and RegionId "*"');
      expect(reply.text).not.toMatch(/\b(cn|ap|eu|us|me|na)-[a-z]+/);
    },
  );
});

describe('a refusal for lack of permission', () => {
  const ID = KEY.KeyId;
  const PLAN = { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] };

  it.each([
    { action: 'UntagResource', tool: 'untag_resource', args: { ...KEY, TagKeys: ['a'] }, resource: `key/${ID}` },
    {
      action: 'UntagResource',
      tool: 'untag_resource',
      args: { SecretName: 'smtp-relay', TagKeys: ['a'] },
      resource: 'secret/smtp-relay',
    },
    {
      action: 'TagResource',
      tool: 'tag_resource',
      args: { ...KEY, Tags: [{ TagKey: 'a', TagValue: 'b' }] },
      resource: `key/${ID}`,
    },
    { action: 'ListResourceTags', tool: 'list_resource_tags', args: KEY, resource: `key/${ID}` },
    { action: 'DescribeKey', tool: 'list_resource_tags', args: { KeyId: 'alias/payments' }, resource: 'key/*' },
    { action: 'ListKeys', tool: 'find_resources', args: {}, resource: 'key' },
    { action: 'ListSecrets', tool: 'find_resources', args: { ResourceType: 'secret' }, resource: 'secret' },
    { action: 'ListAliases', tool: 'summarize_tags', args: { ResourceType: 'key' }, resource: 'alias' },
    { action: 'ListTagResources', tool: 'plan_change', args: PLAN, resource: 'key/*' },
  ])('names kms:$action on $resource, for $tool', async ({ action, tool, args, resource }) => {
    const { call, emulator } = await openSession({ emulator: { deny: [action] } });
    const reply = await call(tool, args);
    expectRefusal(reply, 'Forbidden.NoPermission');
    expect(reply.text).toContain(`allows kms:${action} on "acs:kms:cn-hangzhou:*:${resource}"`);
    expect(reply.text).toMatch(/RequestId [\w-]{20,}/);
    expect(emulator.tagsOf('key', ID)).toEqual(SAMPLE_TAGS);
  });
});

import { Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator } from '../../emulator/index.js';
import type { ServerDeps } from '../../src/mcp/call.js';
import { ADMIN_SCOPE, READ_SCOPE, WRITE_SCOPE } from '../../src/mcp/scopes.js';
import { buildServer } from '../../src/mcp/server.js';
import { codeOf, ERAS, expectRefusal, type Reply, replyOf, type Session } from '../support/reply.js';
import { openSession, type SessionOptions, type ToolSession } from '../support/session.js';

const REMOVAL = { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] } as const;
const DATA = {
  AccountId: '1234567890123456',
  keys: [
    { KeyId: 'key-1', Tags: { env: 'prod', Owner: 'bob', temp: 'x' } },
    { KeyId: 'key-2', Tags: { env: 'dev', temp: 'y' } },
    { KeyId: 'key-3', Tags: { env: 'test', temp: 'x' } },
    { KeyId: 'key-4', Tags: { env: 'test' } },
  ],
};
const open = (options: SessionOptions = {}): Promise<ToolSession> =>
  openSession({ emulator: { data: DATA }, ...options });

/** What applies a plan: its id and its sentence. */
const orderOf = ({ structured }: Reply) => ({ PlanId: structured['PlanId'], Change: structured['Change'] });

describe('apply_plan', () => {
  it.each(ERAS)('makes the change of the plan, reads it back, and can be undone whole, on the %s era', async (era) => {
    const { call, emulator, bugs } = await open({ era });
    const plan = await call('plan_change', {
      ...REMOVAL,
      SetTags: [{ TagKey: 'env', TagValue: 'prod' }],
      RenameTagKeys: [{ From: 'Owner', To: 'owner' }],
    });
    const applied = await call('apply_plan', orderOf(plan));
    const { ChangeId } = applied.structured;
    expect(applied.structured).toEqual({
      Message: applied.text,
      Status: 'done',
      Changed: 3,
      ChangedSincePlan: 0,
      Failed: 0,
      Unknown: 0,
      NotAttempted: 0,
      Verified: 3,
      Unverified: 0,
      ChangeId: expect.stringMatching(/^\d{8}T\d{9}Z-[0-9a-f]{8}$/),
      AccountId: DATA.AccountId,
    });
    expect(applied.text).toBe(
      `done: 3 keys changed, all read back. To undo: call undo_change with ChangeId ${ChangeId}.`,
    );
    expect(emulator.tagsOf('key', 'key-1')).toEqual({ env: 'prod', owner: 'bob' });
    expect(emulator.tagsOf('key', 'key-2')).toEqual({ env: 'prod' });
    expect(emulator.tagsOf('key', 'key-4')).toEqual({ env: 'test' });

    const undone = await call('undo_change', { ChangeId });
    expect(undone.structured).toMatchObject({ Status: 'done', Verified: undone.structured['Restored'] });
    for (const { KeyId, Tags } of DATA.keys) expect(emulator.tagsOf('key', KeyId)).toEqual(Tags);
    expect(bugs).toEqual([]);
  });

  it('takes blanks around the id and the sentence for what they are', async () => {
    const { call } = await open();
    const { PlanId, Change } = orderOf(await call('plan_change', REMOVAL));
    const applied = await call('apply_plan', { PlanId: ` ${PlanId}\n`, Change: ` ${Change}\n` });
    expect(applied.structured).toMatchObject({ Status: 'done' });
  });

  it.each([
    ['another count', (change: string) => change.replace('3 keys', '2 keys')],
    ['another key', (change: string) => change.replace('temp', 'env')],
    ['a case of its own', (change: string) => change.toLowerCase()],
    ['something after it', (change: string) => `${change}.`],
    ['words of the model', () => 'Clean up temporary tags'],
  ])('refuses a sentence with %s, says the right one, and keeps the plan', async (_, change) => {
    const { call, writes } = await open();
    const { PlanId, Change } = orderOf(await call('plan_change', REMOVAL));
    const refused = await call('apply_plan', { PlanId, Change: change(String(Change)) });
    expect(codeOf(refused)).toBe('PLAN_MISMATCH');
    expect(refused.text).toContain(`Nothing was changed. Call apply_plan with PlanId ${PlanId} and Change: ${Change}`);
    expect(writes()).toBe(0);
    expect((await call('apply_plan', { PlanId, Change })).structured).toMatchObject({ Status: 'done' });
  });

  it('serves once', async () => {
    const { call, writes } = await open();
    const order = orderOf(await call('plan_change', REMOVAL));
    await call('apply_plan', order);
    const before = writes();
    expectRefusal(await call('apply_plan', order), 'PLAN_EXPIRED');
    expect(writes()).toBe(before);
  });

  it('serves once, even when it is applied twice at the same time', async () => {
    const { call, emulator } = await open();
    const order = orderOf(await call('plan_change', REMOVAL));
    const both = await Promise.all([call('apply_plan', order), call('apply_plan', order)]);
    expect(both.map(codeOf).sort()).toEqual(['PLAN_EXPIRED', expect.stringMatching(/^no error/)]);
    expect(emulator.count('UntagResources')).toBe(1);
  });

  it.each([
    ['ten minutes old', 10 * 60_000, true],
    ['nearly ten minutes old', 10 * 60_000 - 10_000, false],
  ])('is refused: %s', async (_, age, isRefused) => {
    const { call, writes } = await open({
      tune: (deps) => ({ ...deps, clock: { ...deps.clock, now: () => Date.now() - age } }),
    });
    const applied = await call('apply_plan', orderOf(await call('plan_change', REMOVAL)));
    if (isRefused) expectRefusal(applied, 'PLAN_EXPIRED');
    else expect(applied.structured).toMatchObject({ Status: 'done' });
    expect(writes()).toBe(isRefused ? 0 : 1);
  });

  it.each(['p-0123456789abcdef', '../plan', 'p-', '20261124T121901123Z-5f3a9c01', 'null'])(
    'refuses the id %j of no plan, and sends KMS nothing',
    async (PlanId) => {
      const { call, emulator } = await open();
      const reply = await call('apply_plan', { PlanId, Change: 'Remove "temp" from 3 keys' });
      expectRefusal(reply, 'PLAN_EXPIRED');
      expect(reply.text).toContain('plan_change');
      expect(emulator.requests.map(({ action }) => action)).toEqual(['GetCallerIdentity']);
    },
  );

  it('refuses a plan that was made for another account, and says so', async () => {
    const first = await open();
    const order = orderOf(await first.call('plan_change', REMOVAL));
    const { stateDirectory } = first;
    const second = await open({ stateDirectory, emulator: { data: { ...DATA, AccountId: '9999999999999999' } } });
    const refused = await second.call('apply_plan', order);
    expectRefusal(refused, 'PLAN_EXPIRED');
    expect(refused.text).toContain('under other credentials');
    expect(second.writes()).toBe(0);
    expect((await first.call('apply_plan', order)).structured).toMatchObject({ Status: 'done' });
  });

  it('refuses a plan of another caller, even to one who sees everybody’s changes', async () => {
    const { deps, writes } = await open();
    const alice = await asCaller(deps, 'alice');
    const order = orderOf(await alice.call('plan_change', REMOVAL));
    for (const other of [await asCaller(deps, 'bob'), await asCaller(deps, 'root', ADMIN_SCOPE)]) {
      const refused = await other.call('apply_plan', order);
      expectRefusal(refused, 'PLAN_EXPIRED');
      expect(refused.text).not.toContain('Remove');
    }
    expect(writes()).toBe(0);
    expect((await alice.call('apply_plan', order)).structured).toMatchObject({ Status: 'done' });
    const { structured } = await alice.call('list_changes');
    expect(structured['Changes']).toMatchObject([{ Subject: 'alice', Tool: 'apply_plan' }]);
  });

  it('leaves alone and counts what changed since the plan, and does not touch what appeared', async () => {
    const { call, emulator } = await open();
    const plan = await call('plan_change', { ...REMOVAL, Where: [{ TagKey: 'temp' }, { TagKey: 'keep', Not: true }] });
    emulator.setTag('key', 'key-1', 'temp', 'valuable');
    // Not a tag that goes, and one that the conditions are about.
    emulator.setTag('key', 'key-2', 'keep', 'yes');
    // Not one that the plan is about.
    emulator.setTag('key', 'key-3', 'env', 'other');
    emulator.setTag('key', 'key-4', 'temp', 'x');
    const applied = await call('apply_plan', orderOf(plan));
    expect(applied.structured).toMatchObject({ Status: 'partial', Changed: 1, ChangedSincePlan: 2, Verified: 1 });
    expect(applied.text).toMatch(
      /^partial: 1 key changed, all read back; 2 left alone, because their tags changed since the plan\. To undo: /,
    );
    expect(emulator.tagsOf('key', 'key-1')?.['temp']).toBe('valuable');
    expect(emulator.tagsOf('key', 'key-2')?.['temp']).toBe('y');
    expect(emulator.tagsOf('key', 'key-3')).toEqual({ env: 'other' });
    expect(emulator.tagsOf('key', 'key-4')?.['temp']).toBe('x');
  });

  it('says that nothing was changed when all of it changed since the plan', async () => {
    const { call, emulator, writes } = await open();
    const plan = await call('plan_change', REMOVAL);
    for (const id of ['key-1', 'key-2', 'key-3']) emulator.removeTag('key', id, 'temp');
    const applied = await call('apply_plan', orderOf(plan));
    expect(applied.structured).toMatchObject({ Status: 'nothing_done', Changed: 0, ChangedSincePlan: 3 });
    expect(applied.structured).not.toHaveProperty('ChangeId');
    expect(applied.text).toContain('Nothing was changed.');
    expect(writes()).toBe(0);
  });

  it('counts failures with their codes, and says that what was written was', async () => {
    const { call, emulator } = await open();
    const SetTags = [{ TagKey: 'team', TagValue: 'core' }];
    const order = orderOf(await call('plan_change', { ResourceType: 'key', SetTags, Where: [{ TagKey: 'env' }] }));
    // With these, key-4 has ten tags.
    for (let n = 0; n < 9; n += 1) emulator.setTag('key', 'key-4', `k${n}`, 'v');
    const applied = await call('apply_plan', order);
    expect(applied.isError).toBe(false);
    expect(applied.structured).toMatchObject({ Status: 'partial', Changed: 3, Failed: 1, Verified: 3 });
    expect(applied.structured['Failures']).toEqual([{ ResourceId: 'key-4', Code: 'Rejected.LimitExceeded' }]);
    expect(applied.text).toMatch(
      /1 failed\. To undo: .* A resource carries at most 10 tags.*\n"key-4" in cn-hangzhou: Rejected\.LimitExceeded$/,
    );
  });

  it('fails with the service’s code when all of it is refused, and then nothing was changed', async () => {
    const { call, emulator } = await open();
    const order = orderOf(await call('plan_change', REMOVAL));
    const denied = await startEmulator({ data: DATA, deny: ['UntagResources'] });
    onTestFinished(() => denied.close());
    const second = await open({ emulator: denied, stateDirectory: (await open()).stateDirectory });
    const again = await second.call('apply_plan', orderOf(await second.call('plan_change', REMOVAL)));
    expect(codeOf(again)).toBe('Forbidden.NoPermission');
    expect(again.structured).toMatchObject({ Status: 'nothing_done', Changed: 0, Failed: 3 });
    expect(again.text).toContain('Nothing was changed.');
    expect(again.text).toContain('kms:UntagResources on "acs:kms:cn-hangzhou:*:key/');
    // The plan of the first server is as good as ever.
    expect((await call('apply_plan', order)).structured).toMatchObject({ Status: 'done' });
    expect(emulator.tagsOf('key', 'key-1')).not.toHaveProperty('temp');
  });

  it('keeps a plan whose first resources cannot be read', async () => {
    const { call, emulator, writes } = await open();
    const order = orderOf(await call('plan_change', REMOVAL));
    emulator.setFaults({ actions: ['ListTagResources'], probabilities: { 'drop-before': 1 } });
    expectRefusal(await call('apply_plan', order), 'ENDPOINT_UNREACHABLE');
    expect(writes()).toBe(0);
    emulator.setFaults(undefined);
    expect((await call('apply_plan', order)).structured).toMatchObject({ Status: 'done', Changed: 3 });
  });

  it('gives what time was too short for a plan of its own, until all is done', async () => {
    let late = 0;
    const emulator = await startEmulator({ keys: 1_000 });
    onTestFinished(() => emulator.close());
    const elapsed = (): number => performance.now() + (emulator.count('UntagResources') > 0 ? late : 0);
    const { call } = await open({ emulator, tune: (deps) => ({ ...deps, clock: { ...deps.clock, elapsed } }) });
    const plan = await call('plan_change', REMOVAL);
    late = 43_000;
    const first = await call('apply_plan', orderOf(plan));
    const { Changed, NotAttempted } = first.structured;
    expect(first.structured).toMatchObject({ Status: 'partial', Failed: 0, Verified: Changed });
    expect(Number(Changed) + Number(NotAttempted)).toBe(1_000);
    const rest = orderOf(first);
    expect(rest.PlanId).not.toBe(orderOf(plan).PlanId);
    expect(rest.Change).toMatch(new RegExp(`^Remove "temp" from ${NotAttempted} keys in cn-hangzhou `));
    expect(first.text).toContain(`For the rest call apply_plan with PlanId ${rest.PlanId} and Change: ${rest.Change}`);
    expectRefusal(await call('apply_plan', orderOf(plan)), 'PLAN_EXPIRED');
    late = 0;
    const second = await call('apply_plan', rest);
    expect(second.structured).toMatchObject({ Status: 'done', Changed: NotAttempted, Verified: NotAttempted });
    expect(second.structured).not.toHaveProperty('PlanId');
  });
});

/** A client whose calls come as those of one caller over HTTP do. */
async function asCaller(
  deps: ServerDeps,
  subject: string,
  ...scopes: readonly string[]
): Promise<Pick<Session, 'call'>> {
  const { readOnly, defaultRegion } = deps;
  const source = { readOnly, defaultRegion, profile: undefined, open: async () => deps };
  const authInfo = { token: 'x', clientId: subject, scopes: [READ_SCOPE, WRITE_SCOPE, ...scopes] };
  const server = buildServer(source, { era: 'legacy', authInfo });
  const client = new Client({ name: 'test', version: '1' });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  await client.connect(near);
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  return { call: async (name, args) => replyOf(await client.callTool({ name, arguments: { ...args } })) };
}

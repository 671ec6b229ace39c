import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/index.js';
import { inAllRegionsOf } from '../support/regions.js';
import { type Answer, openWorkbench, type Workbench } from '../support/workbench.js';
import { accountOf, keyId } from './large-account.js';

/** All chores together: what models that saw only the tools of the first edition needed 136 calls for. */
const MOST_CALLS = 22;
/** Of the text and of the structured result, each. */
const MOST_TOKENS = 1_500;

const ORPHANS = Array.from({ length: 8 }, (_, n) => keyId(16 * n + 1));
const [ONE_ORPHAN = ''] = ORPHANS;

describe.each([
  { keys: 130, secrets: 40 },
  { keys: 10_000, secrets: 3_000 },
])('the chores of an account of $keys keys', ({ keys, secrets }) => {
  const data = accountOf(keys, secrets);
  const ids = data.keys?.map(({ KeyId }) => KeyId) ?? [];
  let emulator: Emulator;
  let bench: Workbench;
  /** The same server without a default region. */
  let anywhere: Workbench;
  let calls = 0;
  let mostTokens = 0;

  beforeAll(async () => {
    emulator = await startEmulator({ data });
    bench = await openWorkbench({ emulator, protect: ['cost-center'] });
    const { kms, servedRegions } = inAllRegionsOf(emulator)(bench.deps);
    anywhere = await openWorkbench({ emulator, deps: { ...bench.deps, kms, servedRegions, defaultRegion: undefined } });
  });
  afterAll(async () => {
    await anywhere.close();
    await bench.close();
    await emulator.close();
  });

  async function call(tool: string, args: Readonly<Record<string, unknown>>, server = bench): Promise<Answer> {
    calls += 1;
    const answer = await server.call(tool, args);
    for (const said of [answer.text, JSON.stringify(answer.structured)]) {
      const tokens = encode(said).length;
      mostTokens = Math.max(mostTokens, tokens);
      expect(tokens, `${tool}: ${said.slice(0, 200)}`).toBeLessThan(MOST_TOKENS);
    }
    return answer;
  }
  const apply = ({ structured }: Answer): Promise<Answer> =>
    call('apply_plan', { PlanId: structured['PlanId'], Change: structured['Change'] });
  const tagsOf = (id: string): Readonly<Record<string, string>> => emulator.tagsOf('key', id) ?? {};

  let renamed: unknown;
  it('a misspelt tag key on eight keys: two calls', async () => {
    const RenameTagKeys = [{ From: 'Onwer', To: 'owner' }];
    const plan = await call('plan_change', { ResourceType: 'key', RenameTagKeys, Where: [{ TagKey: 'Onwer' }] });
    expect(plan.structured).toMatchObject({ Concerned: 8 });
    const applied = await apply(plan);
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 8, Verified: 8 });
    for (const id of ORPHANS) expect(tagsOf(id)).toMatchObject({ owner: expect.any(String) });
    renamed = applied.structured['ChangeId'];
  });

  it('the same undone for one of the eight: one call', async () => {
    const undone = await call('undo_change', { ChangeId: renamed, ResourceIds: [ONE_ORPHAN] });
    expect(undone.structured).toMatchObject({ Status: 'done', Restored: 2, Verified: 2 });
    expect(ORPHANS.filter((id) => Object.hasOwn(tagsOf(id), 'Onwer'))).toEqual([ONE_ORPHAN]);
  });

  it('another owner for 21 secrets, and for no others: two calls', async () => {
    const plan = await call('plan_change', {
      ResourceType: 'secret',
      SetTags: [{ TagKey: 'owner', TagValue: 'zoe' }],
      Where: [{ TagKey: 'owner', TagValue: 'bob' }],
    });
    expect(plan.structured).toMatchObject({
      Concerned: 21,
      Values: [{ TagKey: 'owner', Before: 'bob', After: 'zoe', Resources: 21 }],
    });
    expect((await apply(plan)).structured).toMatchObject({ Status: 'done', Changed: 21, Verified: 21 });
    expect(emulator.tagsOf('secret', 'team-3/service-21/password')).not.toHaveProperty('owner');
  });

  let cleaned: unknown;
  let cleanedKeys: readonly string[] = [];
  it('two tags from all but production: two calls', async () => {
    const plan = await call('plan_change', {
      ResourceType: 'key',
      RemoveTagKeys: ['temp', 'project'],
      Where: [{ TagKey: 'temp' }, { TagKey: 'env', TagValue: 'prod', Not: true }],
    });
    const wanted = ids.filter((id) => tagsOf(id)['temp'] !== undefined && tagsOf(id)['env'] !== 'prod');
    const applied = await apply(plan);
    const { Concerned } = plan.structured;
    expect(Concerned).toBe(wanted.length);
    expect(wanted.filter((id) => Object.hasOwn(tagsOf(id), 'temp'))).toEqual([]);
    cleanedKeys = wanted;
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: Concerned, Verified: Concerned });
    cleaned = applied.structured['ChangeId'];
  });

  it('what that change did, tag by tag: one call', async () => {
    const shown = await call('list_changes', { ChangeId: cleaned });
    expect(shown.structured).toMatchObject({ Changes: [{ State: 'done' }], NextToken: '10' });
    expect(shown.structured['Items']).toHaveLength(10);
  });

  it('the same undone but for one tag, with the proof: one call', async () => {
    const undone = await call('undo_change', { ChangeId: cleaned, TagKeys: ['project'] });
    const Restored = cleanedKeys.length;
    expect(undone.structured).toMatchObject({ Status: 'done', Restored, Verified: Restored, Unverified: 0 });
    expect(undone.text).toContain('all read back');
    for (const id of cleanedKeys) expect(Object.keys(tagsOf(id))).toContain('project');
    for (const id of cleanedKeys) expect(Object.keys(tagsOf(id))).not.toContain('temp');
  });

  it('the values of a tag, with counts: one call', async () => {
    const { structured } = await call('summarize_tags', { ResourceType: 'key', TagKey: 'cost-center' });
    expect(structured['ResourceTypes']).toMatchObject([{ TagKeys: [{ Resources: keys, Missing: 0, OtherValues: 0 }] }]);
  });

  it('an overview of all tagging: one call', async () => {
    const { structured } = await call('summarize_tags', {});
    expect(structured['ResourceTypes']).toMatchObject([
      { ResourceType: 'key', Resources: keys, Untagged: 0, TagKeys: expect.any(Array) },
      { ResourceType: 'secret', Resources: secrets },
    ]);
    // Every tag key that is in use is there, with how many carry it.
    const text = JSON.stringify(structured['ResourceTypes']);
    for (const key of ['cost-center', 'env', 'owner', 'Onwer', 'temp', 'project']) {
      const carriers = ids.filter((id) => Object.hasOwn(tagsOf(id), key)).length;
      expect(text).toContain(`{"TagKey":"${key}","Resources":${carriers},"Missing":${keys - carriers},`);
    }
    expect(structured['LooksAlike']).toContainEqual(expect.objectContaining({ A: 'owner', B: 'Onwer', ResourcesB: 1 }));
  });

  it('the payments key, and no other of the many that are called alike: one call', async () => {
    const found = await call('find_resources', { Name: 'payments' });
    expect(found.structured).toMatchObject({
      Matching: 1,
      Resources: [{ ResourceId: keyId(3), Name: 'alias/payments' }],
    });
  });

  it('keys without an owner, counted whole, with the first page of them: one call', async () => {
    const found = await call('find_resources', { Where: [{ TagKey: 'owner', Not: true }] });
    const { FirstRow, LastRow, Matching, Resources } = found.structured;
    expect(Resources).toHaveLength(Number(LastRow));
    expect(FirstRow).toBe(1);
    expect(Matching).toBe(ids.filter((id) => !Object.hasOwn(tagsOf(id), 'owner')).length);
  });

  it('whether a tag may be changed here at all: one call', async () => {
    const { structured } = await call('list_resource_tags', { KeyId: 'alias/payments' });
    expect(structured['Tags']).toContainEqual({ TagKey: 'cost-center', TagValue: 'cc-1003', Protected: true });
  });

  it('a removal where nobody named a region: three calls, and none of them guesses', async () => {
    const args = { KeyId: 'alias/ledger', TagKeys: ['temp'] };
    const refused = await call('untag_resource', args, anywhere);
    expect(refused.text).toMatch(/^REGION_REQUIRED: .*find_resources with Name and RegionId "\*"/);
    const found = await call('find_resources', { Name: 'alias/ledger', RegionId: '*' }, anywhere);
    expect(found.structured).toMatchObject({ Matching: 1, Resources: [{ RegionId: 'cn-shanghai' }] });
    const removed = await call('untag_resource', { ...args, RegionId: 'cn-shanghai' }, anywhere);
    expect(removed.structured).toMatchObject({ RegionId: 'cn-shanghai', RemovedTags: [{ TagKey: 'temp' }] });
  });

  it('what was done, to tell the person: one call', async () => {
    const { structured } = await call('list_changes', {});
    expect(structured['Changes']).toHaveLength(6);
  });

  it(`all of them: at most ${MOST_CALLS} calls`, () => {
    expect(calls).toBe(18);
    expect(calls).toBeLessThanOrEqual(MOST_CALLS);
    expect(mostTokens).toBeLessThan(MOST_TOKENS);
    expect([...bench.bugs, ...anywhere.bugs]).toEqual([]);
  });
});

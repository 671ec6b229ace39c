import { describe, expect, it } from 'vitest';
import { ERAS, expectRefusal, KEY, SAMPLE_TAGS, TARGETS } from '../support/reply.js';
import { openSession } from '../support/session.js';

const REMOVAL = { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] };

describe('--protect', () => {
  it.each(TARGETS)('refuses to remove a protected tag of a $type before anything is sent', async ({ target }) => {
    const { call, emulator } = await openSession({ args: ['--protect', 'owner,tag*'] });
    const reply = await call('untag_resource', { ...target, TagKeys: ['env', 'owner', 'tagkey1'] });
    expectRefusal(reply, 'PROTECTED_TAG');
    expect(reply.text).toContain('"owner", "tagkey1"');
    expect(reply.text).not.toMatch(/--protect|KMS_TAGS_PROTECT/);
    expect(emulator.count()).toBe(0);
  });

  it.each([
    { protect: 'owner', key: 'owner', refused: true },
    { protect: 'owner', key: 'Owner', refused: false },
    { protect: 'owner', key: 'owner2', refused: false },
    { protect: 'own*', key: 'owner', refused: true },
    { protect: 'own*', key: 'own', refused: true },
    { protect: '*', key: 'anything', refused: true },
  ])('$protect refuses $key: $refused', async ({ protect, key, refused }) => {
    const { call } = await openSession({ args: ['--protect', protect] });
    const { isError } = await call('untag_resource', { ...KEY, TagKeys: [key] });
    expect(isError).toBe(refused);
  });

  it('refuses to overwrite a protected tag before anything is sent', async () => {
    const { call, emulator } = await openSession({ args: ['--protect', 'owner'] });
    const Tags = [{ TagKey: 'owner', TagValue: 'mallory' }];
    expectRefusal(await call('tag_resource', { ...KEY, Tags }), 'PROTECTED_TAG');
    expect(emulator.count()).toBe(0);
  });

  it.each([
    { operation: { RemoveTagKeys: ['temp'] } },
    { operation: { SetTags: [{ TagKey: 'temp', TagValue: 'x' }] } },
    { operation: { RenameTagKeys: [{ From: 'temp', To: 'tmp' }] } },
    { operation: { RenameTagKeys: [{ From: 'tmp', To: 'temp' }] } },
  ])('refuses to plan $operation on a protected key before anything is sent', async ({ operation }) => {
    const { call, emulator } = await openSession({ args: ['--protect', 'temp'] });
    const reply = await call('plan_change', { ResourceType: 'key', ...operation, Where: [{ TagKey: 'temp' }] });
    expectRefusal(reply, 'PROTECTED_TAG');
    expect(reply.text).toContain('"temp"');
    expect(emulator.count()).toBe(0);
  });

  it('changes no protected tag by a plan that was made without protection', async () => {
    const open = await openSession();
    const plan = await open.call('plan_change', REMOVAL);
    const { emulator, stateDirectory } = open;
    const closed = await openSession({ emulator, stateDirectory, args: ['--protect', 'temp'] });
    const { PlanId, Change } = plan.structured;
    expectRefusal(await closed.call('apply_plan', { PlanId, Change }), 'PROTECTED_TAG');
    expect(open.writes()).toBe(0);
    // It was not used up by that.
    expect((await open.call('apply_plan', { PlanId, Change })).structured).toMatchObject({ Status: 'done' });
  });
});

describe('--read-only', () => {
  it.each(ERAS)('offers no tool that writes, on the %s era', async (era) => {
    const { call, tools, emulator } = await openSession({ era, args: ['--read-only'] });
    const names = (await tools()).map((tool) => tool.name);
    expect(names).toEqual(['list_resource_tags', 'find_resources', 'summarize_tags', 'plan_change', 'list_changes']);
    for (const name of ['untag_resource', 'tag_resource', 'apply_plan', 'undo_change']) {
      await expect(call(name, { ...KEY, TagKeys: ['owner'] })).rejects.toThrow(/not found/);
    }
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual(SAMPLE_TAGS);
    expect(emulator.count()).toBe(0);
  });

  it('still reads', async () => {
    const { call } = await openSession({ args: ['--read-only'] });
    expect((await call('list_resource_tags', KEY)).isError).toBe(false);
  });
});

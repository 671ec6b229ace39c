import { describe, expect, it } from 'vitest';
import { ERAS, expectRefusal, KEY, SAMPLE_TAGS, TARGETS } from '../support/reply.js';
import { openSession } from '../support/session.js';

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

  it('refuses a bulk removal of protected tags before anything is sent', async () => {
    const { call, emulator } = await openSession({ args: ['--protect', 'temp'] });
    const bulk = { ResourceType: 'key', TagKeys: ['temp'], WithTagKey: 'temp' };
    expectRefusal(await call('untag_resources', bulk), 'PROTECTED_TAG');
    expect(emulator.count()).toBe(0);
  });

  it('removes no protected tag by a plan that was made without protection', async () => {
    const open = await openSession();
    const bulk = { ResourceType: 'key', TagKeys: ['temp'], WithTagKey: 'temp' };
    const plan = await open.call('untag_resources', bulk);
    const closed = await openSession({
      emulator: open.emulator,
      args: ['--protect', 'temp'],
      tune: (deps) => ({ ...deps, seal: open.deps.seal }),
    });
    const reply = await closed.call('untag_resources', { ...bulk, PlanToken: plan.structured['PlanToken'] });
    expectRefusal(reply, 'PROTECTED_TAG');
    expect(open.writes()).toBe(0);
  });
});

describe('--read-only', () => {
  it.each(ERAS)('offers no tool that writes, on the %s era', async (era) => {
    const { call, tools, emulator } = await openSession({ era, args: ['--read-only'] });
    const names = (await tools()).map((tool) => tool.name);
    expect(names).toEqual(['list_resource_tags', 'find_resources', 'list_changes']);
    for (const name of ['untag_resource', 'tag_resource', 'untag_resources', 'undo_change']) {
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

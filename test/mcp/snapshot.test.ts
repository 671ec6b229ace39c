import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../support/reply.js';
import { openSession } from '../support/session.js';

const KEY = { KeyId: '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678', TagKeys: ['tagkey1'] };

describe('the reading before a change', () => {
  it('goes without where RAM denies it, says so, and leaves nothing to undo', async () => {
    const { call, emulator } = await openSession({ emulator: { deny: ['ListResourceTags'] } });
    const reply = await call('untag_resource', KEY);
    expect(reply.isError).toBe(false);
    expect(reply.text).toContain(
      'Earlier values are unknown: the tags could not be read before the change (Forbidden.NoPermission)',
    );
    expect(reply.structured).not.toHaveProperty('RemovedTags');
    expect(emulator.tagsOf('key', KEY.KeyId)).not.toHaveProperty('tagkey1');
  });

  it.each(['Forbidden.KeyNotFound', 'no answer'])('ends the call with %s, before anything is written', async (kind) => {
    const { call, emulator } = await openSession();
    if (kind === 'no answer')
      emulator.setFaults({ probabilities: { 'drop-before': 1 }, actions: ['ListResourceTags'] });
    const reply = await call('untag_resource', kind === 'no answer' ? KEY : { ...KEY, KeyId: 'nobody' });
    expect(reply.isError).toBe(true);
    expect(reply.text).toMatch(/^(Forbidden\.KeyNotFound|ENDPOINT_UNREACHABLE): .*Nothing was changed\./s);
    expect(emulator.count('UntagResource')).toBe(0);
  });

  it('does not widen a bulk removal when the value to select by is empty', async () => {
    const { call } = await openSession();
    const removal = (TagValue: unknown) =>
      call('plan_change', { ResourceType: 'key', RemoveTagKeys: ['owner'], Where: [{ TagKey: 'owner', TagValue }] });
    const empty = await removal('');
    expect(empty.structured).toMatchObject({ Selected: 0, Concerned: 0 });
    expect(empty.structured).not.toHaveProperty('PlanId');
    // Not absent, and no value either.
    expectRefusal(await removal(null), 'INVALID_ARGUMENT');
  });
});

import { describe, expect, it } from 'vitest';
import { openSession } from '../support/session.js';
import { planAndApply, textOf } from '../support/workbench.js';
import { workbenches } from './benches.js';

const open = workbenches();

/** Tags that can be there, and that KMS would not take from TagResource or TagResources. */
const ODD: [string, string, string][] = [
  ['a value with a space', 'note', 'John Smith'],
  ['a value with é', 'note', 'café'],
  ['an emoji', 'note', '🔑'],
  ['Chinese', 'note', '测试'],
  ['a comma', 'note', 'a,b'],
  ['an angle bracket', 'note', '<b>'],
  ['a value of 257 characters', 'note', 'x'.repeat(257)],
  ['a key with a space', 'my note', 'x'],
  ['a key with é', 'clé', 'x'],
];

const keysOf = (key: string, value: string) => ({
  keys: [
    { KeyId: 'key-1', Tags: { [key]: value, temp: 'x' } },
    { KeyId: 'key-2', Tags: { temp: 'x' } },
  ],
});

describe('a tag that KMS would not take back', () => {
  it.each(ODD)('is named in the plan before it goes, and undo restores all the rest: %s', async (_, key, value) => {
    const bench = await open({ emulator: { data: keysOf(key, value) } });
    const args = { ResourceType: 'key', RemoveTagKeys: [key, 'temp'], Where: [{ TagKey: 'temp' }] };
    const { plan, applied } = await planAndApply(bench, args);
    expect(plan.structured).toMatchObject({ NotRestorable: 1 });
    expect(plan.structured['Message']).toContain('Undo could not restore 1 tag');
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'partial', Restored: 2, Skipped: 1, Failed: 0 });
    expect(undo.structured['Details']).toEqual([
      { ResourceId: 'key-1', Why: expect.stringContaining('not accepted by KMS any more') },
    ]);
    expect(bench.emulator.tagsOf('key', 'key-1')).toEqual({ temp: 'x' });
  });

  it.each(ODD.filter(([, key]) => key === 'note'))(
    'is named where it is overwritten, too: %s',
    async (_, key, value) => {
      const bench = await open({ emulator: { data: keysOf(key, value) } });
      const SetTags = [{ TagKey: key, TagValue: 'new' }];
      const { plan, applied } = await planAndApply(bench, {
        ResourceType: 'key',
        SetTags,
        Where: [{ TagKey: 'temp' }],
      });
      expect(plan.structured).toMatchObject({ NotRestorable: 1 });
      const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
      expect(undo.structured).toMatchObject({ Restored: 1, Skipped: 1 });
      expect(bench.emulator.tagsOf('key', 'key-1')).toEqual({ note: 'new', temp: 'x' });
      expect(bench.emulator.tagsOf('key', 'key-2')).toEqual({ temp: 'x' });
    },
  );

  it.each(ODD)('is named in the result of untag_resource, and in the question: %s', async (_, key, value) => {
    const { call, emulator, asked } = await openSession({
      emulator: { data: keysOf(key, value) },
      args: ['--confirm', 'always'],
      person: () => ({ action: 'accept', content: { Confirm: true } }),
    });
    const removed = await call('untag_resource', { KeyId: 'key-1', TagKeys: [key, 'temp'] });
    expect(removed.structured['NotRestorable']).toEqual([key]);
    expect(String(removed.structured['Message'])).toMatch(/could not|cannot/i);
    expect(asked.join()).toMatch(/could not|cannot/i);
    const undo = await call('undo_change', { ChangeId: removed.structured['ChangeId'] });
    expect(undo.structured).toMatchObject({ Restored: 1, Skipped: 1, Failed: 0 });
    expect(emulator.tagsOf('key', 'key-1')).toEqual({ temp: 'x' });
  });

  it('is named in the question about a plan', async () => {
    const { call, asked } = await openSession({
      emulator: { data: keysOf('note', 'John Smith') },
      args: ['--confirm', 'always'],
      person: () => ({ action: 'decline' }),
    });
    const args = { ResourceType: 'key', RemoveTagKeys: ['note'], Where: [{ TagKey: 'note' }] };
    const { PlanId, Change } = (await call('plan_change', args)).structured;
    const applied = await call('apply_plan', { PlanId, Change });
    expect(applied.text).toMatch(/^DECLINED: /);
    expect(asked.join()).toContain('Undo could not restore: "note=John Smith".');
  });

  it.each([
    ['plain', 'note', 'John_Smith'],
    ['empty', 'note', ''],
    ['every character that is allowed', 'aZ09/_-.+=@:', 'aZ09/_-.+=@:'],
    ['longer than the bulk operation takes', 'note', 'x'.repeat(256)],
    ['a key that is as long as can be', 'k'.repeat(128), 'x'],
  ])('is not what this one is, which comes back: %s', async (_, key, value) => {
    const data = keysOf(key, value);
    const bench = await open({ emulator: { data } });
    const args = { ResourceType: 'key', RemoveTagKeys: [key], Where: [{ TagKey: 'temp' }] };
    const { plan, applied } = await planAndApply(bench, args);
    expect(plan.structured['NotRestorable']).toBeUndefined();
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 1, Verified: 1 });
    expect(bench.emulator.tagsOf('key', 'key-1')).toEqual(data.keys[0]?.Tags);
  });
});

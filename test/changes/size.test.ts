import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { type Answer, planAndApply, textOf } from '../support/workbench.js';
import { workbenches } from './benches.js';
import { gatedBench, REMOVE_TEMP } from './gated.js';

const open = workbenches();
const MOST = 1_500;

function expectSmall(answer: Answer): void {
  expect(countTokens(answer.text)).toBeLessThanOrEqual(MOST);
  expect(countTokens(JSON.stringify(answer.structured))).toBeLessThanOrEqual(MOST);
}

describe('what the model sees', () => {
  it.each([[10], [10_000]])('is small for %i resources: plan, run and undo', { timeout: 60_000 }, async (keys) => {
    const bench = await open({ emulator: { keys } });
    const args = { ...REMOVE_TEMP, RemoveTagKeys: ['temp', 'env', 'owner'] };
    const { plan, applied } = await planAndApply(bench, args);
    const ChangeId = textOf(applied, 'ChangeId');
    const undo = await bench.call('undo_change', { ChangeId });
    const detail = await bench.call('list_changes', { ChangeId });
    for (const answer of [plan, applied, undo, detail, await bench.call('list_changes', {})]) expectSmall(answer);
    expect(plan.structured).toMatchObject({ Selected: keys, Concerned: keys });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: keys, Verified: keys });
  });

  it('is small when everything fails', async () => {
    const bench = await gatedBench({ keys: 2_000 });
    bench.gate.setFate(({ action }) =>
      action === 'UntagResources' ? { deny: 'Forbidden.NoPermission', status: 403 } : 'pass',
    );
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(applied.structured).toMatchObject({ Failed: 2_000 });
    expectSmall(applied);
  });

  it('is small with keys, values and ids as long as they can be', async () => {
    const long = (letter: string, size: number) => letter.repeat(size);
    const RemoveTagKeys = Array.from({ length: 10 }, (_, index) => `${index}${long('k', 127)}`);
    const keys = Array.from({ length: 60 }, (_, number) => ({
      KeyId: `key-${number}-${long('i', 80)}`,
      Tags: Object.fromEntries(RemoveTagKeys.map((key) => [key, `${number}-${long('v', 120)}`])),
    }));
    const bench = await open({ emulator: { data: { keys } } });
    const Where = [{ TagKey: RemoveTagKeys[0] }];
    const { plan, applied } = await planAndApply(bench, { ResourceType: 'key', RemoveTagKeys, Where });
    const detail = await bench.call('list_changes', { ChangeId: textOf(applied, 'ChangeId') });
    for (const answer of [plan, applied, detail]) expectSmall(answer);
  });

  it('is small for a hundred tag keys that nothing carries', async () => {
    const bench = await open({ emulator: { keys: 10 } });
    const RemoveTagKeys = ['temp', ...Array.from({ length: 100 }, (_, index) => `some-tag-key-${index}`)];
    const plan = await bench.call('plan_change', { ...REMOVE_TEMP, RemoveTagKeys });
    expectSmall(plan);
    // The sentence is bounded, too, and says how many it does not name.
    expect(textOf(plan, 'Change').length).toBeLessThanOrEqual(300);
    expect(textOf(plan, 'Change')).toMatch(/^Remove "temp", "some-tag-key-0", .* and 95 more from 10 keys /);
  });

  it('is small for a hundred resources that nobody can change, each for a reason of its own', async () => {
    const keys = Array.from({ length: 100 }, (_, index) => ({
      KeyId: `key-${index}-${'x'.repeat(100)}`,
      Tags: { temp: 'a', [`to${index % 2}`]: 'other' },
    }));
    const bench = await open({ emulator: { data: { keys } } });
    const RenameTagKeys = [
      { From: 'temp', To: 'to0' },
      { From: 'nothing', To: 'to1' },
    ];
    const plan = await bench.call('plan_change', { ...REMOVE_TEMP, RemoveTagKeys: undefined, RenameTagKeys });
    expectSmall(plan);
    expect(plan.structured).toMatchObject({ Selected: 100, Concerned: 50 });
    expect(plan.text).toMatch(/another value and 4\d more/);
  });
});

import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { type Answer, textOf } from '../support/workbench.js';
import { workbenches } from './benches.js';
import { gatedBench } from './gated.js';

const open = workbenches();
const MOST = 1_500;

function expectSmall(answer: Answer): void {
  expect(countTokens(answer.text)).toBeLessThanOrEqual(MOST);
  expect(countTokens(JSON.stringify(answer.structured))).toBeLessThanOrEqual(MOST);
}

describe('what the model sees', () => {
  it.each([[10], [10_000]])('is small for %i resources: plan, run and undo', { timeout: 60_000 }, async (keys) => {
    const bench = await open({ emulator: { keys } });
    const args = { ResourceType: 'key', TagKeys: ['temp', 'env', 'owner'], WithTagKey: 'temp' };
    const plan = await bench.call('untag_resources', args);
    const run = await bench.call('untag_resources', { ...args, PlanToken: textOf(plan, 'PlanToken') });
    const undo = await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
    for (const answer of [plan, run, undo, await bench.call('list_changes', {})]) expectSmall(answer);
    expect(plan.structured).toMatchObject({ Selected: keys, Carrying: keys });
    expect(run.structured).toMatchObject({ Status: 'done', Removed: keys });
  });

  it('is small when everything fails', async () => {
    const bench = await gatedBench({ keys: 2_000 });
    const args = { ResourceType: 'key', TagKeys: ['temp'], WithTagKey: 'temp' };
    const plan = await bench.call('untag_resources', args);
    bench.gate.setFate(({ action }) =>
      action === 'UntagResources' ? { deny: 'Forbidden.NoPermission', status: 403 } : 'pass',
    );
    const run = await bench.call('untag_resources', { ...args, PlanToken: textOf(plan, 'PlanToken') });
    expect(run.structured).toMatchObject({ Failed: 2_000 });
    expectSmall(run);
  });

  it('is small with keys, values and ids as long as they can be', async () => {
    const long = (letter: string, size: number) => letter.repeat(size);
    const TagKeys = Array.from({ length: 10 }, (_, index) => `${index}${long('k', 127)}`);
    const keys = Array.from({ length: 60 }, (_, number) => ({
      KeyId: `key-${number}-${long('i', 80)}`,
      Tags: Object.fromEntries(TagKeys.map((key) => [key, `${number}-${long('v', 120)}`])),
    }));
    const bench = await open({ emulator: { data: { keys } } });
    const args = { ResourceType: 'key', TagKeys, WithTagKey: TagKeys[0] };
    const plan = await bench.call('untag_resources', args);
    const run = await bench.call('untag_resources', { ...args, PlanToken: textOf(plan, 'PlanToken') });
    for (const answer of [plan, run]) expectSmall(answer);
  });

  it('is small for a hundred tag keys that nothing carries', async () => {
    const bench = await open({ emulator: { keys: 10 } });
    const TagKeys = ['temp', ...Array.from({ length: 100 }, (_, index) => `some-tag-key-${index}`)];
    const plan = await bench.call('untag_resources', { ResourceType: 'key', TagKeys, WithTagKey: 'temp' });
    // The counts by key are as many as the call itself names.
    expect(countTokens(plan.text)).toBeLessThanOrEqual(MOST);
    expect(plan.text).toContain('"some-tag-key-18" on 0 and 81 more keys.');
    expect(plan.structured['KeyCounts']).toHaveLength(101);
  });
});

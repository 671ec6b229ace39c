import { describe, expect, it } from 'vitest';
import { textOf, type Workbench, type WorkbenchOptions } from '../support/workbench.js';
import { workbenches } from './benches.js';

const open = workbenches();
const args = { ResourceType: 'key', TagKeys: ['temp'], WithTagKey: 'temp' };
const byId = { ResourceType: 'key', TagKeys: ['temp'], ResourceIds: ['key-000001', 'key-000002', 'key-000003'] };

async function planned(options: WorkbenchOptions = {}, plan: Readonly<Record<string, unknown>> = args) {
  const bench = await open({ emulator: { keys: 5 }, ...options });
  const PlanToken = textOf(await bench.call('untag_resources', plan), 'PlanToken');
  return { bench, PlanToken };
}

function carriers(bench: Workbench): number {
  const ids = [1, 2, 3, 4, 5].map((number) => `key-00000${number}`);
  return ids.filter((id) => Object.hasOwn(bench.emulator.tagsOf('key', id) ?? {}, 'temp')).length;
}

/** A token whose content differs and whose seal does not. */
function withContent(token: string, change: Readonly<Record<string, unknown>>): string {
  const [text = '', mac = ''] = token.split('.');
  const content: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
  const forged = JSON.stringify({ ...(typeof content === 'object' ? content : {}), ...change });
  return `${Buffer.from(forged).toString('base64url')}.${mac}`;
}

describe('a PlanToken', () => {
  it.each<[string, (token: string) => string]>([
    ['with another expiry', (token) => withContent(token, { x: Date.now() + 1e9 })],
    ['with another start', (token) => withContent(token, { a: 'key-000004' })],
    ['with a changed seal', (token) => token.replace(/.{3}$/, (end) => (end === 'AAA' ? 'BBB' : 'AAA'))],
    ['without its seal', (token) => token.split('.')[0] ?? ''],
    ['with a part too many', (token) => `${token}.x`],
    ['that is made up', () => 'yes'],
    ['of dots', () => '...'],
  ])('%s is refused, and nothing happens', async (_, forge) => {
    const { bench, PlanToken } = await planned();
    const answer = await bench.call('untag_resources', { ...args, PlanToken: forge(PlanToken) });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(/^PLAN_MISMATCH: .*Nothing was changed\. Repeat the call without PlanToken/);
    expect(carriers(bench)).toBe(5);
    expect(bench.bugs).toEqual([]);
  });

  it.each([
    ['other tag keys', { TagKeys: ['env'] }],
    ['one tag key more', { TagKeys: ['temp', 'env'] }],
    ['a value', { WithTagValue: 'temp-01' }],
    ['another selecting tag', { WithTagKey: 'env' }],
    ['secrets', { ResourceType: 'secret' }],
    ['ids', { WithTagKey: undefined, ResourceIds: ['key-000001'] }],
  ])('does not serve for %s', async (_, change) => {
    const { bench, PlanToken } = await planned();
    const answer = await bench.call('untag_resources', { ...args, ...change, PlanToken });
    expect(answer.text).toMatch(/^PLAN_MISMATCH: /);
    expect(carriers(bench)).toBe(5);
  });

  it('serves for the same ids however they are spelled', async () => {
    const { bench, PlanToken } = await planned({}, byId);
    const spelled = { ...byId, ResourceIds: JSON.stringify(byId.ResourceIds), TagKeys: 'temp,temp', PlanToken };
    expect((await bench.call('untag_resources', spelled)).structured).toMatchObject({ Status: 'done', Removed: 3 });
  });

  it('is too old after its time', async () => {
    let now = Date.now();
    const { bench, PlanToken } = await planned({ now: () => now, sealTtlMs: 60_000 });
    now += 60_000;
    const answer = await bench.call('untag_resources', { ...args, PlanToken });
    expect(answer.text).toMatch(/^PLAN_EXPIRED: .*Nothing was changed\./);
    expect(carriers(bench)).toBe(5);
  });

  it('of another server, which has another key, is refused', async () => {
    const { PlanToken } = await planned();
    const other = await open({ emulator: { keys: 5 } });
    expect((await other.call('untag_resources', { ...args, PlanToken })).text).toMatch(/^PLAN_MISMATCH: /);
    expect(carriers(other)).toBe(5);
  });

  it('of a replica with the same key is good', async () => {
    const sealKey = new Uint8Array(32).fill(7);
    const { bench, PlanToken } = await planned({ sealKey });
    const replica = await open({ emulator: bench.emulator, sealKey, stateDirectory: bench.stateDirectory });
    const run = await replica.call('untag_resources', { ...args, PlanToken });
    expect(run.structured).toMatchObject({ Status: 'done', Removed: 5 });
  });

  it('serves once, even where nothing seems to have happened since', async () => {
    const { bench, PlanToken } = await planned();
    const before = [1, 2, 3, 4, 5].map((number) => bench.emulator.tagsOf('key', `key-00000${number}`)?.['temp'] ?? '');
    expect((await bench.call('untag_resources', { ...args, PlanToken })).isError).toBe(false);
    for (const [index, value] of before.entries()) bench.emulator.setTag('key', `key-00000${index + 1}`, 'temp', value);
    const again = await bench.call('untag_resources', { ...args, PlanToken });
    expect(again.text).toMatch(/^PLAN_EXPIRED: This plan was applied already\. Nothing was changed\./);
    expect(carriers(bench)).toBe(5);
  });

  it('serves one of two calls that carry it at once', async () => {
    const { bench, PlanToken } = await planned();
    const both = await Promise.all([1, 2].map(() => bench.call('untag_resources', { ...args, PlanToken })));
    expect(both.filter(({ isError }) => !isError)).toHaveLength(1);
    expect(both.find(({ isError }) => isError)?.text).toMatch(/^(PLAN_EXPIRED|CHANGED_SINCE_PREVIEW): /);
    expect(bench.emulator.count('UntagResources')).toBe(1);
  });

  it('of a confirmation does not pass for a plan', async () => {
    const bench = await open({ emulator: { keys: 5 } });
    const plan = textOf(await bench.call('untag_resources', args), 'PlanToken');
    const opened = bench.deps.seal.open(plan);
    if (opened.kind !== 'good') throw new Error('not opened');
    const PlanToken = bench.deps.seal.close({ ...opened.sealed, purpose: 'confirm' });
    expect((await bench.call('untag_resources', { ...args, PlanToken })).text).toMatch(/^PLAN_MISMATCH: /);
  });
});

describe('what changed since the plan', () => {
  it.each<[string, Readonly<Record<string, unknown>>, (bench: Workbench) => void]>([
    ['a value', args, ({ emulator }) => emulator.setTag('key', 'key-000002', 'temp', 'precious')],
    ['a resource that joined', args, ({ emulator }) => emulator.setTag('key', 'key-000002', 'temp', 'x')],
    ['a resource that left', args, ({ emulator }) => emulator.removeTag('key', 'key-000005', 'temp')],
    ['a value, by id', byId, ({ emulator }) => emulator.setTag('key', 'key-000002', 'temp', 'precious')],
    ['a tag that went, by id', byId, ({ emulator }) => emulator.removeTag('key', 'key-000003', 'temp')],
  ])('%s: nothing is done, and a new plan comes whose token serves', async (_, request, change) => {
    const { bench, PlanToken } = await planned({}, request);
    change(bench);
    const before = carriers(bench);
    const answer = await bench.call('untag_resources', { ...request, PlanToken });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(/^CHANGED_SINCE_PREVIEW: .*Nothing was changed\. New plan:\nPlan: remove tags from/s);
    expect(carriers(bench)).toBe(before);
    expect(bench.emulator.count('UntagResources')).toBe(0);
    const fresh = /PlanToken (\S+)$/.exec(answer.text)?.[1];
    const run = await bench.call('untag_resources', { ...request, PlanToken: fresh });
    expect(run.structured).toMatchObject({ Status: 'done' });
  });

  it('a tag that does not go, or a resource that was not selected, is no change', async () => {
    const { bench, PlanToken } = await planned({}, byId);
    bench.emulator.setTag('key', 'key-000001', 'env', 'new');
    bench.emulator.setTag('key', 'key-000004', 'temp', 'new');
    const run = await bench.call('untag_resources', { ...byId, PlanToken });
    expect(run.structured).toMatchObject({ Status: 'done', Removed: 3 });
  });

  it('everything went: nothing is done, and there is no new token', async () => {
    const { bench, PlanToken } = await planned();
    for (const number of [1, 2, 3, 4, 5]) bench.emulator.removeTag('key', `key-00000${number}`, 'temp');
    const answer = await bench.call('untag_resources', { ...args, PlanToken });
    expect(answer.text).toMatch(/^CHANGED_SINCE_PREVIEW: /);
    expect(answer.text).not.toMatch(/PlanToken \S+$/);
  });
});

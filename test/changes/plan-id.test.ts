import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { planAndApply, textOf, type Workbench, type WorkbenchOptions } from '../support/workbench.js';
import { workbenches } from './benches.js';
import { keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';

const open = workbenches();
const ALL = keyIds(1, 5);
const byId = { ResourceType: 'key', RemoveTagKeys: ['temp'], ResourceIds: keyIds(1, 3) };

async function planned(options: WorkbenchOptions = {}, args: Readonly<Record<string, unknown>> = REMOVE_TEMP) {
  const bench = await open({ emulator: { keys: 5 }, ...options });
  const plan = await bench.call('plan_change', args);
  return { bench, PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') };
}

function carriers(bench: Workbench): number {
  return stillTagged(bench, ALL).length;
}

describe('a PlanId', () => {
  it('is short, and no two are alike', async () => {
    const { bench, PlanId } = await planned();
    const again = textOf(await bench.call('plan_change', REMOVE_TEMP), 'PlanId');
    expect(PlanId).toMatch(/^p-[\w-]{16,28}$/);
    expect(again).not.toBe(PlanId);
  });

  it.each<[string, (id: string) => string]>([
    ['with one character changed', (id) => id.replace(/.$/, (end) => (end === 'A' ? 'B' : 'A'))],
    ['cut off', (id) => id.slice(0, -1)],
    ['with a part too many', (id) => `${id}.x`],
    ['in other case', (id) => `P${id.slice(1)}`],
    ['that is made up', () => 'yes'],
    ['that is a path', (id) => `../plans/${id}`],
    ['of a change', () => '20261124T121901123Z-5f3a9c01'],
  ])('%s is refused, and nothing happens', async (_, forge) => {
    const { bench, PlanId, Change } = await planned();
    const answer = await bench.call('apply_plan', { PlanId: forge(PlanId), Change });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(/^PLAN_EXPIRED: .*Nothing was changed\. Call plan_change for a new plan\.$/s);
    expect(carriers(bench)).toBe(5);
    expect(bench.bugs).toEqual([]);
  });

  it.each<[string, (sentence: string) => string]>([
    ['another tag key', (text) => text.replace('"temp" from', '"env" from')],
    ['one tag key more', (text) => text.replace('"temp" from', '"temp" and "env" from')],
    ['another number', (text) => text.replace('5 keys', '4 keys')],
    ['secrets', (text) => text.replace('keys', 'secrets')],
    ['another region', (text) => text.replace('cn-hangzhou', 'cn-shanghai')],
    ['another account', (text) => text.replace(/\d{16}/, '1111111111111111')],
    ['another condition', (text) => text.replace('where "temp"', 'where "tmp"')],
    ['its first half', (text) => text.slice(0, text.length / 2)],
    ['more than it says', (text) => `${text} and from nothing else`],
    ['other case', (text) => text.toUpperCase()],
    ['the id', () => 'yes'],
  ])('does not serve with a sentence that names %s; the right one is told, and still serves', async (_, forge) => {
    const { bench, PlanId, Change } = await planned();
    const answer = await bench.call('apply_plan', { PlanId, Change: forge(Change) });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(/^PLAN_MISMATCH: .*Nothing was changed\./);
    expect(answer.text).toContain(Change);
    expect(carriers(bench)).toBe(5);
    const applied = await bench.call('apply_plan', { PlanId, Change });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 5 });
  });

  it('serves for the same ids and keys however they are spelled', async () => {
    const spelled = { ...byId, ResourceIds: JSON.stringify(byId.ResourceIds), RemoveTagKeys: 'temp,temp' };
    const { bench, Change } = await planned({}, byId);
    const { plan, applied } = await planAndApply(bench, spelled);
    expect(textOf(plan, 'Change')).toBe(Change);
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 3 });
  });

  it('is too old after its time, and serves until then', async () => {
    let now = Date.now();
    const clock = { ...systemClock, now: () => now, elapsed: () => performance.now() };
    const { bench, PlanId, Change } = await planned({ clock });
    const other = await bench.call('plan_change', { ...REMOVE_TEMP, RemoveTagKeys: ['owner'] });
    now += 600_000 - 1;
    const inTime = { PlanId: textOf(other, 'PlanId'), Change: textOf(other, 'Change') };
    expect((await bench.call('apply_plan', inTime)).isError).toBe(false);
    now += 1;
    const answer = await bench.call('apply_plan', { PlanId, Change });
    expect(answer.text).toMatch(/^PLAN_EXPIRED: .*Nothing was changed\./);
    expect(carriers(bench)).toBe(5);
  });

  it('of another server, which keeps its plans elsewhere, is refused', async () => {
    const { PlanId, Change } = await planned();
    const other = await open({ emulator: { keys: 5 } });
    expect((await other.call('apply_plan', { PlanId, Change })).text).toMatch(/^PLAN_EXPIRED: /);
    expect(carriers(other)).toBe(5);
  });

  it('of a replica that shares the state directory is good', async () => {
    const { bench, PlanId, Change } = await planned();
    const replica = await open({ emulator: bench.emulator, stateDirectory: bench.stateDirectory });
    const run = await replica.call('apply_plan', { PlanId, Change });
    expect(run.structured).toMatchObject({ Status: 'done', Changed: 5 });
  });

  it('serves once, even where nothing seems to have happened since', async () => {
    const { bench, PlanId, Change } = await planned();
    const before = ALL.map((id) => bench.emulator.tagsOf('key', id)?.['temp'] ?? '');
    expect((await bench.call('apply_plan', { PlanId, Change })).isError).toBe(false);
    for (const [index, id] of ALL.entries()) bench.emulator.setTag('key', id, 'temp', before[index] ?? '');
    const again = await bench.call('apply_plan', { PlanId, Change });
    expect(again.text).toMatch(/^PLAN_EXPIRED: .*Nothing was changed\./);
    expect(carriers(bench)).toBe(5);
  });

  it('serves one of two calls that carry it at once', async () => {
    const { bench, PlanId, Change } = await planned();
    const both = await Promise.all([1, 2].map(() => bench.call('apply_plan', { PlanId, Change })));
    const changed = both.filter(({ structured }) => structured['Changed'] === 5);
    expect(changed).toHaveLength(1);
    // The other one found the plan used up, or the tags gone already.
    const [other] = both.filter((answer) => !changed.includes(answer));
    expect(other?.text).toMatch(/^PLAN_EXPIRED: |^nothing_done: 0 keys changed; 5 left alone/);
    expect(bench.emulator.count('UntagResources')).toBe(1);
  });

  it('belongs to the caller who made it, and to nobody else, whatever else they may see', async () => {
    const { bench, PlanId } = await planned();
    const account = await bench.deps.account({});
    const kindFor = async (subject: string | undefined, seesAll: boolean) =>
      (await bench.deps.journal.readPlan(PlanId, { principal: { subject, seesAll }, account })).kind;
    expect(await kindFor(undefined, false)).toBe('found');
    expect(await kindFor('bob', false)).toBe('missing');
    expect(await kindFor('admin', true)).toBe('missing');
  });
});

describe('what changed since the plan', () => {
  const set = (key: string, value: string) => (bench: Workbench) =>
    bench.emulator.setTag('key', 'key-000002', key, value);
  const remove = (id: string) => (bench: Workbench) => bench.emulator.removeTag('key', id, 'temp');
  const notProd = { ...REMOVE_TEMP, Where: [{ TagKey: 'env', TagValue: 'prod', Not: true }] };

  it.each<[string, Readonly<Record<string, unknown>>, (bench: Workbench) => void, changed: number]>([
    ['a value', REMOVE_TEMP, set('temp', 'precious'), 4],
    ['a tag that went', REMOVE_TEMP, remove('key-000005'), 4],
    ['a value, by id', byId, set('temp', 'precious'), 2],
    ['a tag that went, by id', byId, remove('key-000003'), 2],
    ['a value of a condition', notProd, set('env', 'prod'), 3],
  ])('%s: the resource is left alone and counted, the rest is done', async (_, args, change, Changed) => {
    const { bench, PlanId, Change } = await planned({}, args);
    change(bench);
    const before = tagsOfAll(bench, ALL);
    const run = await bench.call('apply_plan', { PlanId, Change });
    expect(run.isError).toBe(false);
    expect(run.structured).toMatchObject({ Status: 'partial', Changed, Verified: Changed, ChangedSincePlan: 1 });
    expect(run.text).toContain('1 left alone, because their tags changed since the plan');
    await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
    expect(tagsOfAll(bench, ALL)).toEqual(before);
  });

  it('a tag that is not part of the plan, or a resource that was not selected, does not matter', async () => {
    const { bench, PlanId, Change } = await planned({}, byId);
    bench.emulator.setTag('key', 'key-000001', 'owner', 'new');
    bench.emulator.setTag('key', 'key-000004', 'temp', 'new');
    const run = await bench.call('apply_plan', { PlanId, Change });
    expect(run.structured).toMatchObject({ Status: 'done', Changed: 3, ChangedSincePlan: 0 });
    expect(bench.emulator.tagsOf('key', 'key-000004')).toMatchObject({ temp: 'new' });
    expect(bench.emulator.tagsOf('key', 'key-000001')).toMatchObject({ owner: 'new' });
  });

  it('a resource that joined is not touched: the person did not approve it', async () => {
    const args = { ...REMOVE_TEMP, Where: [{ TagKey: 'owner', TagValue: 'alice' }] };
    const { bench, PlanId, Change } = await planned({}, args);
    bench.emulator.setTag('key', 'key-000002', 'owner', 'alice');
    const run = await bench.call('apply_plan', { PlanId, Change });
    expect(run.structured).toMatchObject({ Status: 'done', Changed: 1 });
    expect(stillTagged(bench, ALL)).toEqual(keyIds(2, 5));
  });

  it('everything: nothing is written, and the text says so', async () => {
    const { bench, PlanId, Change } = await planned();
    for (const id of ALL) bench.emulator.removeTag('key', id, 'temp');
    const answer = await bench.call('apply_plan', { PlanId, Change });
    expect(answer.structured).toMatchObject({ Status: 'nothing_done', Changed: 0, ChangedSincePlan: 5 });
    expect(answer.structured['ChangeId']).toBeUndefined();
    expect(answer.text).toContain('Nothing was changed.');
    expect(bench.emulator.count('UntagResources')).toBe(0);
  });
});

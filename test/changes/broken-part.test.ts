import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator } from '../../emulator/index.js';
import { systemClock } from '../../src/base/clock.js';
import { applyPlan } from '../../src/changes/apply.js';
import { bulkTagWriter } from '../../src/changes/tag-writer.js';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { changeJournal } from '../../src/journal/journal.js';
import type { JournalStore } from '../../src/journal/store.js';
import { RUN_MS } from '../../src/mcp/call.js';
import { temporaryDirectory } from '../support/session.js';
import { addedUp, openWorkbench, planAndApply, textOf, type Workbench } from '../support/workbench.js';
import { keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';
import { WRITES, watchedBench } from './watched.js';

const UNPAIRED = 'key-\ud800';

/** Waits longer than any request takes, and gives the number of requests that came meanwhile. */
async function requestsAfterwards({ emulator }: Workbench): Promise<number> {
  const before = emulator.count();
  await new Promise((resolve) => {
    setTimeout(resolve, 300);
  });
  return emulator.count() - before;
}

async function statesOf(bench: Workbench): Promise<unknown> {
  const { Changes } = (await bench.call('list_changes', {})).structured;
  return Array.isArray(Changes) ? Changes.map(({ State }) => State) : [];
}

describe('a resource whose name cannot be sent: an unpaired surrogate in it', () => {
  /** KMS lists one more key, whose id has no UTF-8 form. It escapes it, as JSON allows. */
  async function benchWithBadName(keys: number) {
    const bench = await watchedBench({ keys });
    bench.between.handle(async (passing) => {
      const reply = await passing.forward();
      const { action, parameters } = passing;
      const isFirst = !parameters.has('ResourceId.1') && !parameters.has('NextToken');
      if (action !== 'ListTagResources' || !isFirst || reply.status !== 200) return reply;
      const row = '{"ResourceId":"key-\\ud800","ResourceType":"key","TagKey":"temp","TagValue":"x"}';
      return { ...reply, body: reply.body.replace('"TagResource":[', `"TagResource":[${row},`) };
    });
    return bench;
  }

  it('is in the list as KMS gives it', async () => {
    const bench = await benchWithBadName(3);
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    expect(plan.structured).toMatchObject({ Selected: 4 });
  });

  it.each([[1], [60], [1_000]])('is left out and named, and the rest is done: %i keys beside it', async (keys) => {
    const all = keyIds(1, keys);
    const bench = await benchWithBadName(keys);
    const before = tagsOfAll(bench, all);
    const { plan, applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(plan.structured).toMatchObject({ Selected: keys + 1, Concerned: keys });
    expect(plan.text).toContain('has a name that cannot be sent (invalid Unicode)');
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: keys, Verified: keys });
    // Nothing goes on behind the answer, and the journal says how the change ended.
    expect(await requestsAfterwards(bench)).toBe(0);
    expect(await statesOf(bench)).toEqual(['done']);
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: keys });
    expect(tagsOfAll(bench, all)).toEqual(before);
    expect(bench.bugs).toEqual([]);
  });

  it('is refused as an argument', async () => {
    const bench = await watchedBench({ keys: 1 });
    const ResourceIds = ['key-000001', UNPAIRED];
    const plan = await bench.call('plan_change', { ResourceType: 'key', RemoveTagKeys: ['temp'], ResourceIds });
    expect(plan.text).toMatch(/^INVALID_ARGUMENT: .*unpaired surrogate/);
  });

  it('in a value is no reason to fail, and is named as what cannot be restored', async () => {
    const bench = await watchedBench({ data: { keys: [{ KeyId: 'key-1', Tags: { temp: 'a' } }] } });
    bench.between.handle(async (passing) => {
      const reply = await passing.forward();
      return { ...reply, body: reply.body.replace('"TagValue":"a"', '"TagValue":"\\ud800"') };
    });
    const { plan, applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(plan.structured).toMatchObject({ NotRestorable: 1 });
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 1 });
    expect(bench.emulator.tagsOf('key', 'key-1')).toEqual({});
    expect(bench.bugs).toEqual([]);
  });
});

describe('a bug that shows in one part of a run', () => {
  /** A server with a bug: one operation throws, the second time that it is called in a run. */
  async function benchWithBug(
    operation: 'listTagResources' | 'untagResources',
    isBug: (ids: readonly string[]) => boolean,
  ) {
    const bench = await watchedBench({ keys: 1_000 });
    const kms = bench.deps.kms('cn-hangzhou');
    const bug = new TypeError('x is not a function');
    const broken: typeof kms = {
      ...kms,
      async listTagResources(query, options) {
        if (operation === 'listTagResources' && query.ids !== undefined && isBug(query.ids)) throw bug;
        return kms.listTagResources(query, options);
      },
      async untagResources(type, ids, keys, options) {
        if (operation === 'untagResources' && isBug(ids)) throw bug;
        return kms.untagResources(type, ids, keys, options);
      },
    };
    const { emulator, stateDirectory } = bench;
    const buggy = await openWorkbench({ emulator, stateDirectory, deps: { kms: () => broken } });
    onTestFinished(() => buggy.close());
    return { bench, buggy, bug };
  }

  it.each(['listTagResources', 'untagResources'] as const)(
    'stops the others, which are awaited, and is reported with what was done: in %s',
    async (operation) => {
      const all = keyIds(1, 1_000);
      const { bench, buggy, bug } = await benchWithBug(operation, (ids) => ids.includes('key-000500'));
      const before = tagsOfAll(bench, all);
      const { applied } = await planAndApply(buggy, REMOVE_TEMP);
      expect(await requestsAfterwards(bench)).toBe(0);
      const gone = 1_000 - stillTagged(bench, all).length;
      expect(gone).toBeGreaterThan(0);
      expect(gone).toBeLessThan(1_000);
      expect(addedUp(applied)).toBe(1_000);
      expect(applied.structured).toMatchObject({ Status: 'partial', Changed: gone });
      expect(applied.text).toContain('It ended early: INTERNAL_ERROR.');
      expect(applied.text).not.toContain('Nothing was changed');
      expect(buggy.bugs).toEqual([bug]);
      expect(await statesOf(bench)).toEqual([operation === 'untagResources' ? 'unknown' : 'partial']);
      const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
      expect(undo.structured).toMatchObject({ Status: 'done', Restored: gone });
      expect(tagsOfAll(bench, all)).toEqual(before);
    },
  );

  it('before anything was written is an internal error, reported once', async () => {
    const { bench, buggy, bug } = await benchWithBug('listTagResources', () => true);
    const { applied } = await planAndApply(buggy, REMOVE_TEMP);
    expect(applied.text).toMatch(/^INTERNAL_ERROR: /);
    expect(buggy.bugs).toEqual([bug]);
    expect(stillTagged(bench, keyIds(1, 1_000))).toHaveLength(1_000);
    expect(await statesOf(bench)).toEqual([]);
  });

  it('in one region ends the others well', async () => {
    const emulator = await startEmulator({ keys: 100, regions: ['cn-hangzhou', 'cn-shanghai'] });
    const bench = await openWorkbench({ emulator });
    onTestFinished(async () => {
      await bench.close();
      await emulator.close();
    });
    // Both regions hold a hundred keys; the server cannot even begin in the second one.
    const before = tagsOfAll(bench, keyIds(1, 100));
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    const found = await bench.deps.journal.readPlan(textOf(plan, 'PlanId'), {
      principal: { subject: undefined, seesAll: true },
      account: await bench.deps.account({}),
    });
    if (found.kind !== 'found') throw new Error('no plan');
    const [group] = found.record.groups;
    if (group === undefined) throw new Error('no group');
    const groups = [...found.record.groups, { ...group, regionId: 'cn-shanghai' }];
    const bugs: unknown[] = [];
    const result = await applyPlan(
      { ...found.record, groups },
      {
        writerOf(regionId) {
          if (regionId === 'cn-shanghai') throw new RangeError('no such region');
          return bulkTagWriter(bench.deps.kms(regionId), 'key');
        },
        begin: (first) =>
          bench.deps.journal.begin(
            { tool: 't', sentence: 's', resourceType: 'key', resources: 105, account: found.record.account },
            first,
          ),
        limits: {
          deadline: performance.now() + 10_000,
          stopAt: performance.now() + 10_000,
          elapsed: () => performance.now(),
        },
        onProgress: () => undefined,
        onUnexpectedError: (error) => bugs.push(error),
      },
    );
    expect(bugs.length + (result.cause === undefined ? 0 : 1)).toBeGreaterThan(0);
    expect(result.changed.resources + result.notAttempted.flatMap(({ ids }) => ids).length).toBe(
      100 + group.ids.length,
    );
    expect(result.changed.resources).toBe(100 - stillTagged(bench, keyIds(1, 100)).length);
    expect(await statesOf(bench)).not.toContain('running');
    if (result.changeId !== undefined) await bench.call('undo_change', { ChangeId: result.changeId });
    expect(tagsOfAll(bench, keyIds(1, 100))).toEqual(before);
  });
});

describe('a state directory that breaks in the middle of a run', () => {
  /** The lines of the journal, on a disk that fails from a moment on: as `ENOSPC` does, and as closing a file can. */
  function failing(store: JournalStore, what: 'append' | 'close' | 'durable', from: () => boolean): JournalStore {
    const broken = (): never => {
      throw Object.assign(new Error('disk'), { code: 'ENOSPC' });
    };
    return {
      ...store,
      async append(id, lines, durable) {
        if (from() && (what === 'append' || (what === 'durable' && durable))) broken();
        return store.append(id, lines, durable);
      },
      async close(id) {
        await store.close(id);
        if (from() && what === 'close') broken();
      },
    };
  }

  async function benchWith(what: Parameters<typeof failing>[1], keys: number) {
    const directory = await temporaryDirectory();
    let isBroken = false;
    let isMended = false;
    const store = failing(fileJournalStore(directory), what, () => isBroken);
    const bench = await watchedBench({ keys }, { deps: { journal: changeJournal(store, systemClock) } });
    let writes = 0;
    bench.between.handle(async (passing) => {
      if (WRITES.has(passing.action)) writes += 1;
      if (writes > 1 && !isMended) isBroken = true;
      return passing.forward();
    });
    const mend = (): void => {
      isMended = true;
      isBroken = false;
    };
    const breakNow = (): void => {
      isBroken = true;
    };
    return { ...bench, mend, breakNow };
  }

  it.each(['append', 'durable'] as const)('stops the run, and the report says what was done: %s', async (what) => {
    const all = keyIds(1, 1_000);
    const bench = await benchWith(what, 1_000);
    const before = tagsOfAll(bench, all);
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(await requestsAfterwards(bench)).toBe(0);
    const gone = 1_000 - stillTagged(bench, all).length;
    expect(gone).toBeGreaterThan(0);
    expect(gone).toBeLessThan(1_000);
    expect(applied.isError).toBe(false);
    expect(applied.structured).toMatchObject({ Status: 'partial', Changed: gone, NotAttempted: 1_000 - gone });
    expect(applied.text).toContain('JOURNAL_UNAVAILABLE');
    bench.mend();
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: gone });
    expect(tagsOfAll(bench, all)).toEqual(before);
  });

  it('loses no report when only closing the file fails: of a plan, an undo, and a single change', async () => {
    const bench = await benchWith('close', 60);
    bench.breakNow();
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 60, Verified: 60 });
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 60 });
    const untag = await bench.call('untag_resource', { KeyId: 'key-000001', TagKeys: ['temp'] });
    expect(untag.isError).toBe(false);
    expect(untag.structured).toMatchObject({ RequestId: expect.any(String), ChangeId: expect.any(String) });
    const tag = await bench.call('tag_resource', { KeyId: 'key-000001', Tags: [{ TagKey: 'a', TagValue: 'b' }] });
    expect(tag.isError).toBe(false);
    expect(await statesOf(bench)).toEqual(['done', 'done', 'done', 'done']);
  });

  it('loses no report when the plan for the rest cannot be kept', async () => {
    const all = keyIds(1, 1_000);
    let late = 0;
    const stateDirectory = await temporaryDirectory();
    const clock = { ...systemClock, now: Date.now, elapsed: () => performance.now() + late };
    const bench = await watchedBench({ keys: 1_000 }, { clock, stateDirectory });
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    bench.between.handle(async (passing) => {
      if (WRITES.has(passing.action)) {
        late = RUN_MS;
        await rm(join(stateDirectory, 'plans'), { recursive: true, force: true });
        await writeFile(join(stateDirectory, 'plans'), 'in the way');
      }
      return passing.forward();
    });
    const args = { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') };
    const applied = await bench.call('apply_plan', args);
    const gone = 1_000 - stillTagged(bench, all).length;
    expect(gone).toBeGreaterThan(0);
    expect(applied.text).not.toContain('Nothing was changed');
    expect(applied.structured).toMatchObject({ Status: 'partial', Changed: gone, NotAttempted: 1_000 - gone });
    expect(applied.structured['PlanId']).toBeUndefined();
    expect(applied.text).toContain('plan_change');
    expect(applied.text).toContain(textOf(applied, 'ChangeId'));
  });
});

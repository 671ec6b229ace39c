import { describe, expect, it } from 'vitest';
import type { Fate, GateRequest } from '../faults/gate.js';
import { addedUp, numberOf, textOf, type Workbench } from '../support/workbench.js';
import { workbenches } from './benches.js';
import { gatedBench, keyIds, stillTagged } from './gated.js';

const open = workbenches();
const WRITE = 'UntagResources';

/** A workbench whose requests meet their fate on the way. */
async function gated(keys: number, fate: (request: GateRequest) => Fate): Promise<Workbench> {
  const bench = await gatedBench({ keys });
  bench.gate.setFate(fate);
  return bench;
}

/** Refuses each removal that names one of `bad`, as a RAM policy would. */
function refusing(bad: readonly string[], status = 403, deny = 'Forbidden.NoPermission') {
  const refused = new Set(bad);
  let asked = 0;
  return {
    asked: () => asked,
    fate({ action, parameters }: GateRequest): Fate {
      if (action !== WRITE) return 'pass';
      asked += 1;
      const named = [...parameters].some(([name, value]) => name.startsWith('ResourceId.') && refused.has(value));
      return named ? { deny, status } : 'pass';
    },
  };
}

async function apply(bench: Workbench, args: Readonly<Record<string, unknown>>) {
  const plan = await bench.call('untag_resources', args);
  const run = await bench.call('untag_resources', { ...args, PlanToken: textOf(plan, 'PlanToken') });
  expect(addedUp(run)).toBe(numberOf(plan, 'Selected'));
  expect(numberOf(run, 'Selected')).toBe(numberOf(plan, 'Selected'));
  return run;
}

const tagged = { ResourceType: 'key', TagKeys: ['temp'], WithTagKey: 'temp' };

describe('one resource that is refused', () => {
  it.each([[1], [17], [50], [133]])('costs one failure, and about log2(50) requests more: number %i', async (bad) => {
    const wall = refusing(keyIds(bad, bad));
    const bench = await gated(200, wall.fate);
    const run = await apply(bench, tagged);
    expect(run.structured).toMatchObject({ Status: 'partial', Removed: 199, Failed: 1, Unknown: 0, NotAttempted: 0 });
    expect(run.structured['Failures']).toEqual([{ ResourceId: keyIds(bad, bad)[0], Code: 'Forbidden.NoPermission' }]);
    expect(run.text).toContain(`Failed: "${keyIds(bad, bad)[0]}": Forbidden.NoPermission.`);
    expect(stillTagged(bench, keyIds(1, 200))).toEqual(keyIds(bad, bad));
    // Four parts; the one at fault is halved six times, and both halves are tried.
    expect(wall.asked()).toBeLessThanOrEqual(4 + 2 * 6);
  });

  it('takes no others with it where several are refused', async () => {
    const bad = [...keyIds(3, 3), ...keyIds(48, 52), ...keyIds(120, 120)];
    const bench = await gated(200, refusing(bad).fate);
    const run = await apply(bench, tagged);
    expect(run.structured).toMatchObject({ Status: 'partial', Removed: 193, Failed: 7 });
    expect(stillTagged(bench, keyIds(1, 200))).toEqual(bad);
  });

  it('and the rest can be undone', async () => {
    const bench = await gated(60, refusing(keyIds(5, 5)).fate);
    const run = await apply(bench, tagged);
    const undo = await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 59, Unchanged: 0 });
    expect(stillTagged(bench, keyIds(1, 60))).toHaveLength(60);
  });
});

describe('when every resource is refused', () => {
  it('the search for the one at fault ends after a few', async () => {
    const wall = refusing(keyIds(1, 1_000));
    const bench = await gated(1_000, wall.fate);
    const run = await apply(bench, tagged);
    expect(run.isError).toBe(true);
    expect(run.structured).toMatchObject({ Status: 'nothing_done', Removed: 0, Failed: 1_000, NotAttempted: 0 });
    expect(run.text).toMatch(/^Forbidden\.NoPermission: nothing_done in cn-hangzhou: removed from 0 keys/);
    expect(run.text).toContain('Nothing was changed');
    // Twenty parts; in eight of them at once the search goes down to a single one, and tries each half that it left.
    expect(wall.asked()).toBeLessThanOrEqual(20 + 8 * 12);
    expect(stillTagged(bench, keyIds(1, 1_000))).toHaveLength(1_000);
  });

  it.each([
    ['InvalidAccessKeyId.Inactive', 400],
    ['Forbidden.InDebtOverdue', 403],
    ['SignatureDoesNotMatch', 400],
  ])('for the sake of the account (%s), the run ends at once, and can go on later', async (code, status) => {
    let isOpen = false;
    const wall = refusing(keyIds(1, 1_000), status, code);
    const bench = await gated(1_000, (request) => (isOpen ? 'pass' : wall.fate(request)));
    const run = await apply(bench, tagged);
    expect(run.isError).toBe(true);
    expect(run.structured).toMatchObject({ Status: 'nothing_done', Removed: 0 });
    expect(run.text).toMatch(new RegExp(`^${code}: `));
    expect(wall.asked()).toBeLessThanOrEqual(8);
    expect(numberOf(run, 'NotAttempted')).toBeGreaterThanOrEqual(600);
    isOpen = true;
    const rest = await bench.call('untag_resources', { ...tagged, PlanToken: textOf(run, 'PlanToken') });
    expect(rest.structured).toMatchObject({ Status: 'done', Removed: numberOf(run, 'NotAttempted') });
  });
});

describe('ids that name nothing', () => {
  const args = { ResourceType: 'key', TagKeys: ['temp'] };

  it('are failures of their own, and the rest is done', async () => {
    const bench = await open({ emulator: { keys: 200 } });
    const ResourceIds = [...keyIds(1, 120), 'key-nowhere', 'acs:kms:cn-beijing:1:key/key-000001', ...keyIds(1, 5)];
    const run = await apply(bench, { ...args, ResourceIds });
    expect(run.structured).toMatchObject({ Status: 'partial', Selected: 122, Removed: 120, Failed: 2 });
    expect(run.structured['Failures']).toEqual([
      { ResourceId: 'key-nowhere', Code: 'InvalidResourceId.NotFound' },
      { ResourceId: 'acs:kms:cn-beijing:1:key/key-000001', Code: 'InvalidResourceId.NotFound' },
    ]);
    expect(stillTagged(bench, keyIds(1, 200))).toEqual(keyIds(121, 200));
    // None of them reached a write, so nothing had to be split.
    expect(bench.emulator.count(WRITE)).toBe(3);
  });

  it('cost a bounded number of readings when there is nothing else', async () => {
    const bench = await open({ emulator: { keys: 200 } });
    const ResourceIds = Array.from({ length: 500 }, (_, index) => `key-none-${index}`);
    const plan = await bench.call('untag_resources', { ...args, ResourceIds });
    expect(plan.structured).toMatchObject({ Status: 'nothing_done', Selected: 500, NotFound: 500, Carrying: 0 });
    expect(bench.emulator.count()).toBe(10 + 2);
  });
});

describe('an answer that never came', () => {
  it('of a removal that was made, which shows when it is read back, counts as removed', async () => {
    let writes = 0;
    const bench = await gated(60, ({ action }) => {
      if (action !== WRITE) return 'pass';
      writes += 1;
      return writes <= 5 ? 'reset-after' : 'pass';
    });
    const run = await apply(bench, { ...tagged, TagKeys: ['temp'] });
    expect(run.structured).toMatchObject({ Removed: 60 - numberOf(run, 'NotAttempted'), Failed: 0, Unknown: 0 });
  });

  it('is unknown where nobody can look, and is no failure', async () => {
    let isDark = false;
    const bench = await gated(60, ({ action }) => {
      if (action === WRITE) isDark = true;
      return !isDark ? 'pass' : action === WRITE ? 'reset-after' : { deny: 'Forbidden.NoPermission', status: 403 };
    });
    const run = await apply(bench, tagged);
    expect(run.structured).toMatchObject({ Status: 'partial', Removed: 0, Failed: 0, Unknown: 60 });
    expect(run.isError).toBe(false);
    expect(stillTagged(bench, keyIds(1, 60))).toEqual([]);
  });

  it('is unknown, too, when the attempts after it were throttled', async () => {
    let now = Date.now();
    let writes = 0;
    const bench = await gatedBench({ keys: 30 }, { now: () => now });
    bench.gate.setFate(({ action }) => {
      if (action !== WRITE) return writes === 0 ? 'pass' : { deny: 'Forbidden.NoPermission', status: 403 };
      writes += 1;
      now += 500;
      return writes === 1 ? 'reset-after' : { deny: 'Rejected.Throttling', status: 429 };
    });
    const run = await apply(bench, tagged);
    expect(run.structured).toMatchObject({ Status: 'partial', Removed: 0, Failed: 0, Unknown: 30 });
    expect(stillTagged(bench, keyIds(1, 30))).toEqual([]);
  });

  it('does not hide that a part of the tag keys went', async () => {
    const bench = await gated(3, ({ action, parameters }) =>
      action === WRITE && parameters.has('TagKey.1') && !parameters.has('TagKey.20')
        ? { deny: 'Forbidden.NoPermission', status: 403 }
        : 'pass',
    );
    const TagKeys = ['temp', 'env', ...Array.from({ length: 20 }, (_, index) => `x${index}`)];
    for (const id of keyIds(1, 3)) bench.emulator.setTag('key', id, 'x19', 'there');
    const run = await apply(bench, { ...tagged, TagKeys });
    expect(run.structured).toMatchObject({ Status: 'partial', Removed: 0, Failed: 3 });
    expect(run.text).not.toContain('Nothing was changed');
    expect(bench.emulator.tagsOf('key', 'key-000001')).toMatchObject({ x19: 'there' });
    expect(stillTagged(bench, keyIds(1, 3))).toEqual([]);
  });
});

describe('a tag that comes back at once', () => {
  it('is a failure, and not called removed', async () => {
    let bench: Workbench | undefined;
    let writes = 0;
    bench = await gated(10, ({ action }) => {
      if (action === WRITE) writes += 1;
      // Between the write and its read-back somebody sets the tag anew.
      if (writes === 1 && action === 'ListTagResources') bench?.emulator.setTag('key', 'key-000004', 'temp', 'again');
      return 'pass';
    });
    const run = await apply(bench, tagged);
    expect(run.structured).toMatchObject({ Status: 'partial', Removed: 9, Failed: 1 });
    expect(run.structured['Failures']).toEqual([{ ResourceId: 'key-000004', Code: 'NOT_APPLIED' }]);
  });
});

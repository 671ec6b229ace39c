import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import type { Fate, GateRequest } from '../faults/gate.js';
import { addedUp, numberOf, planAndApply, textOf, type Workbench } from '../support/workbench.js';
import { workbenches } from './benches.js';
import { type GatedBench, gatedBench, keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';

const open = workbenches();
const WRITE = 'UntagResources';

/** A workbench whose requests meet their fate on the way. */
async function gated(keys: number, fate: (request: GateRequest) => Fate): Promise<GatedBench> {
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
  const { plan, applied } = await planAndApply(bench, args);
  expect(addedUp(applied)).toBe(numberOf(plan, 'Concerned'));
  return applied;
}

describe('one resource that is refused', () => {
  it.each([[1], [17], [50], [133]])('costs one failure, and about log2(50) requests more: number %i', async (bad) => {
    const wall = refusing(keyIds(bad, bad));
    const bench = await gated(200, wall.fate);
    const run = await apply(bench, REMOVE_TEMP);
    expect(run.structured).toMatchObject({
      Status: 'partial',
      Changed: 199,
      Verified: 199,
      Failed: 1,
      Unknown: 0,
      NotAttempted: 0,
    });
    expect(run.structured['Failures']).toEqual([{ ResourceId: keyIds(bad, bad)[0], Code: 'Forbidden.NoPermission' }]);
    expect(run.text).toContain(`"${keyIds(bad, bad)[0]}" in cn-hangzhou: Forbidden.NoPermission`);
    expect(stillTagged(bench, keyIds(1, 200))).toEqual(keyIds(bad, bad));
    // Four parts; the one at fault is halved six times, and both halves are tried.
    expect(wall.asked()).toBeLessThanOrEqual(4 + 2 * 6);
  });

  it('takes no others with it where several are refused', async () => {
    const bad = [...keyIds(3, 3), ...keyIds(48, 52), ...keyIds(120, 120)];
    const bench = await gated(200, refusing(bad).fate);
    const run = await apply(bench, REMOVE_TEMP);
    expect(run.structured).toMatchObject({ Status: 'partial', Changed: 193, Failed: 7 });
    expect(stillTagged(bench, keyIds(1, 200))).toEqual(bad);
  });

  it('and the rest can be undone', async () => {
    const bench = await gated(60, refusing(keyIds(5, 5)).fate);
    const run = await apply(bench, REMOVE_TEMP);
    const undo = await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 59, Unchanged: 1 });
    expect(stillTagged(bench, keyIds(1, 60))).toHaveLength(60);
  });
});

describe('when every resource is refused', () => {
  it('the search for the one at fault ends after a few', async () => {
    const wall = refusing(keyIds(1, 1_000));
    const bench = await gated(1_000, wall.fate);
    const run = await apply(bench, REMOVE_TEMP);
    expect(run.isError).toBe(true);
    expect(run.structured).toMatchObject({ Status: 'nothing_done', Changed: 0, Failed: 1_000, NotAttempted: 0 });
    expect(run.text).toMatch(/^Forbidden\.NoPermission: nothing_done: 0 keys changed; 1,000 failed\./);
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
    const run = await apply(bench, REMOVE_TEMP);
    expect(run.isError).toBe(true);
    expect(run.structured).toMatchObject({ Status: 'nothing_done', Changed: 0 });
    expect(run.text).toMatch(new RegExp(`^${code}: `));
    expect(wall.asked()).toBeLessThanOrEqual(8);
    expect(numberOf(run, 'NotAttempted')).toBeGreaterThanOrEqual(600);
    isOpen = true;
    const next = { PlanId: textOf(run, 'PlanId'), Change: textOf(run, 'Change') };
    const rest = await bench.call('apply_plan', next);
    expect(rest.structured).toMatchObject({ Status: 'done', Changed: numberOf(run, 'NotAttempted') });
  });
});

describe('ids that name nothing', () => {
  const args = { ResourceType: 'key', RemoveTagKeys: ['temp'] };

  it('are named in the plan and left out of it, and the rest is done', async () => {
    const bench = await open({ emulator: { keys: 200 } });
    const foreign = 'acs:kms:cn-beijing:1:key/key-000001';
    const ResourceIds = [...keyIds(1, 120), 'key-nowhere', foreign, ...keyIds(1, 5)];
    const { plan, applied } = await planAndApply(bench, { ...args, ResourceIds });
    expect(plan.structured).toMatchObject({ Selected: 120, Concerned: 120 });
    expect(plan.structured['LeftOut']).toEqual(
      expect.arrayContaining([
        { ResourceId: 'key-nowhere', Why: 'is not in this region' },
        { ResourceId: foreign, Why: 'is not in this region' },
      ]),
    );
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 120, Failed: 0 });
    expect(stillTagged(bench, keyIds(1, 200))).toEqual(keyIds(121, 200));
    // None of them reached a write, so nothing had to be split.
    expect(bench.emulator.count(WRITE)).toBe(3);
  });

  it('cost a bounded number of readings when there is nothing else', async () => {
    const bench = await open({ emulator: { keys: 200 } });
    const ResourceIds = Array.from({ length: 500 }, (_, index) => `key-none-${index}`);
    const plan = await bench.call('plan_change', { ...args, ResourceIds });
    expect(plan.structured).toMatchObject({ Selected: 0, Concerned: 0 });
    expect(plan.text).toMatch(/and 49\d more/);
    // Ten for their tags, two for the list of all keys, one for the account.
    expect(bench.emulator.count()).toBe(10 + 2 + 1);
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
    const run = await apply(bench, REMOVE_TEMP);
    expect(run.structured).toMatchObject({ Changed: 60 - numberOf(run, 'NotAttempted'), Failed: 0, Unknown: 0 });
    expect(run.structured['Verified']).toBe(run.structured['Changed']);
  });

  it('is unknown where nobody can look, and is no failure', async () => {
    let isDark = false;
    const bench = await gated(60, ({ action }) => {
      if (action === WRITE) isDark = true;
      return !isDark ? 'pass' : action === WRITE ? 'reset-after' : { deny: 'Forbidden.NoPermission', status: 403 };
    });
    const run = await apply(bench, REMOVE_TEMP);
    expect(run.structured).toMatchObject({ Status: 'partial', Changed: 0, Failed: 0, Unknown: 60 });
    expect(run.isError).toBe(false);
    expect(stillTagged(bench, keyIds(1, 60))).toEqual([]);
  });

  it('is unknown, too, when the attempts after it were throttled', async () => {
    let late = 0;
    let writes = 0;
    const clock = { ...systemClock, now: Date.now, elapsed: () => performance.now() + late };
    const bench = await gatedBench({ keys: 30 }, { clock });
    bench.gate.setFate(({ action }) => {
      if (action !== WRITE) return writes === 0 ? 'pass' : { deny: 'Forbidden.NoPermission', status: 403 };
      writes += 1;
      late += 500;
      return writes === 1 ? 'reset-after' : { deny: 'Rejected.Throttling', status: 429 };
    });
    const run = await apply(bench, REMOVE_TEMP);
    expect(run.structured).toMatchObject({ Status: 'partial', Changed: 0, Failed: 0, Unknown: 30 });
    expect(stillTagged(bench, keyIds(1, 30))).toEqual([]);
  });

  it('does not hide that a part of what was wanted was done', async () => {
    const bench = await gated(3, ({ action }) =>
      action === WRITE ? { deny: 'Forbidden.NoPermission', status: 403 } : 'pass',
    );
    const before = tagsOfAll(bench, keyIds(1, 3));
    const SetTags = [{ TagKey: 'new', TagValue: 'x' }];
    const run = await apply(bench, { ...REMOVE_TEMP, SetTags });
    expect(run.structured).toMatchObject({ Status: 'partial', Changed: 0, Failed: 3 });
    expect(run.text).not.toContain('Nothing was changed');
    for (const id of keyIds(1, 3)) expect(bench.emulator.tagsOf('key', id)).toMatchObject({ new: 'x' });
    expect(stillTagged(bench, keyIds(1, 3))).toHaveLength(3);
    bench.gate.setFate(() => 'pass');
    const undo = await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 3, Unchanged: 3 });
    expect(tagsOfAll(bench, keyIds(1, 3))).toEqual(before);
  });
});

describe('an error that ends the run', () => {
  const data = {
    keys: keyIds(1, 50).map((KeyId, index) => ({ KeyId, Tags: { temp: `value-${index}` } })),
  };
  const RENAME = { ResourceType: 'key', RenameTagKeys: [{ From: 'temp', To: 'tmp' }], Where: [{ TagKey: 'temp' }] };

  it.each<[string, Fate]>([
    ['a refusal of the credentials', { deny: 'InvalidAccessKeyId.Inactive', status: 400 }],
    ['a debt', { deny: 'Forbidden.InDebtOverdue', status: 403 }],
  ])('(%s) ends it also within a part: the requests that are left are not sent', async (_, fate) => {
    let asked = 0;
    const bench = await gatedBench({ data });
    bench.gate.setFate(({ action }) => {
      if (action !== 'TagResources') return 'pass';
      asked += 1;
      return asked > 3 ? fate : 'pass';
    });
    const run = await apply(bench, RENAME);
    // Each of the fifty has a value of its own, and so a request of its own.
    expect(asked).toBe(4);
    expect(run.structured).toMatchObject({ Status: 'partial', Unknown: 0 });
    // What was set stays beside the old tag, which nobody removed.
    expect(bench.emulator.count(WRITE)).toBe(0);
    expect(stillTagged(bench, keyIds(1, 50))).toHaveLength(50);
    bench.gate.setFate(() => 'pass');
    const undo = await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 3 });
    for (const { KeyId, Tags } of data.keys) expect(bench.emulator.tagsOf('key', KeyId)).toEqual(Tags);
  });
});

describe('a tag that comes back at once', () => {
  it('is not verified, is no failure, and is not called removed', async () => {
    let bench: Workbench | undefined;
    let writes = 0;
    bench = await gated(10, ({ action }) => {
      if (action === WRITE) writes += 1;
      // Between the write and its read-back somebody sets the tag anew.
      if (writes === 1 && action === 'ListTagResources') bench?.emulator.setTag('key', 'key-000004', 'temp', 'again');
      return 'pass';
    });
    const run = await apply(bench, REMOVE_TEMP);
    expect(run.structured).toMatchObject({ Changed: 10, Verified: 9, Unverified: 1, Failed: 0 });
    expect(run.text).toContain('1 of them acknowledged by KMS, but reading does not show it yet');
    expect(run.text).not.toContain('all read back');
    const undo = await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Restored: 9, Skipped: 1 });
    expect(bench.emulator.tagsOf('key', 'key-000004')).toMatchObject({ temp: 'again' });
  });
});

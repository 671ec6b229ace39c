import { describe, expect, it } from 'vitest';
import { kmsErrorOf, type PassingReply, type PassingRequest, pageOf } from '../support/intermediary.js';
import { planAndApply, textOf } from '../support/workbench.js';
import { keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';
import { type WatchedBench, WRITES, watchedBench } from './watched.js';

/** Changes the answers to one action. */
function altering(
  bench: WatchedBench,
  action: string,
  alter: (reply: PassingReply, passing: PassingRequest) => PassingReply,
) {
  bench.between.handle(async (passing) => {
    const reply = await passing.forward();
    return passing.action === action && reply.status === 200 ? alter(reply, passing) : reply;
  });
}

/** All keys without the tag, which takes the list of all keys. */
const UNTAGGED = {
  ResourceType: 'key',
  SetTags: [{ TagKey: 'a', TagValue: 'b' }],
  Where: [{ TagKey: 'a', Not: true }],
};

describe('a figure that the service sends', () => {
  it.each([
    ['a number in another notation', '"1e11"'],
    ['a number beyond all that there can be', '100000000000'],
    ['a text of many digits', '"99999999999999999999"'],
    ['infinity', '1e999'],
    ['a negative number', '-1'],
    ['a negative text', '"-1"'],
    ['half a resource', '2.5'],
    ['a hexadecimal text', '"0x10"'],
    ['a text with a blank', '" 250"'],
    ['nothing', 'null'],
    ['an empty text', '""'],
    ['a list', '[250]'],
    ['an object', '{"valueOf":250}'],
    ['true', 'true'],
    ['no number', '"NaN"'],
  ])('is refused where it is no count, with nothing allocated for it: %s', async (_, count) => {
    const bench = await watchedBench({ keys: 250 });
    altering(bench, 'ListKeys', (reply) => ({
      ...reply,
      body: reply.body.replace(/"TotalCount":\d+/, `"TotalCount":${count}`),
    }));
    const heap = process.memoryUsage().heapUsed;
    const plan = await bench.call('plan_change', UNTAGGED);
    expect(plan.text).toMatch(/^ENDPOINT_UNREACHABLE: .*unknown form.*Nothing was changed\./);
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(64 * 1024 * 1024);
    expect(bench.emulator.count('ListKeys')).toBe(1);
    expect(bench.bugs).toEqual([]);
  });

  it.each([
    ['a text', '"250"', 3],
    ['more than there are', '251', 3],
    ['ten million, of which there are 250', '10000000', 4 + 8],
  ])('is taken as far as the pages go: %s', async (_, count, most) => {
    const bench = await watchedBench({ keys: 250 });
    altering(bench, 'ListKeys', (reply) => ({
      ...reply,
      body: reply.body.replace(/"TotalCount":\d+/, `"TotalCount":${count}`),
    }));
    const plan = await bench.call('plan_change', UNTAGGED);
    expect(plan.structured).toMatchObject({ Selected: 250 });
    // An empty page is the end of the list, whatever its count says.
    expect(bench.emulator.count('ListKeys')).toBeLessThanOrEqual(most);
  });

  it.each([['ListAliases'], ['ListSecrets'], ['ListKeys']])('is refused in every list: %s', async (action) => {
    const bench = await watchedBench({});
    altering(bench, action, (reply) => ({
      ...reply,
      body: reply.body.replace(/"TotalCount":\d+/, '"TotalCount":"1e11"'),
    }));
    const answer = await bench.call('summarize_tags', {});
    expect(answer.text).toMatch(/^ENDPOINT_UNREACHABLE: .*Nothing was changed\./);
    expect(bench.bugs).toEqual([]);
  });
});

describe('a list that does not end', () => {
  /** Answers every request of a kind with its first answer. */
  function repeating(bench: WatchedBench, isIt: (passing: PassingRequest) => boolean): () => number {
    // Several pages may be asked for at once.
    let first: Promise<PassingReply> | undefined;
    let asked = 0;
    bench.between.handle((passing) => {
      if (!isIt(passing)) return passing.forward();
      asked += 1;
      first ??= passing.forward();
      return first;
    });
    return () => asked;
  }

  it('because its NextToken repeats is an error at once, and nothing is changed', async () => {
    const bench = await watchedBench({ keys: 1_000 });
    const asked = repeating(bench, ({ action }) => action === 'ListTagResources');
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    expect(plan.text).toMatch(/^ENDPOINT_UNREACHABLE: .*Nothing was changed\./);
    expect(asked()).toBe(2);
  });

  it('because the NextToken of an empty page repeats is an error soon', async () => {
    const bench = await watchedBench({ keys: 10 });
    let asked = 0;
    bench.between.handle(async (passing) => {
      if (passing.action !== 'ListTagResources') return passing.forward();
      asked += 1;
      if (asked > 500) throw new Error('it goes on and on');
      const body = { RequestId: 'r-1', NextToken: 'again', TagResources: { TagResource: [] } };
      return pageOf(200, JSON.stringify(body), 'application/json');
    });
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    expect(plan.text).toMatch(/^ENDPOINT_UNREACHABLE: .*Nothing was changed\./);
    expect(asked).toBe(2);
  });

  it('because two tokens take turns is an error soon', async () => {
    const bench = await watchedBench({ keys: 1_000 });
    const kept: PassingReply[] = [];
    let asked = 0;
    bench.between.handle(async (passing) => {
      if (passing.action !== 'ListTagResources') return passing.forward();
      if (kept.length < 2) kept.push(await passing.forward());
      asked += 1;
      return kept[(asked - 1) % 2];
    });
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    expect(plan.text).toMatch(/^ENDPOINT_UNREACHABLE: .*Nothing was changed\./);
    expect(asked).toBeLessThanOrEqual(3);
  });

  it('because the same rows come with ever new tokens is an error soon', async () => {
    const bench = await watchedBench({ keys: 1_000 });
    let first: PassingReply | undefined;
    let asked = 0;
    bench.between.handle(async (passing) => {
      if (passing.action !== 'ListTagResources') return passing.forward();
      first ??= await passing.forward();
      asked += 1;
      if (asked > 500) throw new Error('it goes on and on');
      return { ...first, body: first.body.replace(/"NextToken":"[^"]*"/, `"NextToken":"t${asked}"`) };
    });
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    expect(plan.text).toMatch(/^ENDPOINT_UNREACHABLE: .*Nothing was changed\./);
    expect(asked).toBeLessThanOrEqual(3);
  });

  it.each([
    ['every page is the first one', ({ action }: PassingRequest) => action === 'ListKeys'],
    [
      'a later page is another later page',
      ({ action, parameters }: PassingRequest) => action === 'ListKeys' && parameters.get('PageNumber') !== '1',
    ],
  ])('or leaves something out, because %s, is an error', async (_, isIt) => {
    const bench = await watchedBench({ keys: 450 });
    repeating(bench, isIt);
    const plan = await bench.call('plan_change', UNTAGGED);
    expect(plan.text).toMatch(/^ENDPOINT_UNREACHABLE: .*Nothing was changed\./);
  });

  it('of secrets is noticed, too', async () => {
    const secrets = Array.from({ length: 350 }, (_, index) => ({ SecretName: `s/${index}`, Tags: {} }));
    const bench = await watchedBench({ data: { secrets } });
    repeating(bench, ({ action, parameters }) => action === 'ListSecrets' && parameters.get('PageNumber') !== '1');
    const found = await bench.call('find_resources', { ResourceType: 'secret' });
    expect(found.text).toMatch(/^ENDPOINT_UNREACHABLE: .*Nothing was changed\./);
  });

  it('while a part of a run is read leaves that part alone', async () => {
    const bench = await watchedBench({ keys: 60 });
    const before = tagsOfAll(bench, keyIds(1, 60));
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    let asked = 0;
    const kept = new Map<string, PassingReply>();
    bench.between.handle(async (passing) => {
      if (passing.action !== 'ListTagResources') return passing.forward();
      asked += 1;
      const first = passing.parameters.get('ResourceId.1') ?? '';
      const known = kept.get(first);
      if (known !== undefined) return known;
      const reply = await passing.forward();
      const endless = { ...reply, body: reply.body.replace('"NextToken":""', '"NextToken":"again"') };
      kept.set(first, endless);
      return endless;
    });
    const applied = await bench.call('apply_plan', { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') });
    expect(applied.isError).toBe(true);
    expect(applied.text).toContain('Nothing was changed');
    expect(asked).toBeLessThanOrEqual(2 * 2);
    expect(tagsOfAll(bench, keyIds(1, 60))).toEqual(before);
  });
});

describe('one resource among many that is gone', () => {
  /** KMS, if it refuses readings that name an id that it does not know. */
  function refusingUnknown(bench: WatchedBench, gone: ReadonlySet<string>, code: string): () => number {
    let reads = 0;
    bench.between.handle(async (passing) => {
      const named = [...passing.parameters].some(([name, id]) => name.startsWith('ResourceId.') && gone.has(id));
      if (passing.action === 'ListTagResources') reads += 1;
      const isMissed = named && (passing.action === 'ListTagResources' || WRITES.has(passing.action));
      return isMissed ? kmsErrorOf(404, code) : passing.forward();
    });
    return () => reads;
  }

  it.each([
    ['InvalidResourceId.NotFound'],
    ['Forbidden.KeyNotFound'],
    ['Forbidden.ResourceNotFound'],
    ['InvalidParameter'],
  ])('costs itself and no other in an undo, where KMS refuses to read it (%s)', async (code) => {
    const all = keyIds(1, 200);
    const bench = await watchedBench({ keys: 200 });
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    const reads = refusingUnknown(bench, new Set(keyIds(77, 77)), code);
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Status: 'partial', Restored: 199, Failed: 1, Verified: 199 });
    expect(undo.structured['Details']).toEqual([{ ResourceId: 'key-000077', Why: code }]);
    expect(stillTagged(bench, all)).toEqual(all.filter((id) => id !== 'key-000077'));
    // Four parts and their reading back, and the search for the one: twice six halves, if it is found twice.
    expect(reads()).toBeLessThanOrEqual(2 * (4 + 2 * 6));
  });

  it('costs itself and no other when a plan is applied', async () => {
    const bench = await watchedBench({ keys: 200 });
    const plan = await bench.call('plan_change', REMOVE_TEMP);
    refusingUnknown(bench, new Set(keyIds(50, 51)), 'InvalidResourceId.NotFound');
    const applied = await bench.call('apply_plan', { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') });
    expect(applied.structured).toMatchObject({ Status: 'partial', Changed: 198, Failed: 2, Verified: 198 });
    expect(stillTagged(bench, keyIds(1, 200))).toEqual(keyIds(50, 51));
  });

  it('is left out and named when a plan is made by id', async () => {
    const bench = await watchedBench({ keys: 200 });
    refusingUnknown(bench, new Set(keyIds(3, 3)), 'InvalidResourceId.NotFound');
    const args = { ResourceType: 'key', RemoveTagKeys: ['temp'], ResourceIds: keyIds(1, 60) };
    const plan = await bench.call('plan_change', args);
    expect(plan.structured).toMatchObject({ Selected: 59, Concerned: 59 });
    expect(plan.structured['LeftOut']).toEqual([{ ResourceId: 'key-000003', Why: 'InvalidResourceId.NotFound' }]);
  });

  it('in the undo of a change of one resource is a failure of that one', async () => {
    const bench = await watchedBench({ keys: 1 });
    const set = await bench.call('untag_resource', { KeyId: 'key-000001', TagKeys: ['temp'] });
    bench.between.handle(async () => kmsErrorOf(404, 'Forbidden.KeyNotFound'));
    const undo = await bench.call('undo_change', { ChangeId: textOf(set, 'ChangeId') });
    expect(undo.text).toMatch(/^Forbidden\.KeyNotFound: /);
    expect(undo.text).toContain('Nothing was changed');
  });
});

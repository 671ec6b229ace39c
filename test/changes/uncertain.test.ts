import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator } from '../../emulator/index.js';
import { kmsErrorOf, type PassingReply, pageOf } from '../support/intermediary.js';
import { type Answer, addedUp, planAndApply, textOf } from '../support/workbench.js';
import { keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';
import { type WatchedBench, WRITES, watchedBench } from './watched.js';

const ALL = keyIds(1, 60);
const UNTAG = { KeyId: 'key-000001', TagKeys: ['temp', 'env'] };
const JSON_TYPE = 'application/json';

/** Requests that read tags. */
const READS: ReadonlySet<string> = new Set(['ListTagResources', 'ListResourceTags', 'DescribeSecret']);

type Reply = PassingReply | undefined;

/**
 * Reads are answered by a replica that lags behind: it has what is there now, and hears of no write, until `hasCaughtUp`.
 */
async function readsLagBehind(bench: WatchedBench, hasCaughtUp: () => boolean): Promise<void> {
  const { emulator, between } = bench;
  const keys = ALL.map((KeyId) => ({ KeyId, Tags: { ...emulator.tagsOf('key', KeyId) } }));
  const replica = await startEmulator({ data: { keys } });
  onTestFinished(() => replica.close());
  between.handle((passing) =>
    passing.forward(READS.has(passing.action) && !hasCaughtUp() ? replica.endpoint : undefined),
  );
}

async function expectAllBack(bench: WatchedBench, run: Answer, before: unknown): Promise<void> {
  bench.between.handle((passing) => passing.forward());
  const undo = await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
  expect(undo.structured).toMatchObject({ Status: 'done' });
  expect(tagsOfAll(bench, ALL)).toEqual(before);
  expect(bench.bugs).toEqual([]);
}

describe('a write that KMS acknowledged and that reading does not show yet', () => {
  it('is unverified, and neither failed nor called read back; undo restores what is gone', async () => {
    const bench = await watchedBench({ keys: 60 });
    const before = tagsOfAll(bench, ALL);
    await readsLagBehind(bench, () => false);
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(applied.structured).toMatchObject({ Changed: 60, Verified: 0, Unverified: 60, Failed: 0, Unknown: 0 });
    expect(applied.text).toContain('60 of them acknowledged by KMS, but reading does not show it yet');
    expect(applied.text).not.toMatch(/Nothing was changed|all read back/);
    expect(stillTagged(bench, ALL)).toEqual([]);
    await expectAllBack(bench, applied, before);
  });

  it('is verified when it shows a second later', async () => {
    const bench = await watchedBench({ keys: 60 });
    const before = tagsOfAll(bench, ALL);
    let since: number | undefined;
    await readsLagBehind(bench, () => {
      if (bench.emulator.count('UntagResources') > 0) since ??= performance.now();
      return since !== undefined && performance.now() - since > 1_000;
    });
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(applied.structured).toMatchObject({ Status: 'done', Changed: 60, Verified: 60, Unverified: 0 });
    await expectAllBack(bench, applied, before);
  });

  it('is unverified in an undo, too, and the undo can be undone', async () => {
    const bench = await watchedBench({ keys: 60 });
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    const without = tagsOfAll(bench, ALL);
    await readsLagBehind(bench, () => false);
    const undo = await bench.call('undo_change', { ChangeId: textOf(applied, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Restored: 60, Verified: 0, Unverified: 60, Failed: 0 });
    expect(undo.text).not.toContain('Nothing was changed');
    expect(stillTagged(bench, ALL)).toEqual(ALL);
    await expectAllBack(bench, undo, without);
  });

  it('is undone also where the change was of one resource', async () => {
    const bench = await watchedBench({ keys: 60 });
    const before = tagsOfAll(bench, ALL);
    await readsLagBehind(bench, () => false);
    const removed = await bench.call('untag_resource', UNTAG);
    await expectAllBack(bench, removed, before);
  });
});

/** Answers of something between, for a write that KMS has carried out. None of them is KMS's word on what happened. */
const NOT_KMS: [string, Reply][] = [
  ['HTTP 403 with a page', pageOf(403, '<html><body>Blocked by policy</body></html>')],
  ['HTTP 403 with an empty body', pageOf(403, '')],
  ['HTTP 401 of a proxy', pageOf(401, 'Proxy login required', 'text/plain')],
  ['HTTP 404 with a page', pageOf(404, '<html>Not here</html>')],
  ['HTTP 407', pageOf(407, '<html>Proxy authentication</html>')],
  ['HTTP 413', pageOf(413, '<html>Too large</html>')],
  ['HTTP 429 with a page', pageOf(429, '<html>Slow down</html>')],
  ['HTTP 451', pageOf(451, '<html>Not for you</html>')],
  ['HTTP 302', { status: 302, headers: { location: 'http://127.0.0.1:9/login' }, body: '' }],
  ['HTTP 304', { status: 304, headers: {}, body: '' }],
  ['HTTP 307 with JSON', { ...pageOf(307, '{"RequestId":"x"}', JSON_TYPE) }],
  ['HTTP 200 with a page', pageOf(200, '<html>Welcome</html>')],
  ['HTTP 200 with an empty body', pageOf(200, '')],
  ['HTTP 204', { status: 204, headers: {}, body: '' }],
  ['HTTP 200 with JSON without a RequestId', pageOf(200, '{"ok":true}', JSON_TYPE)],
  ['HTTP 200 with half an answer', pageOf(200, '{"RequestId":"8054b1', JSON_TYPE)],
  ['HTTP 200 that says Success false', pageOf(200, '{"RequestId":"r-1","Success":false}', JSON_TYPE)],
  ['HTTP 200 that says Success "false"', pageOf(200, '{"RequestId":"r-1","Success":"False"}', JSON_TYPE)],
  ['HTTP 200 that says Success 0', pageOf(200, '{"RequestId":"r-1","Success":0}', JSON_TYPE)],
  ['HTTP 200 that says success no', pageOf(200, '{"RequestId":"r-1","success":"no"}', JSON_TYPE)],
  ['HTTP 200 that says HttpStatus 403', pageOf(200, '{"RequestId":"r-1","HttpStatus":403}', JSON_TYPE)],
  ['HTTP 200 with an error message', pageOf(200, '{"RequestId":"r-1","ErrorMessage":"denied"}', JSON_TYPE)],
  ['HTTP 200 with an error in it', pageOf(200, '{"RequestId":"r-1","Error":{"Code":"Denied"}}', JSON_TYPE)],
  ['HTTP 200 with a list of errors', pageOf(200, '{"RequestId":"r-1","Errors":[{"Code":"Denied"}]}', JSON_TYPE)],
  ['HTTP 403 with JSON without a code', pageOf(403, '{"message":"blocked","requestId":"abc"}', JSON_TYPE)],
  ['HTTP 403 with a number for a code', pageOf(403, '{"code":403,"message":"blocked","requestId":"abc"}', JSON_TYPE)],
  ['HTTP 403 with JSON without a RequestId', pageOf(403, '{"Code":"Forbidden","Message":"blocked"}', JSON_TYPE)],
  ['HTTP 400 with a list', pageOf(400, '[{"Code":"Forbidden","RequestId":"x"}]', JSON_TYPE)],
  ['HTTP 400 with text', pageOf(400, 'Bad Request', 'text/plain')],
  ['HTTP 503 with a throttling code', kmsErrorOf(503, 'Rejected.Throttling')],
  ['HTTP 500 with the code of a refusal', kmsErrorOf(500, 'Forbidden.NoPermission')],
  ['HTTP 502 with a page', pageOf(502, '<html>Bad Gateway</html>')],
  ['a connection that breaks', undefined],
];

describe('what something between says after KMS has acted', () => {
  it.each(NOT_KMS)('proves nothing about a change of one resource: %s', async (_, reply) => {
    const bench = await watchedBench({ keys: 1 });
    const before = bench.emulator.tagsOf('key', 'key-000001');
    bench.between.handle(async (passing) => {
      const own = await passing.forward();
      return WRITES.has(passing.action) ? reply : own;
    });
    const answer = await bench.call('untag_resource', UNTAG);
    expect(bench.emulator.tagsOf('key', 'key-000001')).not.toHaveProperty('temp');
    expect(answer.isError).toBe(true);
    expect(answer.text).not.toContain('Nothing was changed');
    expect(answer.text).toContain('Whether the change was made is not known');
    bench.between.handle((passing) => passing.forward());
    const { structured } = await bench.call('list_changes', {});
    expect(structured['Changes']).toEqual([expect.objectContaining({ State: 'unknown' })]);
    const ChangeId = /ChangeId (\S+?)\)/.exec(answer.text)?.[1];
    const undo = await bench.call('undo_change', { ChangeId });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 2 });
    expect(bench.emulator.tagsOf('key', 'key-000001')).toEqual(before);
  });

  it.each(NOT_KMS)('proves nothing about a part of a plan, which is looked at instead: %s', async (_, reply) => {
    const bench = await watchedBench({ keys: 60 });
    const before = tagsOfAll(bench, ALL);
    bench.between.handle(async (passing) => {
      const own = await passing.forward();
      return WRITES.has(passing.action) ? reply : own;
    });
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(applied.text).not.toContain('Nothing was changed');
    expect(addedUp(applied)).toBe(60);
    const gone = 60 - stillTagged(bench, ALL).length;
    expect(gone).toBeGreaterThan(0);
    // Reading shows what was done, whatever the answer was.
    expect(applied.structured).toMatchObject({ Changed: gone, Verified: gone, Failed: 0, Unknown: 0 });
    await expectAllBack(bench, applied, before);
  });

  it('is told as unknown where nobody can look either', async () => {
    const bench = await watchedBench({ keys: 60 });
    const before = tagsOfAll(bench, ALL);
    let isDark = false;
    bench.between.handle(async (passing) => {
      const own = await passing.forward();
      if (WRITES.has(passing.action)) isDark = true;
      return isDark ? pageOf(403, '<html>Blocked</html>') : own;
    });
    const { applied } = await planAndApply(bench, REMOVE_TEMP);
    expect(applied.structured).toMatchObject({ Status: 'partial', Changed: 0, Failed: 0 });
    expect(applied.structured['Unknown']).toBe(60 - stillTagged(bench, ALL).length);
    await expectAllBack(bench, applied, before);
  });
});

describe("an answer that is KMS's own", () => {
  it.each([
    [403, 'Forbidden.NoPermission'],
    [404, 'Forbidden.KeyNotFound'],
    [400, 'InvalidParameter'],
    [409, 'Rejected.Disabled'],
  ])('proves that nothing happened: HTTP %i %s', async (status, code) => {
    const bench = await watchedBench({ keys: 1 });
    bench.between.handle(async (passing) =>
      WRITES.has(passing.action) ? kmsErrorOf(status, code) : passing.forward(),
    );
    const answer = await bench.call('untag_resource', UNTAG);
    expect(answer.text).toMatch(new RegExp(`^${code}: .*RequestId f1e2d3c4.*Nothing was changed\\.`));
    const { structured } = await bench.call('list_changes', {});
    expect(structured['Changes']).toEqual([expect.objectContaining({ State: 'nothing_done' })]);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import { type AccountData, startEmulator } from '../../emulator/index.js';
import { openWorkbench } from '../support/workbench.js';
import { type Fate, type GateRequest, openGate } from './gate.js';
import { keyringOf } from './keyring.js';
import { virtualClock } from './virtual-clock.js';

/** Keys behind a gate, or one with these tags. */
async function openBench(keys: readonly KeyData[] | Record<string, string>, fate: (request: GateRequest) => Fate) {
  const data = { keys: isList(keys) ? keys : [{ KeyId: 'key-1', Tags: keys }] };
  const emulator = await startEmulator({ data });
  const gate = await openGate(emulator.endpoint);
  gate.setFate(fate);
  const clock = virtualClock();
  const bench = await openWorkbench({ emulator, endpoint: gate.endpoint, clock, rpc: { sleep: clock.sleep } });
  onTestFinished(async () => {
    await bench.close();
    await gate.close();
    await emulator.close();
  });
  return { ...bench, tags: () => emulator.tagsOf('key', 'key-1') };
}

type KeyData = NonNullable<AccountData['keys']>[number];

function isList(keys: readonly KeyData[] | Record<string, string>): keys is readonly KeyData[] {
  return Array.isArray(keys);
}

/** A fate for the answers to writes. */
const ofWrites =
  (fate: Fate) =>
  ({ action }: GateRequest): Fate =>
    action === 'TagResource' || action === 'UntagResource' ? fate : 'pass';

describe('what the fault campaign found', () => {
  it('words of a filter below the headers of KMS do not pass for an answer of KMS', async () => {
    const bench = await openBench({ temp: 'a' }, ofWrites({ answer: 'json-403-kept-header', after: true }));
    const answer = await bench.call('untag_resource', { KeyId: 'key-1', TagKeys: ['temp'] });
    expect(answer.text).toMatch(/^OUTCOME_UNKNOWN: /);
    expect(answer.text).not.toContain('Nothing was changed');
    expect(bench.tags()).toEqual({});
  });

  it('a write with unknown outcome names the values that undo could not restore', async () => {
    const bench = await openBench({ temp: 'two words', env: 'a' }, ofWrites('reset-after'));
    const answer = await bench.call('untag_resource', { KeyId: 'key-1', TagKeys: ['temp', 'env'] });
    expect(answer.text).toMatch(/^OUTCOME_UNKNOWN: /);
    expect(answer.text).toContain('Cannot be restored by undo');
    expect(answer.text).toContain('"temp"="two words"');
    expect(answer.text).not.toContain('"env"="a"');
  });

  it('a write with unknown outcome says so when the earlier values are unknown, too', async () => {
    const bench = await openBench({ temp: 'a' }, (request) =>
      request.action === 'ListResourceTags'
        ? { deny: 'Forbidden.NoPermission', status: 403 }
        : ofWrites('reset-after')(request),
    );
    const answer = await bench.call('untag_resource', { KeyId: 'key-1', TagKeys: ['temp'] });
    expect(answer.text).toContain('Earlier values are unknown');
  });

  it('a change belongs to its account, too, when the access key was replaced just before it', async () => {
    const emulator = await startEmulator({ data: { keys: [{ KeyId: 'key-1', Tags: { temp: 'a' } }] } });
    const keyring = keyringOf(emulator);
    const bench = await openWorkbench({ emulator, credentials: keyring.source });
    onTestFinished(async () => {
      await bench.close();
      await emulator.close();
    });
    keyring.change(false);
    const refused = await bench.call('untag_resource', { KeyId: 'key-1', TagKeys: ['temp'] });
    expect(refused.text).toMatch(/^InvalidAccessKeyId/);
    keyring.learn();
    const removed = await bench.call('untag_resource', { KeyId: 'key-1', TagKeys: ['temp'] });
    expect(removed.structured).toMatchObject({ AccountId: emulator.accountId });
    const undone = await bench.call('undo_change', { ChangeId: removed.structured['ChangeId'] });
    expect(undone.structured).toMatchObject({ Status: 'done', Restored: 1 });
  });

  it.each<[string, (request: GateRequest) => Fate]>([
    [
      'whose count is smaller than its rows',
      () => ({ rewrite: (body) => body.replace(/"TotalCount":\d+/, '"TotalCount":7') }),
    ],
    ['whose third page is the second once more', repeatedPage('3', '2')],
    ['whose second page is the first once more', repeatedPage('2', '1')],
  ])('a list %s is not taken for all that there is', async (_, fate) => {
    const keys = Array.from({ length: 250 }, (__, index) => ({ KeyId: `key-${index}` }));
    const bench = await openBench(keys, (request) => (request.action === 'ListKeys' ? fate(request) : 'pass'));
    const found = await bench.call('find_resources', { ResourceType: 'key' });
    expect(found.isError ? 'an error' : found.structured['Total']).toBe('an error');
  });
});

/** Pages of a list where one is answered as another was. */
function repeatedPage(wrong: string, right: string): (request: GateRequest) => Fate {
  let kept = '';
  return ({ parameters }) => ({
    rewrite: (body) => {
      const isEnabled = parameters.get('Filters')?.includes('Enabled') === true;
      if (isEnabled && parameters.get('PageNumber') === right) kept = body;
      return isEnabled && parameters.get('PageNumber') === wrong ? kept : body;
    },
  });
}

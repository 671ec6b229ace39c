import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator } from '../../emulator/index.js';
import { openWorkbench } from '../support/workbench.js';
import { type Fate, type GateRequest, openGate } from './gate.js';
import { virtualClock } from './virtual-clock.js';

/** One key behind a gate. */
async function openBench(Tags: Readonly<Record<string, string>>, fate: (request: GateRequest) => Fate) {
  const emulator = await startEmulator({ data: { keys: [{ KeyId: 'key-1', Tags: { ...Tags } }] } });
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
});

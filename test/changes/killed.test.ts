import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { emulators } from '../support/running-emulator.js';
import { callTool, textOf } from '../support/workbench.js';
import { keyIds, stillTagged, tagsOfAll } from './gated.js';

const start = emulators();
const tagged = { ResourceType: 'key', TagKeys: ['temp'], WithTagKey: 'temp' };
let program: BuiltProgram;

beforeAll(async () => {
  program = await buildProgram('src/cli/main.ts');
});
afterAll(() => program.remove());

/** The program as a host starts it. */
async function host(endpoint: string, stateDirectory: string) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [program.path, '--endpoint', endpoint, '--region', 'cn-hangzhou', '--state-dir', stateDirectory],
    env: { ALIBABA_CLOUD_ACCESS_KEY_ID: 'testid', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'testsecret' },
    stderr: 'pipe',
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return {
    call: (tool: string, args: Readonly<Record<string, unknown>>) => callTool(client, tool, args),
    kill: () => process.kill(transport.pid ?? 0, 'SIGKILL'),
  };
}

describe('a server killed with -9 in the middle of a run', () => {
  it.each([
    ['undo first', ['undo', 'finish']],
    ['finish first', ['finish', 'undo']],
  ])('leaves a journal that tells; undo restores, and a new call finishes the rest: %s', async (_, order) => {
    const all = keyIds(1, 600);
    const emulator = await start({ keys: 600 });
    const stateDirectory = await mkdtemp(join(tmpdir(), 'kms-tags-killed-'));
    onTestFinished(() => rm(stateDirectory, { recursive: true, force: true }));
    const before = tagsOfAll({ emulator }, all);

    const first = await host(emulator.endpoint, stateDirectory);
    const plan = await first.call('untag_resources', tagged);
    const run = first.call('untag_resources', { ...tagged, PlanToken: textOf(plan, 'PlanToken') });
    run.catch(() => undefined);
    while (emulator.count('UntagResources') < 3) await new Promise((resolve) => setImmediate(resolve));
    first.kill();
    await expect(run).rejects.toThrow();
    const left = stillTagged({ emulator }, all).length;
    expect(left).toBeLessThan(600);
    expect(left).toBeGreaterThan(0);

    const second = await host(emulator.endpoint, stateDirectory);
    const { structured } = await second.call('list_changes', {});
    expect(structured['Changes']).toEqual([
      expect.objectContaining({ State: 'interrupted', Resources: 600, Tool: 'untag_resources' }),
    ]);
    const ChangeId = /"ChangeId":"([^"]+)"/.exec(JSON.stringify(structured))?.[1];
    let tagless = 600 - left;
    for (const step of order) {
      if (step === 'undo') {
        const undo = await second.call('undo_change', { ChangeId });
        expect(undo.structured).toMatchObject({ Status: 'done', Restored: tagless, Unchanged: 600 - tagless });
        tagless = 0;
        expect(tagsOfAll({ emulator }, all)).toEqual(before);
      } else {
        const rest = await second.call('untag_resources', tagged);
        const end = await second.call('untag_resources', { ...tagged, PlanToken: textOf(rest, 'PlanToken') });
        expect(end.structured).toMatchObject({ Status: 'done', Removed: 600 - tagless });
        tagless = 600;
        expect(stillTagged({ emulator }, all)).toEqual([]);
      }
    }
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { onTestFinished } from 'vitest';
import type { Emulator } from '../../emulator/index.js';
import { type Answer, callTool } from '../support/workbench.js';

/** The program as a host starts it. */
export interface Host {
  call(tool: string, args: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** `kill -9`. Resolves when the process has ended. */
  kill(): Promise<void>;
}

/** Starts the built program at `path`; it is closed after the test. */
export async function startHost(
  path: string,
  { accessKeyId, accessKeySecret, endpoint, regionId }: Emulator,
  stateDirectory: string,
  between = endpoint,
): Promise<Host> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [path, '--endpoint', between, '--region', regionId, '--state-dir', stateDirectory],
    env: { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret },
    stderr: 'ignore',
  });
  const client = new Client({ name: 'test', version: '1' });
  const ended = new Promise<void>((resolve) => {
    client.onclose = () => resolve();
  });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return {
    call: (tool, args) => callTool(client, tool, args),
    async kill() {
      process.kill(transport.pid ?? 0, 'SIGKILL');
      await ended;
    },
  };
}

/** A state directory for one test. */
export async function stateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kms-tags-killed-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

/** A process that was killed holds its lease for up to ten seconds: so long its change counts as running. */
const LEASE_MS = 15_000;

/** Repeats a call until `isRunning` is false for its answer. */
async function untilOver(call: () => Promise<Answer>, isRunning: (answer: Answer) => boolean): Promise<Answer> {
  const giveUpAt = performance.now() + LEASE_MS;
  for (;;) {
    const answer = await call();
    if (!isRunning(answer) || performance.now() > giveUpAt) return answer;
    await pause(250);
  }
}

/** Repeats an undo until the change does not count as running any more. */
export function undoUntilAccepted(host: Host, ChangeId: string): Promise<Answer> {
  return untilOver(
    () => host.call('undo_change', { ChangeId }),
    ({ text }) => text.startsWith('CHANGE_RUNNING: '),
  );
}

/** Changes of the journal, newest first, none of them running any more. */
export async function changesOf(host: Host): Promise<readonly { readonly ChangeId: string; readonly State: string }[]> {
  const answer = await untilOver(
    () => host.call('list_changes', { Limit: 100 }),
    ({ structured }) => JSON.stringify(structured['Changes']).includes('"State":"running"'),
  );
  const changes = answer.structured['Changes'];
  if (!Array.isArray(changes)) throw new Error(answer.text);
  return changes;
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

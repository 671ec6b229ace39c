import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Emulator } from '../../../emulator/index.js';
import { startProcess } from '../../fleet/running-process.js';
import { type CallReply, connectClient } from '../../http/mcp-clients.js';
import { callTool } from '../../support/workbench.js';

/** The real program with a client before it. */
export interface Victim {
  call(tool: string, args: Readonly<Record<string, unknown>>): Promise<CallReply>;
  /** Ends the process at once, with signal 9. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Ends it in the usual way. */
  close(): Promise<void>;
}

/** Starts one more program on the same journal. */
export type StartVictim = () => Promise<Victim>;

const PROGRAM = 'dist/main.js';
const TOKEN = 'a-token-of-24-characters-or-more';

/** Over stdio, with a journal of files. */
export async function stdioVictim(emulator: Emulator, stateDirectory: string): Promise<Victim> {
  const where = ['--endpoint', emulator.endpoint, '--region', emulator.regionId, '--state-dir', stateDirectory];
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [PROGRAM, ...where],
    env: keysOf(emulator, stateDirectory),
    stderr: 'ignore',
  });
  const client = new Client({ name: 'kills', version: '1' });
  await client.connect(transport);
  const pid = transport.pid;
  const gone = new Promise<void>((resolve) => {
    client.onclose = resolve;
  });
  return {
    call: (tool, args) => callTool(client, tool, args),
    async kill() {
      if (pid === null) throw new Error('the program has no process');
      process.kill(pid, 'SIGKILL');
      await gone;
    },
    close: () => client.close(),
  };
}

/** Over HTTP, with a journal in Redis. */
export async function httpVictim(emulator: Emulator, redisUrl: string): Promise<Victim> {
  const where = ['--endpoint', emulator.endpoint, '--region', emulator.regionId, '--port', '0'];
  const program = await startProcess(process.execPath, [PROGRAM, 'http', ...where], {
    ...keysOf(emulator, '/nonexistent'),
    KMS_TAGS_HTTP_TOKENS: `kills=${TOKEN}`,
    KMS_TAGS_STATE_KEY: 'the same key of 32 bytes on every replica',
    KMS_TAGS_JOURNAL: redisUrl,
  });
  const urlOf = (): string | undefined => /"url":"(http:[^"]+)"/.exec(program.output())?.[1];
  while (urlOf() === undefined) {
    if (program.child.exitCode !== null) throw new Error(`the program did not start:\n${program.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const client = await connectClient('v2-legacy', urlOf() ?? '', TOKEN);
  return {
    call: (tool, args) => client.call(tool, args),
    async kill() {
      program.child.kill('SIGKILL');
      await program.exited;
      await client.close().catch(() => undefined);
    },
    async close() {
      await client.close();
      await program.stop();
    },
  };
}

function keysOf({ accessKeyId, accessKeySecret }: Emulator, home: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
  };
}

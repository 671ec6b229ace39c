import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type ClientCapabilities, InMemoryTransport } from '@modelcontextprotocol/client';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { onTestFinished } from 'vitest';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/index.js';
import { createApp } from '../../src/app.js';
import { readConfig } from '../../src/cli/config.js';
import type { ServerDeps } from '../../src/mcp/call.js';
import { buildServer } from '../../src/mcp/server.js';
import { type Answer, MODES, replyOf, type Session } from './reply.js';

export interface SessionOptions {
  /** Flags of the command line. */
  readonly args?: readonly string[];
  /** One that runs already, or options for a new one. */
  readonly emulator?: Emulator | EmulatorOptions;
  readonly era?: 'legacy' | 'modern';
  /** The person at the client; without one it cannot ask. */
  readonly person?: (message: string) => Answer | Promise<Answer>;
  /** What the client says it can do; by default it follows from `person`. */
  readonly capabilities?: ClientCapabilities;
  /** Instead of the emulator’s endpoint, region and keys. */
  readonly env?: Readonly<Record<string, string>>;
  readonly where?: readonly string[];
  readonly stateDirectory?: string;
  /** Changes a part of the server: a shorter time, another clock. */
  readonly tune?: (deps: ServerDeps) => ServerDeps;
}

export interface ToolSession extends Session {
  readonly emulator: Emulator;
  readonly stateDirectory: string;
  readonly deps: ServerDeps;
  /** Questions that the person was asked. */
  readonly asked: readonly string[];
  /** Unexpected errors. */
  readonly bugs: readonly unknown[];
  /** Requests so far that write. */
  writes(): number;
}

/** Waits between attempts that a test can afford. */
export const QUICK_RETRY = { maxAttempts: 5, baseDelayMs: 2, maxDelayMs: 20 } as const;

/** Takes what is to be closed. Tests that run side by side give the one of their own context. */
export type AtEnd = (close: () => Promise<void>) => void;

/** The server as the command line would start it, joined in memory to a real client, before an emulator. */
export async function openSession(options: SessionOptions = {}, atEnd: AtEnd = onTestFinished): Promise<ToolSession> {
  const { era = 'legacy', person, args = [], tune = (deps) => deps } = options;
  const emulator = await emulatorOf(options.emulator, atEnd);
  const stateDirectory = options.stateDirectory ?? (await temporaryDirectory(atEnd));
  const env = options.env ?? {
    ALIBABA_CLOUD_ACCESS_KEY_ID: emulator.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: emulator.accessKeySecret,
  };
  const where = options.where ?? ['--endpoint', emulator.endpoint, '--region', emulator.regionId];
  const invocation = readConfig([...where, '--state-dir', stateDirectory, ...args], env);
  if (!('values' in invocation)) throw new Error('not a server');
  const app = await createApp(invocation.values, env, { retry: QUICK_RETRY });
  const bugs: unknown[] = [];
  const deps = tune({ ...app.deps, onUnexpectedError: (error) => bugs.push(error) });
  const source = {
    readOnly: deps.readOnly,
    defaultRegion: deps.defaultRegion,
    profile: undefined,
    open: async () => deps,
  };

  const [near, far] = InMemoryTransport.createLinkedPair();
  serveStdio((context) => buildServer(source, context), { transport: far });
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    {
      capabilities: options.capabilities ?? (person === undefined ? {} : { elicitation: {} }),
      versionNegotiation: { mode: MODES[era] },
    },
  );
  const asked: string[] = [];
  if (person !== undefined) {
    client.setRequestHandler('elicitation/create', async (request) => {
      asked.push(request.params.message);
      return person(request.params.message);
    });
  }
  await client.connect(near);
  atEnd(async () => {
    await client.close();
    await app.close();
  });
  return {
    emulator,
    stateDirectory,
    deps,
    asked,
    bugs,
    call: async (name, input, requestOptions) =>
      replyOf(await client.callTool({ name, arguments: { ...input } }, requestOptions)),
    tools: async () => (await client.listTools()).tools,
    writes: () => WRITES.reduce((sum, action) => sum + emulator.count(action), 0),
  };
}

const WRITES = ['UntagResource', 'TagResource', 'UntagResources', 'TagResources'];

async function emulatorOf(given: Emulator | EmulatorOptions = {}, atEnd: AtEnd): Promise<Emulator> {
  if ('endpoint' in given) return given;
  const emulator = await startEmulator(given);
  atEnd(() => emulator.close());
  return emulator;
}

/** A directory for one test. */
export async function temporaryDirectory(atEnd: AtEnd = onTestFinished): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kms-tags-tools-'));
  atEnd(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

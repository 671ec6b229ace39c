import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema, JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/index.js';
import { type Answer, MODES, replyOf, type Session } from './reply.js';

/** The built program. */
export const PROGRAM = 'dist/main.js';

/** Clients that nobody here wrote. */
export const CLIENTS = ['v1', 'v2-legacy', 'v2-modern'] as const;
export type ClientKind = (typeof CLIENTS)[number];

/** An emulator, a state directory, and how to start a program before them. */
export interface World {
  readonly emulator: Emulator;
  readonly stateDirectory: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function openWorld(options: EmulatorOptions = {}): Promise<World> {
  const emulator = await startEmulator(options);
  const stateDirectory = await mkdtemp(join(tmpdir(), 'kms-tags-e2e-'));
  return {
    emulator,
    stateDirectory,
    args: ['--endpoint', emulator.endpoint, '--region', emulator.regionId, '--state-dir', stateDirectory],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: stateDirectory,
      ALIBABA_CLOUD_ACCESS_KEY_ID: emulator.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: emulator.accessKeySecret,
    },
    async close() {
      await emulator.close();
      await rm(stateDirectory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export interface ProgramOptions {
  readonly program?: string;
  readonly args?: readonly string[];
  /** The person at the client; without one it cannot ask. */
  readonly person?: (message: string) => Answer | Promise<Answer>;
}

export interface Connection extends Pick<Session, 'call'> {
  toolNames(): Promise<readonly string[]>;
  readonly pid: number;
  /** What the client’s transport complained about, such as a line on stdout that is no message. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** Spawns the program and connects a client of `kind` to it. */
export async function connect(kind: ClientKind, world: World, options: ProgramOptions = {}): Promise<Connection> {
  const { program = PROGRAM, args = [], person } = options;
  const command = {
    command: process.execPath,
    args: [program, ...world.args, ...args],
    env: { ...world.env },
    stderr: 'ignore' as const,
  };
  const info = { name: 'e2e', version: '1.0.0' };
  const capabilities = person === undefined ? {} : { elicitation: {} };
  const problems: string[] = [];
  const onerror = (error: Error): void => void problems.push(error.message);
  if (kind === 'v1') {
    const client = new FirstClient(info, { capabilities });
    if (person) client.setRequestHandler(ElicitRequestSchema, async ({ params }) => person(params.message));
    const transport = new FirstTransport(command);
    client.onerror = onerror;
    await client.connect(transport);
    return {
      pid: transport.pid ?? 0,
      problems,
      call: async (name, input, more) =>
        replyOf(await client.callTool({ name, arguments: { ...input } }, undefined, more)),
      toolNames: async () => (await client.listTools()).tools.map((tool) => tool.name),
      close: () => client.close(),
    };
  }
  const mode = kind === 'v2-modern' ? MODES.modern : MODES.legacy;
  const client = new ModernClient(info, { capabilities, versionNegotiation: { mode } });
  if (person) client.setRequestHandler('elicitation/create', async ({ params }) => person(params.message));
  const transport = new ModernTransport(command);
  client.onerror = onerror;
  await client.connect(transport);
  return {
    pid: transport.pid ?? 0,
    problems,
    call: async (name, input, more) => replyOf(await client.callTool({ name, arguments: { ...input } }, more)),
    toolNames: async () => (await client.listTools()).tools.map((tool) => tool.name),
    close: () => client.close(),
  };
}

/** The program without any SDK at the other end: lines in, lines out. */
export interface RawProgram {
  readonly child: ChildProcessWithoutNullStreams;
  /** Lines of stdout so far. */
  readonly lines: readonly string[];
  readonly stderr: () => string;
  send(message: object | string): void;
  /** Waits for the reply to a request. Rejects when the program ends before it. */
  reply(id: number): Promise<unknown>;
  /** Waits for the end: exit status, or the signal that ended it. */
  ended(): Promise<number | string>;
}

export function spawnRaw(
  world: World,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): RawProgram {
  const child = spawn(process.execPath, [PROGRAM, ...world.args, ...args], { env: { ...world.env, ...env } });
  const lines: string[] = [];
  let rest = '';
  let errors = '';
  const waiting = new Map<number, (message: unknown) => void>();
  const exit = once(child, 'exit');
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      const message = JSONRPCMessageSchema.safeParse(parseOr(line)).data;
      if (message !== undefined && 'id' in message && typeof message.id === 'number')
        waiting.get(message.id)?.(message);
    }
  });
  return {
    child,
    lines,
    stderr: () => errors,
    send: (message) => void child.stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`),
    reply: (id) =>
      new Promise((resolve, reject) => {
        waiting.set(id, resolve);
        exit.then(() => reject(new Error(`ended without a reply to ${id}`)));
      }),
    async ended() {
      const [status, signal]: (number | string | null)[] = await exit;
      return status ?? signal ?? 'unknown';
    },
  };
}

function parseOr(line: string): unknown {
  try {
    const parsed: unknown = JSON.parse(line);
    return parsed;
  } catch {
    return undefined;
  }
}

/** Whether a line is a JSON-RPC message. */
export function isMessage(line: string): boolean {
  return JSONRPCMessageSchema.safeParse(parseOr(line)).success;
}

/** A tool call as a client of either era writes it. */
export function callMessage(era: 'legacy' | 'modern', id: number, name: string, args: object): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args, ...metaOf(era) } };
}

/** What every message of the modern era carries. */
export function metaOf(era: 'legacy' | 'modern'): object {
  if (era === 'legacy') return {};
  return {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  };
}

/** Whether there is a process with this id. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

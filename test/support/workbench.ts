import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, InMemoryTransport, type ProgressCallback } from '@modelcontextprotocol/client';
import * as z from 'zod';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/index.js';
import { KMS_VERSION, type Kms, kmsClient } from '../../src/aliyun/kms/kms-client.js';
import { quotaPacer } from '../../src/aliyun/kms/quota.js';
import { tagProtection } from '../../src/changes/protection.js';
import type { CredentialSource } from '../../src/credentials/credentials.js';
import { staticCredentials } from '../../src/credentials/source.js';
import { recentList } from '../../src/inventory/recent-list.js';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { changeJournal } from '../../src/journal/journal.js';
import type { ServerDeps } from '../../src/mcp/call.js';
import { buildServer } from '../../src/mcp/server.js';
import { hmacSeal } from '../../src/mcp/signed-token.js';
import { type RpcClientOptions, rpcClient } from '../../src/rpc/rpc-client.js';
import { undiciTransport } from '../../src/rpc/transport.js';

export interface WorkbenchOptions {
  /** Started for the workbench; or one that runs already, which then stays. */
  readonly emulator?: EmulatorOptions | Emulator;
  /** Where requests go; default: the emulator itself. */
  readonly endpoint?: string;
  readonly credentials?: CredentialSource;
  /** False: as fast as can be, with no heed to quotas. */
  readonly paced?: boolean;
  /** More of what the RPC client takes. */
  readonly rpc?: Partial<RpcClientOptions>;
  /** More of what the server takes. */
  readonly deps?: Partial<ServerDeps>;
  readonly protect?: readonly string[];
  readonly now?: () => number;
  /** Directory for the journal; it stays. Default: one of its own. */
  readonly stateDirectory?: string;
  readonly sealTtlMs?: number;
  readonly sealKey?: Uint8Array;
}

/** What a tool answered. */
export interface Answer {
  readonly isError: boolean;
  readonly text: string;
  readonly structured: Readonly<Record<string, unknown>>;
}

export interface CallExtras {
  readonly signal?: AbortSignal;
  readonly onprogress?: ProgressCallback;
}

/** A real client, the real server, and an emulated KMS, all in this process. */
export interface Workbench {
  readonly emulator: Emulator;
  readonly deps: ServerDeps;
  readonly stateDirectory: string;
  /** What the server reported as a mistake of its own. */
  readonly bugs: readonly unknown[];
  call(tool: string, args: Readonly<Record<string, unknown>>, extras?: CallExtras): Promise<Answer>;
  close(): Promise<void>;
}

/** In memory where there is such a place: thousands of journals are made durable here. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Puts the parts together as `assemble` does, with clocks and waits that a test can afford. */
export async function openWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const { now = Date.now, paced = false } = options;
  const isRunning = options.emulator !== undefined && 'endpoint' in options.emulator;
  const emulator = isRunning ? options.emulator : await startEmulator(options.emulator);
  const stateDirectory = options.stateDirectory ?? (await mkdtemp(join(SCRATCH, 'kms-tags-bench-')));
  const transport = undiciTransport({ env: {}, loopback: true });
  const { accessKeyId, accessKeySecret } = emulator;
  const rpc = rpcClient({
    origin: options.endpoint ?? emulator.endpoint,
    version: KMS_VERSION,
    signature: 'v3',
    credentials: options.credentials ?? staticCredentials({ accessKeyId, accessKeySecret }),
    transport,
    userAgent: 'test',
    timeoutMs: 5_000,
    now,
    ...(paced ? { pace: quotaPacer() } : { random: () => 0 }),
    ...options.rpc,
  });
  const kms: Kms = kmsClient(rpc, emulator.regionId);
  const bugs: unknown[] = [];
  const deps: ServerDeps = {
    kms: () => kms,
    journal: changeJournal({ store: fileJournalStore(stateDirectory), now }),
    protection: tagProtection(options.protect ?? []),
    seal: hmacSeal(options.sealKey ?? randomBytes(32), options.sealTtlMs ?? 600_000, now),
    recentList: recentList(now),
    defaultRegion: emulator.regionId,
    boundRegion: emulator.regionId,
    readOnly: false,
    confirmMode: 'host',
    snapshot: true,
    answerMs: 40_000,
    now,
    reportBug: (error) => bugs.push(error),
    ...options.deps,
  };
  const { client, server } = await connect(deps);
  return {
    emulator,
    deps,
    stateDirectory,
    bugs,
    call: (tool, args, extras) => callTool(client, tool, args, extras),
    async close() {
      await client.close();
      await server.close();
      await transport.close();
      if (!isRunning) await emulator.close();
      if (options.stateDirectory === undefined) await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}

async function connect(deps: ServerDeps) {
  const server = buildServer(deps, { era: 'legacy' });
  const client = new Client({ name: 'test', version: '1' });
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(serverSide);
  await client.connect(clientSide);
  return { client, server };
}

const answerShape = z.object({
  isError: z.boolean().default(false),
  content: z.array(z.object({ type: z.literal('text'), text: z.string() })).length(1),
  structuredContent: z.record(z.string(), z.unknown()).default({}),
});

/** Calls a tool of any client. Throws when the answer is no tool result with one text. */
export async function callTool(
  client: Client,
  name: string,
  args: Readonly<Record<string, unknown>>,
  extras: CallExtras = {},
): Promise<Answer> {
  const result = answerShape.parse(await client.callTool({ name, arguments: args }, extras));
  return {
    isError: result.isError,
    text: result.content.map(({ text }) => text).join(''),
    structured: result.structuredContent,
  };
}

/** A text field of an answer. Throws when there is none. */
export function textOf(answer: Answer, field: string): string {
  const value = answer.structured[field];
  if (typeof value !== 'string') throw new Error(`no ${field} in: ${answer.text}`);
  return value;
}

/** A number of an answer; 0 when there is none. */
export function numberOf(answer: Answer, field: string): number {
  const value = answer.structured[field];
  return typeof value === 'number' ? value : 0;
}

/** The counts of a run in which each selected resource is counted once. */
export function addedUp(answer: Answer): number {
  return ['Removed', 'AbsentAlready', 'Failed', 'Unknown', 'NotAttempted']
    .map((field) => numberOf(answer, field))
    .reduce((sum, count) => sum + count, 0);
}

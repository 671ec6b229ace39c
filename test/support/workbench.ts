import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, InMemoryTransport, type ProgressCallback } from '@modelcontextprotocol/client';
import * as z from 'zod';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/index.js';
import { KMS_VERSION, type Kms, kmsClient } from '../../src/aliyun/kms/kms-client.js';
import { kmsRateLimiter } from '../../src/aliyun/kms/quota.js';
import { accountFinder } from '../../src/aliyun/sts/account.js';
import { STS_VERSION, stsClient } from '../../src/aliyun/sts/sts-client.js';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { tagProtection } from '../../src/changes/protection.js';
import type { CredentialSource } from '../../src/credentials/credentials.js';
import { staticCredentials } from '../../src/credentials/source.js';
import { recentRegions } from '../../src/inventory/recent-regions.js';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { changeJournal } from '../../src/journal/journal.js';
import type { ServerDeps } from '../../src/mcp/call.js';
import { buildServer } from '../../src/mcp/server.js';
import { tokenSigner } from '../../src/mcp/signed-token.js';
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
  readonly clock?: Clock;
  /** Directory for the journal; it stays. Default: one of its own. */
  readonly stateDirectory?: string;
  readonly tokenTtlMs?: number;
  readonly tokenKey?: Uint8Array;
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
  /** Unexpected errors of the server. */
  readonly bugs: readonly unknown[];
  call(tool: string, args: Readonly<Record<string, unknown>>, extras?: CallExtras): Promise<Answer>;
  close(): Promise<void>;
}

/** In memory where there is such a place: thousands of journals are made durable here. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Puts the parts together as `createApp` does, with clocks and waits that a test can afford. */
export async function openWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const { clock = systemClock, paced = false } = options;
  const isRunning = options.emulator !== undefined && 'endpoint' in options.emulator;
  const emulator = isRunning ? options.emulator : await startEmulator(options.emulator);
  const stateDirectory = options.stateDirectory ?? (await mkdtemp(join(SCRATCH, 'kms-tags-bench-')));
  const transport = undiciTransport({ env: {}, loopback: true });
  const { accessKeyId, accessKeySecret } = emulator;
  const origin = options.endpoint ?? emulator.endpoint;
  const credentials = options.credentials ?? staticCredentials({ accessKeyId, accessKeySecret });
  const common = {
    origin,
    signature: 'v3' as const,
    credentials,
    transport,
    userAgent: 'test',
    timeoutMs: 5_000,
    clock,
    ...(paced ? { limiter: kmsRateLimiter() } : { random: () => 0 }),
    ...options.rpc,
  };
  const kms: Kms = kmsClient(rpcClient({ ...common, version: KMS_VERSION }), emulator.regionId);
  // STS is answered by the emulator itself, whatever stands between the server and KMS.
  const sts = stsClient(rpcClient({ ...common, origin: emulator.endpoint, version: STS_VERSION }));
  const bugs: unknown[] = [];
  const deps: ServerDeps = {
    kms: () => kms,
    account: accountFinder({ sts, credentials, endpoint: origin, clock }),
    journal: changeJournal(fileJournalStore(stateDirectory), clock),
    protection: tagProtection(options.protect ?? []),
    tokens: tokenSigner(options.tokenKey ?? randomBytes(32), options.tokenTtlMs ?? 600_000, clock.now),
    recentRegions: recentRegions(clock.elapsed),
    defaultRegion: emulator.regionId,
    servedRegions: [emulator.regionId],
    readOnly: false,
    confirmMode: 'host',
    readBeforeWrite: true,
    answerMs: 40_000,
    clock,
    onUnexpectedError: (error) => bugs.push(error),
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
      if (options.stateDirectory === undefined)
        await rm(stateDirectory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function connect(deps: ServerDeps) {
  const { readOnly, defaultRegion } = deps;
  const source = { readOnly, defaultRegion, profile: undefined, open: async () => deps };
  const server = buildServer(source, { era: 'legacy' });
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

/** The counts of an applied plan, in which each resource of the plan is counted once. */
export function addedUp(answer: Answer): number {
  return ['Changed', 'ChangedSincePlan', 'Failed', 'Unknown', 'NotAttempted']
    .map((field) => numberOf(answer, field))
    .reduce((sum, count) => sum + count, 0);
}

/** Plans a change and applies it, as an agent does. Throws when there is nothing to apply. */
export async function planAndApply(
  bench: Pick<Workbench, 'call'>,
  args: Readonly<Record<string, unknown>>,
  extras?: CallExtras,
): Promise<{ readonly plan: Answer; readonly applied: Answer }> {
  const plan = await bench.call('plan_change', args);
  const applied = await bench.call(
    'apply_plan',
    { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') },
    extras,
  );
  return { plan, applied };
}

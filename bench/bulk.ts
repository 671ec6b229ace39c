// Removal of one tag from many keys, planned and applied, beside one call a key. The quota of KMS is enforced, so what counts
// is how near to it we come. The emulator runs in a process of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import * as z from 'zod';
import { startEmulator } from '../emulator/index.js';
import { machineLine, table } from './figures.js';

const READS_A_SECOND = 50;
const WRITES_A_SECOND = 30;
/** Keys on which one call a key is measured. */
const SINGLE_CALLS = 200;
const ACTIONS = ['ListTagResources', 'UntagResources', 'TagResources', 'UntagResource', 'ListResourceTags'] as const;

type Counts = Readonly<Record<(typeof ACTIONS)[number], number>>;

/** The far side: prints where it is, then tells counts when it is asked. */
async function serveEmulator(keys: number): Promise<void> {
  const emulator = await startEmulator({ keys, quota: true });
  process.on('message', () => {
    process.send?.(Object.fromEntries(ACTIONS.map((action) => [action, emulator.count(action)])));
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ endpoint: emulator.endpoint });
}

const started = z.object({ endpoint: z.string() });
const counted = z.record(z.enum(ACTIONS), z.number());

async function answerOf(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message');
  return message;
}

/** An emulator and a server, each a process, and a client. */
async function open(keys: number) {
  const child = fork(fileURLToPath(import.meta.url), ['emulator', String(keys)], { execArgv: [] });
  const { endpoint } = started.parse(await answerOf(child));
  const stateDirectory = mkdtempSync(join(tmpdir(), 'kms-tags-bulk-'));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['dist/main.js', '--endpoint', endpoint, '--region', 'cn-hangzhou', '--state-dir', stateDirectory],
    env: { ALIBABA_CLOUD_ACCESS_KEY_ID: 'testid', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'testsecret' },
  });
  const client = new Client({ name: 'bench', version: '1' });
  await client.connect(transport);
  return {
    async counts(): Promise<Counts> {
      child.send('counts');
      return counted.parse(await answerOf(child));
    },
    /** In MB. */
    memory(field: 'VmRSS' | 'VmHWM'): number {
      const status = readFileSync(`/proc/${transport.pid}/status`, 'utf8');
      return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
    },
    async call(name: string, args: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
      const result = await client.callTool({ name, arguments: args });
      if (result.isError === true) throw new Error(JSON.stringify(result.content));
      return z.record(z.string(), z.unknown()).parse(result.structuredContent);
    },
    async close() {
      await client.close();
      child.kill();
      rmSync(stateDirectory, { recursive: true });
    },
  };
}

type Bench = Awaited<ReturnType<typeof open>>;

/** Seconds, calls and requests of one part. */
interface Part {
  readonly seconds: number;
  readonly calls: number;
  readonly reads: number;
  readonly writes: number;
  /** Seconds that the quota makes it take, at the least. */
  readonly floor: number;
}

async function measure(bench: Bench, work: () => Promise<number>): Promise<Part> {
  const before = await bench.counts();
  const startedAt = performance.now();
  const calls = await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await bench.counts();
  const reads = after.ListTagResources - before.ListTagResources;
  const writes = after.UntagResources - before.UntagResources + (after.TagResources - before.TagResources);
  return { seconds, calls, reads, writes, floor: 0 };
}

async function measureKeys(keys: number) {
  const bench = await open(keys);
  const removal = { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] };
  await bench.call('list_changes', {});
  const idle = bench.memory('VmRSS');
  // The first call of a server loads what signs and sends.
  await bench.call('list_resource_tags', { KeyId: 'key-000001' });
  let next: Readonly<Record<string, unknown>> = {};
  const plan = await measure(bench, async () => {
    next = await bench.call('plan_change', removal);
    return 1;
  });
  const changes: unknown[] = [];
  let removed = 0;
  const apply = await measure(bench, async () => {
    let calls = 0;
    while (next['PlanId'] !== undefined) {
      next = await bench.call('apply_plan', { PlanId: next['PlanId'], Change: next['Change'] });
      calls += 1;
      removed += Number(next['Changed']);
      changes.push(next['ChangeId']);
    }
    return calls;
  });
  if (removed !== keys) throw new Error(`removed ${removed} of ${keys}`);
  const peak = bench.memory('VmHWM');
  const undo = await measure(bench, async () => {
    let calls = 0;
    for (const ChangeId of changes) {
      for (let status: unknown; status !== 'done'; calls += 1)
        status = (await bench.call('undo_change', { ChangeId }))['Status'];
    }
    return calls;
  });
  const peakWithUndo = bench.memory('VmHWM');
  await bench.close();
  return {
    keys,
    plan: { ...plan, floor: plan.reads / READS_A_SECOND },
    // Each part is read back while the next ones are written; the pages before that come one after the other.
    apply: {
      ...apply,
      floor:
        (apply.reads - apply.writes) / READS_A_SECOND +
        Math.max(apply.writes / WRITES_A_SECOND, apply.writes / READS_A_SECOND),
    },
    undo: { ...undo, floor: Math.max(undo.writes / WRITES_A_SECOND, undo.reads / READS_A_SECOND) },
    idle,
    peak,
    peakWithUndo,
  };
}

/** Seconds for one call a key, from `SINGLE_CALLS` of them, one after the other as an agent makes them. */
async function measureSingleCalls(): Promise<number> {
  const bench = await open(SINGLE_CALLS);
  const part = await measure(bench, async () => {
    for (let number = 1; number <= SINGLE_CALLS; number += 1) {
      await bench.call('untag_resource', { KeyId: `key-${String(number).padStart(6, '0')}`, TagKeys: ['temp'] });
    }
    return SINGLE_CALLS;
  });
  await bench.close();
  return part.seconds / SINGLE_CALLS;
}

function timed({ seconds, calls, reads, writes, floor }: Part): string[] {
  const requests = `${reads} + ${writes}`;
  return [requests, String(calls), floor.toFixed(1), seconds.toFixed(1), (seconds / floor).toFixed(2)];
}

async function main(sizes: readonly number[]): Promise<void> {
  console.log(`${machineLine()}\n`);
  const perKey = await measureSingleCalls();
  console.log(
    `One call a key: ${(perKey * 1000).toFixed(1)} ms each, measured on ${SINGLE_CALLS} keys; extrapolated below.\n`,
  );
  const times: string[][] = [];
  const memory: string[][] = [];
  for (const keys of sizes) {
    const { plan, apply, undo, idle, peak, peakWithUndo } = await measureKeys(keys);
    const both: Part = {
      seconds: plan.seconds + apply.seconds,
      calls: plan.calls + apply.calls,
      reads: plan.reads + apply.reads,
      writes: plan.writes + apply.writes,
      floor: plan.floor + apply.floor,
    };
    const name = keys.toLocaleString('en');
    times.push([name, 'plan and apply', ...timed(both), (perKey * keys).toFixed(0)]);
    times.push(['', 'of that, plan', ...timed(plan), '']);
    times.push(['', 'of that, apply', ...timed(apply), '']);
    times.push([name, 'undo', ...timed(undo), '']);
    memory.push([name, ...[idle, peak, peak - idle, peakWithUndo - idle].map((mb) => mb.toFixed(0))]);
  }
  const requests = 'requests, reads + writes';
  console.log(
    table(['keys', 'part', requests, 'calls', 'quota allows, s', 'took, s', 'ratio', 'one call a key, s'], times),
  );
  console.log('\nResident memory of the server, MB:\n');
  console.log(table(['keys', 'idle', 'most, plan and apply', 'growth', 'growth, with undo'], memory));
}

const [first, second] = process.argv.slice(2);
if (first === 'emulator') await serveEmulator(Number(second));
else await main(process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 10_000, 100_000]);

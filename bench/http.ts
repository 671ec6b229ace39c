// untag_resource over HTTP with 1, 16 and 64 clients, beside a minimal server on the same SDK: rounds in turn, each
// server and the emulator in a process of its own. Only the ratios mean something: all share the machine.
//   npm run bench -- http [seconds a round] [rounds]
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Pool } from 'undici';
import { machineLine, median, series, table } from './figures.js';

const SECONDS = Number(process.argv[2] ?? 2);
const ROUNDS = Number(process.argv[3] ?? 5);
const KEY_ID = '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678';
const BODY = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'untag_resource', arguments: { KeyId: KEY_ID, TagKeys: ['tagkey1', 'tagkey2'] } },
});

const directory = mkdtempSync(join(tmpdir(), 'kms-tags-bench-'));
const children: ChildProcess[] = [];
try {
  const { endpoint } = JSON.parse(await firstLine(['dist/main.js', 'emulator', '--port', '0']));
  const start = async (kind: string) => ({
    url: await firstLine(['scripts/run-ts.js', 'bench/http-target.ts', kind, endpoint, join(directory, kind)]),
    kind,
  });
  const targets = [await start('bare'), await start('ours-no-snapshot'), await start('ours')];
  for (const { url } of targets) await load(url, 16, 1);

  const rows: string[][] = [];
  for (const clients of [1, 16, 64]) {
    const figures = targets.map((target) => ({
      ...target,
      rate: series(),
      p50: series(),
      p99: series(),
    }));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const figure of figures) {
        const { rate, p50, p99 } = await load(figure.url, clients, SECONDS);
        figure.rate.push(rate);
        figure.p50.push(p50);
        figure.p99.push(p99);
      }
    }
    const [base] = figures;
    for (const { kind, rate, p50, p99 } of figures) {
      const ratio = (of: number[], to: number[] | undefined): string => (median(of) / median(to ?? [])).toFixed(2);
      rows.push([
        String(clients),
        kind,
        `${median(rate).toFixed(0)}/s (× ${ratio(rate, base?.rate)})`,
        `${median(p50).toFixed(1)} ms (× ${ratio(p50, base?.p50)})`,
        `${median(p99).toFixed(1)} ms (× ${ratio(p99, base?.p99)})`,
      ]);
    }
  }
  console.log(machineLine());
  console.log(table(['clients', 'server', 'calls', 'median', '99th of a hundred'], rows));
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
}

async function firstLine(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const [line]: unknown[] = await once(createInterface(child.stdout), 'line');
  return String(line);
}

/** So many clients, each with one call after the other. Times in ms. */
async function load(
  url: string,
  clients: number,
  seconds: number,
): Promise<{ rate: number; p50: number; p99: number }> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: clients });
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const times: number[] = [];
  const end = performance.now() + seconds * 1_000;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const started = performance.now();
      const { body, statusCode } = await pool.request({ path: pathname, method: 'POST', headers, body: BODY });
      const text = await body.text();
      if (statusCode !== 200 || !text.includes('"structuredContent"')) throw new Error(`${statusCode} ${text}`);
      times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  await pool.close();
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { rate: times.length / seconds, p50: at(0.5), p99: at(0.99) };
}

// Start-up: from spawn to the reply to tools/list, beside bare Node and a minimal server on the same SDK.
//   npm run bench -- start-up [rounds]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { machineLine, median, series, table } from './figures.js';

const ROUNDS = Number(process.argv[2] ?? 31);
const OPENING = [
  {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  { jsonrpc: '2.0', id: 2, method: 'tools/list' },
];
const ECHO =
  "process.stdin.on('data', (d) => { if (String(d).includes('tools/list')) process.stdout.write('{\"id\":2,\"tools\":[]}\\n'); });";

const directory = mkdtempSync(join(tmpdir(), 'start-up-'));
const minimal = join(directory, 'minimal.mjs');
const echo = join(directory, 'echo.mjs');
writeFileSync(echo, ECHO);
await build({
  entryPoints: ['bench/minimal-server.ts'],
  outfile: minimal,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.18',
  logLevel: 'warning',
});

const programs = [
  { name: 'bare Node, answering by itself', file: echo },
  { name: 'minimal server, same SDK, one bundle', file: minimal },
  { name: 'this server', file: 'dist/main.js' },
].map((program) => ({ ...program, times: series() }));

for (let round = 0; round < ROUNDS + 2; round += 1) {
  for (const program of programs) {
    const took = await timeToList(program.file);
    // The first two rounds fill the disk cache.
    if (round >= 2) program.times.push(took);
  }
}
rmSync(directory, { recursive: true });

const base = median(programs[1]?.times ?? []);
console.log(machineLine());
console.log(
  table(
    ['start-up to tools/list', 'median ms', 'ratio'],
    programs.map(({ name, times }) => [name, median(times).toFixed(1), (median(times) / base).toFixed(2)]),
  ),
);
console.log(`${ROUNDS} alternating rounds; target: this server at most 1.15`);

function timeToList(file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const from = process.hrtime.bigint();
    const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!/"id":2/.test(text) || !text.endsWith('\n')) return;
      resolve(Number(process.hrtime.bigint() - from) / 1e6);
      child.stdin.end();
      child.stdout.removeAllListeners('data');
    });
    child.once('error', reject);
    child.stdin.write(OPENING.map((message) => `${JSON.stringify(message)}\n`).join(''));
  });
}

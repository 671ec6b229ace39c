// What a user pays before the first call: tokens of tools/list, size and packages of an installation beside the
// official clients, and resident memory idle and at work.
//   npm run bench -- footprint
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { machineLine, table } from './figures.js';

const PEERS = [
  '@alicloud/pop-core@1.8.0',
  '@alicloud/openapi-client@0.4.15',
  '@alicloud/kms20160120@1.2.0',
  '@modelcontextprotocol/sdk@1.32.2',
];

console.log(machineLine());
await tokensAndMemory();
installations();

async function tokensAndMemory(): Promise<void> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'footprint-'));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['dist/main.js', '--emulator', '--state-dir', stateDirectory],
  });
  const client = new Client({ name: 'bench', version: '1' });
  await client.connect(transport);
  const { tools } = await client.listTools();
  const rows = tools.map((tool) => [tool.name, String(encode(JSON.stringify(tool)).length)]);
  console.log(
    `\n${table(['tool', 'tokens (o200k)'], [...rows, ['all', String(encode(JSON.stringify(tools)).length)]])}`,
  );
  const idle = residentMiB(transport.pid);
  for (let call = 0; call < 500; call += 1) {
    await client.callTool({ name: 'list_resource_tags', arguments: { SecretName: 'MyDbCredentials' } });
  }
  const atWork = residentMiB(transport.pid);
  console.log(
    `\n${table(
      ['resident memory', 'MiB'],
      [
        ['idle, tools listed', idle],
        ['after 500 calls, embedded emulator in the same process', atWork],
      ],
    )}`,
  );
  await client.close();
  rmSync(stateDirectory, { recursive: true, force: true });
}

function residentMiB(pid: number | null): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024).toFixed(0);
}

function installations(): void {
  const rows: string[][] = [];
  for (const name of ['this package', ...PEERS]) {
    const folder = mkdtempSync(join(tmpdir(), 'footprint-'));
    let spec = name;
    if (name === 'this package') {
      execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { stdio: 'pipe' });
      spec = join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? '');
    }
    execFileSync('npm', ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', spec], {
      stdio: 'pipe',
    });
    const lock: { packages: Record<string, unknown> } = JSON.parse(
      readFileSync(join(folder, 'package-lock.json'), 'utf8'),
    );
    const packages = Object.keys(lock.packages).filter((path) => path !== '').length;
    rows.push([name, String(packages), (bytesIn(join(folder, 'node_modules')) / 2 ** 20).toFixed(1)]);
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${table(['installation', 'packages', 'MiB'], rows)}`);
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(resolve(entry.parentPath, entry.name)).size, 0);
}

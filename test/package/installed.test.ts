import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

const windows = process.platform === 'win32';
const root = mkdtempSync(join(tmpdir(), 'installed-'));
const folder = join(root, 'user');

function npm(cwd: string, ...words: readonly string[]): string {
  // The tarball needs nothing, so nothing may be asked of a registry.
  const all = [...words, '--offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  return execFileSync(windows ? 'npm.cmd' : 'npm', all, { cwd, encoding: 'utf8', shell: windows, stdio: 'pipe' });
}

describe('the packed tarball, installed into an empty folder', () => {
  beforeAll(() => {
    npm(resolve('.'), 'pack', '--pack-destination', root);
    const [tarball = ''] = readdirSync(root).filter((name) => name.endsWith('.tgz'));
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    npm(folder, 'install', join(root, tarball));
  }, 60_000);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('brings no other package', () => {
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'alicloud-kms-tags-mcp',
    ]);
  });

  it('starts, lists its tools and untags on the emulator', async () => {
    const program = join(folder, 'node_modules', 'alicloud-kms-tags-mcp', 'dist', 'main.js');
    const client = new Client({ name: 'test', version: '1' });
    const args = [program, '--emulator', '--state-dir', join(root, 'state')];
    await client.connect(new StdioClientTransport({ command: process.execPath, args, cwd: folder }));
    try {
      expect((await client.listTools()).tools).toHaveLength(9);
      const call = { SecretName: 'MyDbCredentials', TagKeys: ['tagkey1'] };
      const { structuredContent } = await client.callTool({ name: 'untag_resource', arguments: call });
      const { RequestId, RemovedTags } = z
        .object({ RequestId: z.string(), RemovedTags: z.unknown() })
        .parse(structuredContent);
      expect(RequestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(RemovedTags).toEqual([{ TagKey: 'tagkey1', TagValue: 'tagvalue1' }]);
    } finally {
      await client.close();
    }
  });

  it('has the emulator as a module, with types', async () => {
    const script =
      "import { startEmulator } from 'alicloud-kms-tags-mcp/emulator'; const kms = await startEmulator(); console.log(kms.endpoint); await kms.close();";
    writeFileSync(join(folder, 'use.mjs'), script);
    const printed = execFileSync(process.execPath, ['use.mjs'], { cwd: folder, encoding: 'utf8' });
    expect(printed).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/);
    writeFileSync(
      join(folder, 'use.mts'),
      script.replace('console.log(kms.endpoint)', 'const endpoint: string = kms.endpoint; void endpoint'),
    );
    const tsc = resolve('node_modules/typescript/bin/tsc');
    const typeRoots = [resolve('node_modules/@types')];
    const compilerOptions = {
      noEmit: true,
      strict: true,
      module: 'nodenext',
      target: 'es2023',
      types: ['node'],
      typeRoots,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.mts'] }));
    execFileSync(process.execPath, [tsc, '-p', folder], { cwd: folder, encoding: 'utf8' });
  });

  it('answers --version and --help, and refuses what it does not know', () => {
    const bin = join(folder, 'node_modules', '.bin', windows ? 'alicloud-kms-tags-mcp.cmd' : 'alicloud-kms-tags-mcp');
    const run = (flag: string): string =>
      execFileSync(bin, [flag], { encoding: 'utf8', shell: windows, stdio: 'pipe' });
    expect(run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run('--help')).toContain('--region ID');
    expect(() => run('--nonsense')).toThrow(/unknown flag/);
  });
});

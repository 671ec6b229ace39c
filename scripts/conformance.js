// Runs the official conformance suite against the built server over HTTP: the scenarios that apply to this server.
// Needs the npm registry: the suite, and the Node 22 that it asks for, go into a temporary directory, for they are far
// larger than this project.
//   node scripts/conformance.js
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const SUITE = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
const NODE = 'node@22.23.3';
const BASELINE = resolve('test/conformance/baseline.yml');
const SCENARIOS = {
  '2025-11-25': ['server-initialize', 'ping', 'tools-list', 'prompts-list', 'dns-rebinding-protection'],
  '2026-07-28': [
    'tools-list',
    'prompts-list',
    'dns-rebinding-protection',
    'http-header-validation',
    'input-required-result-unsupported-methods',
    'server-stateless',
    'caching',
  ],
};

const directory = mkdtempSync(join(tmpdir(), 'kms-tags-conformance-'));
let server;
let failed = 0;
try {
  const isNew = Number(process.versions.node.split('.')[0]) >= 22;
  // On Windows npm is a script of the shell.
  const install = spawnSync(
    'npm',
    ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', directory, SUITE, ...(isNew ? [] : [NODE])],
    { stdio: 'inherit', shell: process.platform === 'win32' },
  );
  if (install.status !== 0) throw new Error('the suite could not be installed');
  const node = isNew ? process.execPath : join(directory, 'node_modules/node/bin/node');
  const suite = join(directory, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');

  server = spawn(
    process.execPath,
    [
      'dist/main.js',
      'http',
      '--emulator',
      '--port',
      '0',
      '--log-level',
      'error',
      '--state-dir',
      join(directory, 'state'),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const [line] = await once(createInterface(server.stderr), 'line');
  const { url } = JSON.parse(line);
  for (const [version, scenarios] of Object.entries(SCENARIOS)) {
    for (const scenario of scenarios) {
      const run = spawnSync(
        node,
        [
          suite,
          'server',
          '--url',
          url,
          '--scenario',
          scenario,
          '--spec-version',
          version,
          '--expected-failures',
          BASELINE,
        ],
        { cwd: directory, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
      );
      const summary = /^Passed: .*$/m.exec(run.stdout)?.[0] ?? 'no result';
      console.log(`${run.status === 0 ? 'ok    ' : 'FAILED'} ${version} ${scenario}: ${summary}`);
      if (run.status === 0) continue;
      failed += 1;
      console.log(run.stdout, run.stderr);
    }
  }
} finally {
  server?.kill('SIGINT');
  rmSync(directory, { recursive: true, force: true });
}
console.log(failed === 0 ? 'conformance: all as expected' : `conformance: ${failed} scenarios failed`);
process.exit(failed === 0 ? 0 : 1);

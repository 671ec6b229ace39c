import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CANARY, canariesIn } from './canary.js';
import { serve, sessionReply, tempHome } from './temp-home.js';

const SOURCE = fileURLToPath(new URL('../../src/credentials/source.ts', import.meta.url));
const NETWORK = fileURLToPath(new URL('../../src/rpc/credential-network.ts', import.meta.url));
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
// Which CommonJS modules were loaded shows whether the package was; the cache is shared by import and require.
const PROGRAM = `
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { credentialSource } from './credentials/source.js';
import { credentialNetwork } from './rpc/credential-network.js';
// Nobody is at the metadata address, and nothing leaves this machine.
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  if (args[0]?.[0]?.host !== '100.100.100.200') return connect.apply(this, args);
  process.nextTick(() => this.destroy(new Error('nobody there')));
  return this;
};
const network = credentialNetwork({ env: process.env, userAgent: 'test', signature: 'v3' });
const credentials = await credentialSource({ env: process.env, network }).get();
const loaded = Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('@alicloud'));
process.stderr.write('\\n' + JSON.stringify({ id: credentials.accessKeyId, source: credentials.source, loaded }) + '\\n');
`;

// Inside the checkout, so that the unbundled program finds node_modules.
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(dirname(SOURCE), '..', '..', 'node_modules', '.credentials-test-'));
  for (const [name, packages] of [
    ['bundled', 'bundle'],
    ['unbundled', 'external'],
  ] as const) {
    const outdir = join(root, name);
    const js = packages === 'bundle' ? REQUIRE : '';
    const options = {
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      packages,
      banner: { js },
    } as const;
    await build({ entryPoints: [SOURCE, NETWORK], outdir, ...options });
    await writeFile(join(outdir, 'program.js'), PROGRAM);
    await writeFile(join(outdir, 'package.json'), '{"type":"module"}');
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function run(kind: string, home: string, variables: Readonly<Record<string, string>>) {
  const env = { PATH: process.env['PATH'], HOME: home, USERPROFILE: home, DEBUG: '*', ...variables };
  const settings = { ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true', ...env };
  const child = spawn(process.execPath, [join(root, kind, 'program.js')], { env: settings });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const status = await new Promise((resolve) => {
    child.on('close', resolve);
  });
  return { status, ...output, report: output.stderr.trim().split('\n').at(-1) ?? '' };
}

describe.each(['bundled', 'unbundled'])('in a process of its own, %s, under DEBUG=*', (kind) => {
  it('environment variables are used without loading the official package', async () => {
    const home = await tempHome();
    const key = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'id', ALIBABA_CLOUD_ACCESS_KEY_SECRET: CANARY.secret };
    const { status, stdout, stderr, report } = await run(kind, home.path, key);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(JSON.parse(report)).toEqual({ id: 'id', source: 'environment variables', loaded: false });
    expect(canariesIn(stderr)).toEqual([]);
  });

  it('the official package is loaded for the ECS metadata service alone, prints nothing, and lets the process end', async () => {
    const home = await tempHome();
    const uri = await serve((_, response) => response.end(sessionReply('uri-id', CANARY.secret, CANARY.token)));
    for (const [disabled, loaded] of [
      ['true', false],
      ['false', kind === 'unbundled'],
    ] as const) {
      const variables = { ALIBABA_CLOUD_CREDENTIALS_URI: uri, ALIBABA_CLOUD_ECS_METADATA_DISABLED: disabled };
      const { status, stdout, stderr, report } = await run(kind, home.path, variables);
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
      expect(JSON.parse(report)).toEqual({ id: 'uri-id', source: 'credentials URI', loaded });
      expect(canariesIn(stderr)).toEqual([]);
    }
  });
});

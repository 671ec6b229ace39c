// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what hosts leave unexpanded is tested here
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator } from '../../emulator/index.js';
import { connect, openWorld, PROGRAM, type World } from '../support/program.js';
import { runProgram } from '../support/run-program.js';
import { SAMPLE_KEY } from '../support/running-emulator.js';

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runProgram(process.execPath, [PROGRAM, ...args], env);
const TOKENS = { KMS_TAGS_HTTP_TOKENS: 'alice=abcdefghijklmnopqrstuvwx' };

async function tempDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'start-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function worldForOneTest(): Promise<World> {
  const world = await openWorld();
  onTestFinished(() => world.close());
  return world;
}

/** Starts the HTTP server with these words and this environment; its first log line that names a URL. */
async function startHttp(command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(command, [...args], { env: { PATH: process.env['PATH'] ?? '', ...env } });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return new Promise<string>((resolve, reject) => {
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const url = /"url":"([^"]+)"/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (status) => reject(new Error(`ended with ${status}: ${text}`)));
  });
}

describe('the built program, at its start', () => {
  it.each<[readonly string[], Readonly<Record<string, string>>, string]>([
    [
      [],
      { ALIBABA_CLOUD_ACCESS_KEY_ID: '${env:ALI_AK}' },
      'ALIBABA_CLOUD_ACCESS_KEY_ID holds an unresolved placeholder',
    ],
    [['http'], { ALIBABA_CLOUD_SECURITY_TOKEN: '%TOKEN%' }, 'ALIBABA_CLOUD_SECURITY_TOKEN holds an unresolved'],
    [[], { HTTPS_PROXY: 'http://${PROXY}' }, 'HTTPS_PROXY holds an unresolved placeholder'],
    [[], { XDG_STATE_HOME: '${HOME}/.local/state' }, 'XDG_STATE_HOME holds an unresolved placeholder'],
    [[], { KMS_TAGS_STATE_DIR: 'kms-journal' }, 'must be an absolute path, or begin with ~/'],
    [['--region', 'oss-cn-hangzhou'], {}, '--region must be a region ID'],
    [['http'], { KMS_TAGS_JOURNAL: 'redis://:100%zz@h' }, 'KMS_TAGS_JOURNAL has a % in its user or password'],
    [['http'], { KMS_TAGS_JOURNAL: 'redis://h/kms' }, 'KMS_TAGS_JOURNAL must end with the number of a database'],
    [['http', '--allowed-hosts', '*.example.com'], TOKENS, 'wildcards are not supported'],
    [['http', '--allowed-origins', '*'], TOKENS, 'wildcards are not supported'],
    [['--endpoint', 'cn-hangzhou=http://kms.example.com'], {}, '--endpoint must be https'],
  ])('ends with status 2 and one line for %j %j', async (args, env, message) => {
    const { status, stdout, stderr } = await run(args, { HOME: '/nonexistent', ...env });
    expect(stderr).toMatch(/^alicloud-kms-tags-mcp: [^\n]{1,300}\n$/);
    expect(stderr).toContain(message);
    expect([status, stdout]).toEqual([2, '']);
  });

  it('keeps its journal under the home directory for ~/, wherever it was started', async () => {
    const [home, elsewhere] = [await tempDirectory(), await tempDirectory()];
    const world = await worldForOneTest();
    const env = { ...world.env, HOME: home, KMS_TAGS_STATE_DIR: '~/kms-journal' };
    const args = world.args.filter((word) => word !== '--state-dir' && word !== world.stateDirectory);
    const first = await connect('v2-modern', { ...world, args, env });
    const removed = await first.call('untag_resource', { KeyId: SAMPLE_KEY, TagKeys: ['tagkey1'] });
    await first.close();
    expect(removed).toMatchObject({ isError: false });
    expect(await readdir(join(home, 'kms-journal'))).not.toEqual([]);
    const cwd = process.cwd();
    process.chdir(elsewhere);
    onTestFinished(() => process.chdir(cwd));
    const second = await connect('v2-modern', { ...world, args, env }, { program: join(cwd, PROGRAM) });
    const undone = await second.call('undo_change', { ChangeId: String(removed.structured['ChangeId']) });
    await second.close();
    expect(undone).toMatchObject({ isError: false });
    expect(await readdir(elsewhere)).toEqual([]);
  });

  it('serves each region of a list of endpoints at its own, and refuses another with the list', async () => {
    const world = await worldForOneTest();
    const other = await startEmulator({ regionId: 'ap-southeast-1' });
    onTestFinished(() => other.close());
    const endpoints = `cn-hangzhou=${world.emulator.endpoint},ap-southeast-1=${other.endpoint}`;
    const args = ['--endpoint', endpoints, '--region', 'cn-hangzhou', '--state-dir', world.stateDirectory];
    const { call, close } = await connect('v2-modern', { ...world, args });
    onTestFinished(close);
    const list = (more: object) => call('list_resource_tags', { KeyId: SAMPLE_KEY, ...more });
    const served = [() => world.emulator.count(), () => other.count()];
    expect(await list({})).toMatchObject({ isError: false });
    expect(served.map((count) => count())).toEqual([1, 0]);
    expect(await list({ RegionId: 'ap-southeast-1' })).toMatchObject({ isError: false });
    expect(served.map((count) => count())).toEqual([1, 1]);
    const { isError, text } = await list({ RegionId: 'eu-central-1' });
    expect(isError).toBe(true);
    expect(text).toMatch(
      /^INVALID_ARGUMENT: This server's endpoints serve "cn-hangzhou", "ap-southeast-1" only, not "eu-central-1"\. Nothing was changed\./,
    );
    expect(served.map((count) => count())).toEqual([1, 1]);
  });

  it('refuses a SOCKS proxy with the first call, at once', async () => {
    const world = await worldForOneTest();
    const args = ['--region', 'cn-hangzhou', '--state-dir', world.stateDirectory];
    const env = { ...world.env, ALL_PROXY: 'socks5://127.0.0.1:1' };
    const { call, close } = await connect('v2-modern', { ...world, args, env });
    onTestFinished(close);
    const from = performance.now();
    const { isError, text } = await call('list_resource_tags', { KeyId: SAMPLE_KEY });
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(isError).toBe(true);
    expect(text).toContain('ALL_PROXY begins with socks5://; only http:// and https:// proxies work here');
    expect(text).toMatch(/^ENDPOINT_UNREACHABLE: .*Nothing was changed\. .*NO_PROXY/);
  });
});

describe('a user without a home directory', () => {
  const isRoot = process.getuid?.() === 0;

  it.runIf(isRoot)('may remove tags when credentials and state directory are given, and listen', async () => {
    const world = await worldForOneTest();
    const { emulator } = world;
    const state = join('/tmp', `no-home-${process.pid}`);
    onTestFinished(() => rm(state, { recursive: true, force: true }));
    // An id that no /etc/passwd has.
    const nobody = 'process.setgid(54321); process.setuid(54321);';
    const program = join(process.cwd(), PROGRAM);
    const start = `${nobody} process.argv.splice(1, 0, ${JSON.stringify(program)}); import(${JSON.stringify(program)})`;
    const env = {
      ALIBABA_CLOUD_ACCESS_KEY_ID: emulator.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: emulator.accessKeySecret,
      KMS_TAGS_STATE_DIR: state,
    };
    const flags = ['--endpoint', emulator.endpoint, '--region', emulator.regionId];
    const url = await startHttp(process.execPath, ['-e', start, 'http', '--port', '0', ...flags], env);
    const call = { name: 'untag_resource', arguments: { KeyId: SAMPLE_KEY, TagKeys: ['tagkey1'] } };
    const reply = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call }),
    });
    expect(await reply.text()).toMatch(/"RemovedTags":\[\{"TagKey":"tagkey1"/);
  });

  it.runIf(isRoot)('is told what to set when the state directory is not given', async () => {
    const program = join(process.cwd(), PROGRAM);
    const start = `process.setgid(54321); process.setuid(54321); process.argv.splice(1, 0, 'x'); import(${JSON.stringify(program)})`;
    const { status, stderr } = await runProgram(process.execPath, ['-e', start]);
    expect(stderr).toBe(
      'alicloud-kms-tags-mcp: there is no home directory for the change journal: set --state-dir (KMS_TAGS_STATE_DIR)\n',
    );
    expect(status).toBe(2);
  });
});

describe('the environment that Kubernetes makes for a Service named kms-tags', () => {
  const INJECTED = {
    KMS_TAGS_PORT: 'tcp://10.96.12.34:80',
    KMS_TAGS_SERVICE_HOST: '10.96.12.34',
    KMS_TAGS_SERVICE_PORT: '80',
    KMS_TAGS_SERVICE_PORT_HTTP: '80',
    KMS_TAGS_PORT_80_TCP: 'tcp://10.96.12.34:80',
    KMS_TAGS_PORT_80_TCP_PROTO: 'tcp',
    KMS_TAGS_PORT_80_TCP_PORT: '80',
    KMS_TAGS_PORT_80_TCP_ADDR: '10.96.12.34',
  };

  it('does not keep the server from starting', async () => {
    const env = { ...INJECTED, HOME: await tempDirectory() };
    const url = await startHttp(process.execPath, [PROGRAM, 'http', '--port', '0', '--emulator'], env);
    expect((await fetch(new URL('/healthz', url))).status).toBe(200);
  });

  it('does not confuse the health check of the image', async () => {
    const dockerfile = await readFile('Dockerfile', 'utf8');
    const command: unknown = JSON.parse(/HEALTHCHECK[\s\S]*?CMD (\[.*\])/.exec(dockerfile)?.[1] ?? '[]');
    const script = Array.isArray(command) ? String(command[2]) : '';
    const url = await startHttp(process.execPath, [PROGRAM, 'http', '--port', '0', '--emulator'], {
      HOME: await tempDirectory(),
    });
    const check = (env: Record<string, string>, before = '') =>
      runProgram(process.execPath, ['-e', before + script], env);
    expect(await check({ KMS_TAGS_PORT: new URL(url).port })).toMatchObject({ status: 0, stderr: '' });
    expect(await check({ KMS_TAGS_PORT: '1' })).toMatchObject({ status: 1, stderr: '' });
    const shown = 'globalThis.fetch = async (url) => { console.log(url); return { ok: true }; };';
    expect(await check({ ...INJECTED }, shown)).toMatchObject({ stdout: 'http://127.0.0.1:3000/healthz\n', status: 0 });
    expect(await check({}, shown)).toMatchObject({ stdout: 'http://127.0.0.1:3000/healthz\n', status: 0 });
  });

  it('is not made at all by our manifest', async () => {
    expect(await readFile('deploy/kubernetes.yaml', 'utf8')).toMatch(/^ {6}enableServiceLinks: false$/m);
  });
});

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer as createSocketServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/index.js';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { type ProgramRun, runProgram } from '../support/run-program.js';
import { listenForOneTest, portOf } from '../support/upstream.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const HOST = 'kms.cn-hangzhou.aliyuncs.com';

/** Certificates made with `openssl` need it: without it there is nothing to test against. */
describe.skipIf(!hasOpenssl)('over TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tls-'));
  let program: BuiltProgram;
  let tls: { cert: Buffer; key: Buffer };

  beforeAll(async () => {
    const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
    const names = `subjectAltName=DNS:${HOST},IP:127.0.0.1`;
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', [...request, '-subj', '/CN=test', '-addext', names, '-out', cert, '-keyout', key], {
      stdio: 'ignore',
    });
    tls = { cert: readFileSync(cert), key: readFileSync(key) };
    program = await buildProgram('test/rpc/call-program.ts');
  });
  afterAll(async () => {
    await program.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  const keys = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'testid', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'testsecret' };

  interface CallOptions {
    readonly env?: Readonly<Record<string, string>>;
    readonly trusted?: boolean;
    readonly bypass?: boolean;
    readonly nodeFlags?: readonly string[];
  }

  async function call(origin: string, options: CallOptions = {}): Promise<ProgramRun & { readonly result: unknown }> {
    const { env = {}, trusted = true, bypass = true, nodeFlags = [] } = options;
    const trust = trusted ? { NODE_EXTRA_CA_CERTS: join(directory, 'cert.pem') } : {};
    const args = [...nodeFlags, program.path, origin, 'v3', bypass ? 'bypass' : 'no-bypass'];
    const run = await runProgram(process.execPath, args, { ...keys, ...trust, ...env });
    const result: unknown = JSON.parse(run.stdout || 'null');
    return { ...run, result };
  }

  /** A KMS endpoint behind TLS. */
  async function tlsEndpoint(options: TlsOptions = {}) {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.close());
    const heard: string[] = [];
    const server = createTlsServer({ ...tls, ...options }, (socket) => {
      const inner = connect(portOfOrigin(emulator.endpoint), '127.0.0.1');
      socket.on('data', (data) => heard.push(String(data)));
      socket.on('error', () => inner.destroy());
      inner.on('error', () => socket.destroy());
      socket.pipe(inner).pipe(socket);
    });
    server.on('tlsClientError', () => undefined);
    await listenForOneTest(server);
    return { origin: `https://127.0.0.1:${portOf(server)}`, port: portOf(server), emulator, heard };
  }

  it('a server with a certificate that is trusted is called', async () => {
    const { origin, emulator } = await tlsEndpoint();
    const { result } = await call(origin);
    expect(result).toEqual({ requestId: expect.any(String) });
    expect(emulator.count()).toBe(1);
  });

  it('a server that speaks TLS 1.1 at best is refused, and nothing is sent', async () => {
    const { origin, heard } = await tlsEndpoint({
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    // The flags let Node itself speak TLS 1.1: what refuses is the client's own setting.
    const nodeFlags = ['--tls-min-v1.0', '--tls-cipher-list=DEFAULT@SECLEVEL=0'];
    const { result } = await call(origin, { nodeFlags });
    expect(result).toMatchObject({ kind: 'unreachable', effect: 'none', reason: expect.stringMatching(/SSL|TLS/) });
    expect(heard).toEqual([]);
  });

  it('a server with a certificate of its own making is refused, and nothing is sent', async () => {
    const { origin, heard } = await tlsEndpoint();
    const { result } = await call(origin, { trusted: false });
    expect(result).toMatchObject({ kind: 'unreachable', effect: 'none', reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(result).toMatchObject({ trouble: 'certificate', attempts: 1 });
    expect(heard).toEqual([]);
  });

  it('a server whose certificate is for another name is refused, and nothing is sent', async () => {
    const { port, heard } = await tlsEndpoint();
    const { result } = await call(`https://localhost:${port}`);
    expect(result).toMatchObject({ kind: 'unreachable', effect: 'none', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(result).toMatchObject({ trouble: 'certificate', attempts: 1 });
    expect(heard).toEqual([]);
  });

  describe('through a proxy', () => {
    /** A real CONNECT proxy that knows one address for every name. */
    async function connectProxy(port: number, authorization?: string) {
      const asked: string[] = [];
      const proxy: Server = createHttpServer((_, response) => response.writeHead(405).end()).on(
        'connect',
        (request, socket) => {
          asked.push(request.url ?? '');
          socket.on('error', () => undefined);
          if (authorization !== undefined && request.headers['proxy-authorization'] !== authorization) {
            socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
            return;
          }
          const inner = connect(port, '127.0.0.1', () => {
            socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
            inner.pipe(socket).pipe(inner);
          });
          inner.on('error', () => socket.destroy());
        },
      );
      await listenForOneTest(proxy);
      return { url: `http://127.0.0.1:${portOf(proxy)}`, asked };
    }

    /** A proxy that has one answer to CONNECT. */
    async function answeringProxy(status: number) {
      const asked: string[] = [];
      const proxy: Server = createHttpServer().on('connect', (request, socket) => {
        asked.push(request.url ?? '');
        socket.on('error', () => undefined);
        socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      });
      await listenForOneTest(proxy);
      return { url: `http://127.0.0.1:${portOf(proxy)}`, asked };
    }

    /** Counts who connects. */
    async function countingServer() {
      let connections = 0;
      const server = createSocketServer((socket) => {
        connections += 1;
        socket.destroy();
      });
      await listenForOneTest(server);
      return { url: `http://127.0.0.1:${portOf(server)}`, connections: () => connections };
    }

    it.each(['HTTPS_PROXY', 'https_proxy'])('%s is used, and only the host name is told to it', async (name) => {
      const { port, emulator } = await tlsEndpoint();
      const { url, asked } = await connectProxy(port);
      const { result } = await call(`https://${HOST}`, { env: { [name]: url } });
      expect(result).toEqual({ requestId: expect.any(String) });
      expect(asked).toEqual([`${HOST}:443`]);
      expect(emulator.count()).toBe(1);
    });

    it('a proxy without a scheme is one that speaks HTTP', async () => {
      const { port } = await tlsEndpoint();
      const { url, asked } = await connectProxy(port);
      await call(`https://${HOST}`, { env: { HTTPS_PROXY: url.replace('http://', '') } });
      expect(asked).toEqual([`${HOST}:443`]);
    });

    it('a proxy gets the name and password of its URL', async () => {
      const { port } = await tlsEndpoint();
      const { url } = await connectProxy(port, `Basic ${Buffer.from('user:pa ss').toString('base64')}`);
      const env = { HTTPS_PROXY: url.replace('://', '://user:pa%20ss@') };
      expect((await call(`https://${HOST}`, { env })).result).toEqual({ requestId: expect.any(String) });
    });

    it('a proxy that wants a password is named with its status, and asked once', async () => {
      const { port, heard } = await tlsEndpoint();
      const { url, asked } = await connectProxy(port, 'Basic other');
      const { result } = await call(`https://${HOST}`, { env: { HTTPS_PROXY: url } });
      const failure = { reason: 'the proxy answered HTTP 407', proxy: new URL(url).host, trouble: 'proxy-refusal' };
      expect(result).toMatchObject({ kind: 'unreachable', effect: 'none', host: HOST, ...failure });
      expect(asked).toHaveLength(1);
      expect(heard).toEqual([]);
    });

    it.each([
      [403, 1],
      [405, 1],
      [502, 2],
      [503, 2],
    ])('a proxy that answers %s to CONNECT is asked %s times', async (status, times) => {
      const { url, asked } = await answeringProxy(status);
      const { result } = await call(`https://${HOST}`, { env: { HTTPS_PROXY: url } });
      const reason = `the proxy answered HTTP ${status}`;
      expect(result).toMatchObject({ kind: 'unreachable', effect: 'none', reason, proxy: new URL(url).host });
      expect(asked).toHaveLength(times);
    });

    it('a proxy that is not there is named', async () => {
      const { result } = await call(`https://${HOST}`, { env: { HTTPS_PROXY: 'http://user:Canary9Zq@127.0.0.1:1' } });
      expect(result).toMatchObject({ kind: 'unreachable', reason: 'ECONNREFUSED', proxy: '127.0.0.1:1' });
      expect(JSON.stringify(result)).not.toContain('Canary9Zq');
    });

    it.each(['HTTPS_PROXY', 'ALL_PROXY', 'all_proxy'])(
      '%s is used, and gets a name without a password',
      async (name) => {
        const { port } = await tlsEndpoint();
        const { url, asked } = await connectProxy(port, `Basic ${Buffer.from('token:').toString('base64')}`);
        const { result } = await call(`https://${HOST}`, { env: { [name]: url.replace('://', '://token@') } });
        expect(result).toEqual({ requestId: expect.any(String) });
        expect(asked).toHaveLength(1);
      },
    );

    it.each([
      ['HTTPS_PROXY', 'not a url', 'HTTPS_PROXY is no URL of a proxy; only http:// and https:// proxies work here'],
      ['https_proxy', 'ftp://127.0.0.1', 'https_proxy begins with ftp://; only http:// and https:// proxies work here'],
      [
        'HTTPS_PROXY',
        'http://user:Canary9Zq@:x/',
        'HTTPS_PROXY is no URL of a proxy; only http:// and https:// proxies work here',
      ],
      [
        'HTTPS_PROXY',
        'http://user:Canary9Zq%zz@proxy:3128',
        'HTTPS_PROXY has a % in its user or password that begins no escape: write it %25',
      ],
    ])('%s=%s is refused without a connection, and is not repeated', async (name, setting, reason) => {
      const { result, stdout, stderr } = await call(`https://${HOST}`, { env: { [name]: setting } });
      expect(result).toMatchObject({ kind: 'unreachable', effect: 'none', reason, trouble: 'proxy-setting' });
      expect(stdout + stderr).not.toContain('Canary9Zq');
    });

    it.each([
      ['HTTPS_PROXY', 'socks5'],
      ['HTTPS_PROXY', 'socks5h'],
      ['HTTPS_PROXY', 'socks4'],
      ['ALL_PROXY', 'socks5'],
      ['all_proxy', 'socks'],
    ])(
      '%s with %s is refused at once and never connected to, unless NO_PROXY makes it unused',
      async (name, scheme) => {
        const { origin } = await tlsEndpoint();
        const { url, connections } = await countingServer();
        const env = { [name]: url.replace('http', scheme) };
        const { result } = await call(`https://${HOST}`, { env });
        const reason = `${name} begins with ${scheme}://; only http:// and https:// proxies work here`;
        expect(result).toMatchObject({ kind: 'unreachable', effect: 'none', reason, trouble: 'proxy-setting' });
        for (const options of [
          { env: { ...env, NO_PROXY: '127.0.0.1' }, bypass: false },
          { env, bypass: true },
        ]) {
          expect((await call(origin, options)).result).toEqual({ requestId: expect.any(String) });
        }
        expect(connections()).toBe(0);
      },
    );

    it('an http proxy for https comes before a SOCKS proxy for all', async () => {
      const { port } = await tlsEndpoint();
      const { url, asked } = await connectProxy(port);
      await call(`https://${HOST}`, { env: { ALL_PROXY: 'socks5://127.0.0.1:1', HTTPS_PROXY: url } });
      expect(asked).toHaveLength(1);
    });

    it.each([
      ['example.com, 127.0.0.1', false],
      ['*', false],
      ['example.com', true],
      ['*.0.0.1', false],
      ['.0.0.1:443', true],
    ])('with NO_PROXY=%j it is used: %s', async (noProxy, isUsed) => {
      const { origin, port } = await tlsEndpoint();
      const { url, asked } = await connectProxy(port);
      const env = { HTTPS_PROXY: url, NO_PROXY: noProxy };
      const { result } = await call(origin, { env, bypass: false });
      expect(result).toEqual({ requestId: expect.any(String) });
      expect(asked).toHaveLength(isUsed ? 1 : 0);
    });

    it('a loopback endpoint is reached directly, whatever is set', async () => {
      const { origin, port } = await tlsEndpoint();
      const { url, asked } = await connectProxy(port);
      const emulator: Emulator = await startEmulator();
      onTestFinished(() => emulator.close());
      const env = { HTTPS_PROXY: url, HTTP_PROXY: url, https_proxy: url, http_proxy: url };
      for (const endpoint of [origin, emulator.endpoint]) {
        expect((await call(endpoint, { env })).result).toEqual({ requestId: expect.any(String) });
      }
      expect(asked).toEqual([]);
    });

    it('a certificate that is not trusted is refused, and nothing is sent', async () => {
      const { port, heard } = await tlsEndpoint();
      const { url } = await connectProxy(port);
      const { result } = await call(`https://${HOST}`, { env: { HTTPS_PROXY: url }, trusted: false });
      expect(result).toMatchObject({ kind: 'unreachable', reason: 'DEPTH_ZERO_SELF_SIGNED_CERT', effect: 'none' });
      expect(heard).toEqual([]);
    });
  });
});

function portOfOrigin(origin: string): number {
  return Number(new URL(origin).port);
}

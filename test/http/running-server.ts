import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../emulator/index.js';
import { readConfig } from '../../src/cli/config.js';
import { type HttpTuning, openHttpServer, type RunningHttp } from '../../src/cli/http.js';
import { jsonLog } from '../../src/http/log.js';

export const ALICE = 'alice-0123456789-0123456789';
export const BOB = 'bob-0123456789-0123456789-01';
export const READER = 'reader-0123456789-0123456789';
export const ADMIN = 'admin-0123456789-0123456789';
export const TOKENS = `alice=${ALICE},bob=${BOB},rita:read=${READER},root:admin=${ADMIN}`;

/** The sample key that calls change. */
export const KEY_ID = '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678';

export interface TestServer extends RunningHttp {
  readonly url: string;
  readonly emulator: Emulator;
  /** Log lines so far, parsed. */
  readonly log: readonly Record<string, unknown>[];
  /** The lines as text. */
  logText(): string;
}

/** The server as the command line would start it, in this process, with an emulator of its own. */
export async function runningServer(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = { KMS_TAGS_HTTP_TOKENS: TOKENS },
  tuning: HttpTuning = {},
): Promise<TestServer> {
  const emulator = await startEmulator();
  const stateDirectory = await mkdtemp(join(tmpdir(), 'kms-tags-http-'));
  const fullEnv = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: emulator.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: emulator.accessKeySecret,
    KMS_TAGS_ENDPOINT: emulator.endpoint,
    KMS_TAGS_LOG_LEVEL: 'debug',
    ...env,
  };
  const where = ['--region', emulator.regionId, '--state-dir', stateDirectory];
  const invocation = readConfig(['http', '--port', '0', ...where, ...args], fullEnv);
  if (!('values' in invocation)) throw new Error('not a server');
  const lines: string[] = [];
  const log = jsonLog(invocation.values['log-level'], (line) => lines.push(line));
  const server = await openHttpServer(invocation.values, fullEnv, log, {
    ...tuning,
    limits: { lameDuckMs: 50, ...tuning.limits },
  });
  return {
    ...server,
    url: `${server.origin}/mcp`,
    emulator,
    get log() {
      return lines.map((line) => JSON.parse(line));
    },
    logText: () => lines.join(''),
    async close() {
      await server.drain({ lameDuck: false });
      await server.close();
      await emulator.close();
      await rm(stateDirectory, { recursive: true });
    },
  };
}

export interface RawOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A body that would remove `tagkey1` from the sample key, as a 2025-era client sends it. */
export function untagBody(more: Readonly<Record<string, unknown>> = {}): string {
  const params = { name: 'untag_resource', arguments: { KeyId: KEY_ID, TagKeys: ['tagkey1'], ...more } };
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
}

/** POSTs to `/mcp` without an SDK. */
export function post(url: string, { token, headers = {}, body = untagBody() }: RawOptions = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
}

/** What every message of the 2026 era carries. */
export const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
} as const;

/** Headers without which a tool call of the 2026 era is refused. */
export function modernHeaders(tool: string): Readonly<Record<string, string>> {
  return { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool };
}

/** Writes lines and a body to a connection of its own, and reads all that comes until the server closes it. */
export function exchange(origin: string, lines: readonly string[], body: string | Buffer = ''): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname.replace(/[[\]]/g, ''));
    socket
      .setEncoding('utf8')
      .setTimeout(10_000, () => socket.destroy(new Error(`still open after ten seconds: ${text}`)))
      .on('data', (chunk) => {
        text += chunk;
      })
      .once('error', reject)
      .once('close', () => resolve(text));
    const length = Buffer.byteLength(body) > 0 ? [`Content-Length: ${Buffer.byteLength(body)}`] : [];
    socket.write([...lines, ...length, '', ''].join('\r\n'));
    socket.write(body);
  });
}

/** The status of a raw answer. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { ALICE, post, runningServer, type TestServer } from './running-server.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A call that KMS takes half a second to answer. */
async function slowServer(limits: Readonly<Record<string, number>> = {}): Promise<TestServer> {
  server = await runningServer([], undefined, { limits: { lameDuckMs: 200, ...limits } });
  return server;
}

describe('drain', () => {
  it('is not ready at once, finishes what is under way, and takes nothing new after that', async () => {
    const { url, origin, emulator, drain } = await slowServer();
    emulator.setFaults({ probabilities: { slow: 1 }, slowMs: 400 });
    const call = post(url, { token: ALICE }).then((reply) => reply.text());
    await expect.poll(() => emulator.count(), { timeout: 5_000 }).toBeGreaterThan(0);
    const drained = drain();
    const ready = await fetch(`${origin}/readyz`);
    expect(ready.status).toBe(503);
    expect(ready.headers.get('connection')).toBe('close');
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
    expect(await call).toContain('RequestId');
    expect(await drained).toBe(true);
    await expect(fetch(`${origin}/healthz`)).rejects.toThrow();
  });

  it.each(['application/json, text/event-stream', 'application/json'])(
    'tells a client that keeps its connection to close it, with Accept: %s',
    async (accept) => {
      const { url, origin, drain } = await slowServer();
      const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
      const connection = (): Promise<string | null> =>
        post(url, { token: ALICE, body, headers: { accept } }).then(async (reply) => {
          await reply.text();
          return reply.headers.get('connection');
        });
      expect(await connection()).toBe('keep-alive');
      const drained = drain();
      expect((await fetch(`${origin}/readyz`)).status).toBe(503);
      expect(await connection()).toBe('close');
      expect(await drained).toBe(true);
    },
  );

  it('waits neither for idle connections nor for those that never sent anything', async () => {
    const { origin, drain } = await slowServer();
    await fetch(`${origin}/healthz`);
    const silent = connect(Number(new URL(origin).port), '127.0.0.1').on('error', () => undefined);
    await once(silent, 'connect');
    const started = performance.now();
    expect(await drain()).toBe(true);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('ends a stream of changes properly, which would never end by itself', async () => {
    const { url, drain } = await slowServer();
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const params = { notifications: { toolsListChanged: true }, _meta };
    const stream = await post(url, {
      token: ALICE,
      headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'subscriptions/listen', params }),
    });
    const text = stream.text();
    expect(await drain({ lameDuck: false })).toBe(true);
    expect(await text).toMatch(/subscriptions\/acknowledged[\s\S]*"id":7,"result":\{"resultType":"complete"/);
  });

  it('cuts off a call that outlives its time, and lets KMS finish nothing more for it', async () => {
    const slow = await slowServer({ answerMs: 300 });
    const { url, emulator, drain } = slow;
    emulator.setFaults({ probabilities: { slow: 1 }, slowMs: 5_000 });
    const call = post(url, { token: ALICE }).then((reply) => reply.text());
    call.catch(() => undefined);
    await expect.poll(() => emulator.count('ListResourceTags'), { timeout: 5_000 }).toBe(1);
    await drain({ lameDuck: false });
    await expect(call).rejects.toThrow();
    expect([emulator.count('ListResourceTags'), emulator.count('UntagResource')]).toEqual([1, 0]);
    const line = (): unknown => slow.log.find((entry) => entry['event'] === 'request');
    await expect.poll(line).toMatchObject({ cut: true });
  });
});

describe('the process', () => {
  const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  it.each([
    ['SIGTERM', 2_000],
    ['SIGINT', 0],
  ] as const)('ends with status 0 after %s, with JSON on stderr and nothing on stdout', async (signal, leastMs) => {
    child = spawnProgram(['http', '--emulator', '--port', '0']);
    const [stdout, stderr] = [collect(child, 'stdout'), collect(child, 'stderr')];
    await expect.poll(stderr, { timeout: 15_000 }).toContain('listening');
    const { url } = JSON.parse(stderr());
    expect((await post(url, { body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' })).status).toBe(200);
    const exited = once(child, 'exit');
    const started = performance.now();
    child.kill(signal);
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - started).toBeGreaterThanOrEqual(leastMs);
    expect(stdout()).toBe('');
    const events = stderr()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    expect(events).toEqual(['listening', 'request', 'draining', 'stopped']);
  });

  it('says in one line that the port is taken', async () => {
    const { origin } = await slowServer();
    child = spawnProgram(['http', '--emulator', '--port', new URL(origin).port]);
    const stderr = collect(child, 'stderr');
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(JSON.parse(stderr())).toMatchObject({ level: 'error', event: 'cannot listen', code: 'EADDRINUSE' });
  });

  function spawnProgram(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [PROGRAM, ...args]);
  }
});

function collect(child: ChildProcess, name: 'stdout' | 'stderr'): () => string {
  let text = '';
  child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

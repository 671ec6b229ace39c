import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, KEY_ID, post, runningServer, type TestServer, untagBody } from './running-server.js';

const LIMITS = { headersMs: 600, receiveMs: 900, checkMs: 100, idleMs: 400, requests: 4, sockets: 1_100 };

let server: TestServer;
let before: unknown;

beforeAll(async () => {
  server = await runningServer([], undefined, { limits: LIMITS });
  before = server.emulator.tagsOf('key', KEY_ID);
});
afterAll(() => server.close());

function expectNothingChanged(): void {
  expect(server.emulator.count('UntagResource')).toBe(0);
  expect(server.emulator.tagsOf('key', KEY_ID)).toEqual(before);
}

/** A connection without HTTP on it. */
async function openSocket(): Promise<Socket> {
  const socket = connect(Number(new URL(server.origin).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** All that arrives until the other side closes. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text;
}

const HEAD = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${ALICE}\r\nContent-Type: application/json\r\n`;

describe('bodies', () => {
  it('refuses 10 MB with 413, with and without a declared length', async () => {
    const body = untagBody({ RegionId: 'x'.repeat(10_000_000) });
    expect((await post(server.url, { token: ALICE, body })).status).toBe(413);
    const chunked = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ALICE}` },
      body: new Blob([body]).stream(),
      duplex: 'half',
    });
    expect(chunked.status).toBe(413);
    expectNothingChanged();
  });

  it('takes a body just under the limit', async () => {
    const reply = await post(server.url, { token: ALICE, body: JSON.stringify({ x: 'x'.repeat(1024 * 1024 - 10) }) });
    expect(reply.status).toBe(400);
  });

  it.each([
    ['half a message', '{"jsonrpc":', -32_700],
    ['nothing', '', -32_700],
    ['no message', '"text"', -32_600],
    ['a message without a method', '{"jsonrpc":"2.0","id":1}', -32_600],
    ['a batch of one', `[${untagBody()}]`, -32_600],
    ['a batch of a hundred', `[${Array.from({ length: 100 }, () => untagBody()).join(',')}]`, -32_600],
    ['an empty batch', '[]', -32_600],
  ])('refuses %s with 400', async (_, body, code) => {
    const reply = await post(server.url, { token: ALICE, body });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: { code } });
    expectNothingChanged();
  });

  it('refuses a form that a web page could send unasked with 415', async () => {
    const reply = await post(server.url, { token: ALICE, headers: { 'content-type': 'text/plain' } });
    expect(reply.status).toBe(415);
    expectNothingChanged();
  });
});

describe('slow senders', () => {
  it('answers headers that do not end with 408', async () => {
    const socket = await openSocket();
    socket.write(HEAD);
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('answers a body that does not end with 408, and runs nothing', async () => {
    const socket = await openSocket();
    const body = untagBody();
    socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body.slice(0, -1)}`);
    const timer = setInterval(() => socket.write(' '), 10_000);
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(timer);
    expectNothingChanged();
    await expect
      .poll(() => server.log.at(-1), { timeout: 5_000 })
      .toMatchObject({ route: '/mcp', status: 408, cut: true });
  });

  it('frees the place of a request whose body never came', async () => {
    const sockets = await Promise.all(Array.from({ length: LIMITS.requests }, openSocket));
    for (const socket of sockets) socket.write(`${HEAD}Content-Length: 10\r\n\r\n`);
    await sleep(100);
    const reply = await post(server.url, { token: ALICE });
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('1');
    expectNothingChanged();
    await Promise.all(sockets.map(readAll));
    expect((await post(server.url, { token: ALICE, body: '{}' })).status).toBe(400);
  });
});

describe('idle sockets', () => {
  it('lets a thousand be, serves others meanwhile, and closes them', async () => {
    const sockets = await Promise.all(Array.from({ length: 1_000 }, openSocket));
    const closed = Promise.all(sockets.map(readAll));
    const reply = await fetch(`${server.origin}/readyz`, { headers: { connection: 'close' } });
    expect(reply.status).toBe(200);
    await closed;
  });

  it('closes connections beyond the limit at once', async () => {
    let closed = 0;
    const sockets = await Promise.all(
      Array.from({ length: LIMITS.sockets + 20 }, async () => {
        const socket = await openSocket();
        return socket.resume().once('close', () => {
          closed += 1;
        });
      }),
    );
    await expect.poll(() => closed, { timeout: 400 }).toBeGreaterThanOrEqual(20);
    for (const socket of sockets) socket.destroy();
  });
});

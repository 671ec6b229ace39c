import { once } from 'node:events';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MAX_REPLY_BYTES } from '../../src/rpc/transport.js';
import { httpServer, socketServer } from '../support/upstream.js';
import { failureOf, testClient, transportForOneTest } from './test-client.js';

const untag = { action: 'UntagResource', parameters: { KeyId: 'k', TagKeys: '["a"]' } };
const ONCE = { maxAttempts: 1, baseDelayMs: 1, maxDelayMs: 1 };

/** Answers every request with these bytes, and then does `afterwards` to the connection. */
async function rawAnswer(bytes: string | Buffer, afterwards: (socket: Socket) => void = () => undefined) {
  return socketServer((socket) => {
    socket.on('data', () => socket.write(bytes, () => afterwards(socket)));
  });
}

const end = (socket: Socket): void => {
  socket.end();
};
const reset = (socket: Socket): void => {
  socket.resetAndDestroy();
};

const BODY = '{"RequestId":"r"}';
const HEAD = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n`;

describe('a reply is read', () => {
  it.each([
    ['after 103 Early Hints', `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${HEAD}\r\n${BODY}`],
    ['after 102 Processing', `HTTP/1.1 102 Processing\r\n\r\n${HEAD}\r\n${BODY}`],
    ['whatever its content type says', HEAD.replace('application/json', 'image/png').concat('\r\n', BODY)],
    ['without a content type', `HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`],
    [
      'in chunks',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n${BODY.slice(0, 5)}\r\nc\r\n${BODY.slice(5)}\r\n0\r\n\r\n`,
    ],
    ['with repeated headers', `${HEAD}x-acs-request-id: a\r\nx-acs-request-id: b\r\ndate: x\r\ndate: y\r\n\r\n${BODY}`],
  ])('%s', async (_, bytes) => {
    const { origin } = await rawAnswer(bytes);
    await expect(testClient(origin, { retry: ONCE }).call(untag)).resolves.toMatchObject({ requestId: 'r' });
  });

  it('when its end is the end of the connection', async () => {
    const { origin } = await rawAnswer(`HTTP/1.1 200 OK\r\n\r\n${BODY}`, end);
    await expect(testClient(origin, { retry: ONCE }).call(untag)).resolves.toMatchObject({ requestId: 'r' });
  });

  it('when it comes a byte at a time, also within a character', async () => {
    const { origin } = await httpServer(async (_, response) => {
      for (const byte of Buffer.from('{"RequestId":"r","Name":"é😀"}')) {
        if (!response.write(Buffer.of(byte))) await once(response, 'drain');
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
      response.end();
    });
    const { body } = await testClient(origin, { retry: ONCE }).call(untag);
    expect(body['Name']).toBe('é😀');
  });

  it('up to four mebibytes', async () => {
    const text = 'x'.repeat(MAX_REPLY_BYTES - '{"RequestId":"r","T":""}'.length);
    const { origin } = await httpServer((_, response) => response.end(`{"RequestId":"r","T":"${text}"}`));
    const { body } = await testClient(origin, { retry: ONCE }).call(untag);
    expect(body['T']).toHaveLength(text.length);
  });
});

describe('what is no reply of the service has an unknown effect', () => {
  it.each([
    ['a cut-off body', `${HEAD.replace(/content-length: \d+/, 'content-length: 99')}\r\n${BODY}`, end, 'no-reply'],
    [
      'a reset in the middle of the body',
      `${HEAD.replace(/content-length: \d+/, 'content-length: 99')}\r\n${BODY}`,
      reset,
      'no-reply',
    ],
    ['a connection that is closed without a word', '', end, 'no-reply'],
    ['a connection that is reset without a word', '', reset, 'no-reply'],
    [
      'chunks that are none',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n',
      undefined,
      'no-reply',
    ],
    ['chunks that break off', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{', end, 'no-reply'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', undefined, 'no-reply'],
    ['two lengths', `HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n${BODY}`, undefined, 'no-reply'],
    ['headers of a megabyte', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1_000_000)}\r\n\r\n`, undefined, 'no-reply'],
    [
      'an unexpected change of protocol',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      undefined,
      'no-reply',
    ],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', undefined, 'unreadable'],
    ['an empty body', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', undefined, 'unreadable'],
    ['a success without RequestId', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}', undefined, 'unreadable'],
  ] as const)('%s', async (_, bytes, afterwards, kind) => {
    const { origin } = await rawAnswer(bytes, afterwards);
    const failure = await failureOf(testClient(origin, { retry: ONCE, timeoutMs: 500 }).call(untag));
    expect(failure).toMatchObject({ failure: { kind }, effect: 'unknown', attempts: 1 });
    // A library's own words may quote the request; its codes cannot.
    if (failure.failure.kind === 'no-reply')
      expect(failure.failure.reason).toMatch(/^([A-Z0-9_]+|timeout|malformed HTTP)$/);
  });

  it('a compressed body, which nobody asked for', async () => {
    const body = gzipSync(BODY);
    const { origin } = await httpServer((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(body);
    });
    const failure = await failureOf(testClient(origin, { retry: ONCE }).call(untag));
    expect(failure.failure).toMatchObject({ kind: 'unreadable', httpStatus: 200 });
  });
});

describe('a reply without an end', { retry: 2 }, () => {
  it('is given up at four mebibytes, and its connection is closed', async () => {
    let sent = 0;
    let closed = (): void => undefined;
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { origin } = await httpServer((request, response) => {
      const block = Buffer.alloc(64 * 1024, '{');
      const more = (): void => {
        while (!response.destroyed && response.write(block)) sent += block.length;
        sent += block.length;
      };
      request.socket.on('close', closed);
      response.on('drain', more);
      more();
    });
    const failure = await failureOf(testClient(origin, { retry: ONCE }).call(untag));
    expect(failure).toMatchObject({
      failure: { kind: 'unreadable', httpStatus: 200, reason: `more than ${MAX_REPLY_BYTES} bytes` },
      effect: 'unknown',
    });
    await gone;
    // What the two sockets buffer comes on top.
    expect(sent).toBeLessThan(MAX_REPLY_BYTES + 16 * 1024 * 1024);
  });

  it('that trickles in is given up when the attempt’s time is over', async () => {
    const { origin } = await httpServer((_, response) => {
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(timer));
    });
    const start = performance.now();
    const failure = await failureOf(testClient(origin, { retry: ONCE, timeoutMs: 200 }).call(untag));
    expect(failure).toMatchObject({ failure: { kind: 'no-reply', reason: 'timeout' }, effect: 'unknown' });
    expect(performance.now() - start).toBeLessThan(350);
  });
});

describe('a connection', () => {
  it('is used again by the next call', async () => {
    const sockets = new Set<Socket>();
    const { origin } = await httpServer((request, response) => {
      sockets.add(request.socket);
      response.end(BODY);
    });
    const client = testClient(origin);
    for (let call = 0; call < 10; call += 1) await client.call(untag);
    // undici puts a connection back a turn of the event loop after its reply: two take turns.
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  it('that the service closed in between is replaced', async () => {
    const { origin } = await httpServer((request, response) => {
      response.end(BODY, () => setImmediate(() => request.socket.resetAndDestroy()));
    });
    const client = testClient(origin);
    for (let call = 0; call < 5; call += 1) await client.call(untag);
  });
});

describe('a transport that is closed', () => {
  it('ends the attempts that are under way', async () => {
    let asked = (): void => undefined;
    const received = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const { origin } = await httpServer(() => asked());
    const transport = transportForOneTest();
    const failure = failureOf(testClient(origin, { transport, retry: ONCE }).call(untag));
    await received;
    await transport.close();
    expect(await failure).toMatchObject({ failure: { kind: 'no-reply' }, effect: 'unknown' });
  });

  it('may be closed again, or without ever having been used', async () => {
    const transport = transportForOneTest();
    await transport.close();
    await transport.close();
  });
});

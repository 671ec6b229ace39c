import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Service } from './service.js';
import type { WireReply } from './wire-reply.js';
import type { IncomingCall } from './wire-request.js';

export interface Listener {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Destroys open connections, too. */
  close(): Promise<void>;
}

const LONGEST_BODY = 1024 * 1024;
const LONGEST_THROWN_AWAY = 16 * LONGEST_BODY;

/**
 * Serves over plain HTTP on 127.0.0.1. `port` 0 takes a free one; a port that is taken rejects with the system's
 * error. `clock` (ms) makes the `Date` header, from which a client learns how far its own clock is off.
 */
export async function listen(service: Service, port: number, clock: () => number): Promise<Listener> {
  const server = createServer(
    // A bulk request of 50 long names with 20 tags does not fit the default of 16 KiB.
    { maxHeaderSize: 128 * 1024, keepAliveTimeout: 60_000, requestTimeout: 30_000 },
    (request, response) => {
      serve(service, request, response, clock).catch(() => request.socket.destroy());
    },
  );
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('The emulator listens on no port.');
  }
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    async close() {
      if (!server.listening) {
        return;
      }
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
  clock: () => number,
): Promise<void> {
  const disposition = service(await readCall(request));
  if (disposition.kind === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (disposition.delayMs > 0) {
    await delay(disposition.delayMs);
  }
  write(response, disposition.reply, clock());
}

function write(response: ServerResponse, { status, headers, body }: WireReply, now: number): void {
  const bytes = Buffer.from(body);
  // After 413 the rest of the body is still on its way; the connection cannot serve another request.
  const connection = status === 413 ? { Connection: 'close' } : {};
  response.writeHead(status, {
    Date: new Date(now).toUTCString(),
    ...headers,
    ...connection,
    'Content-Length': bytes.length,
  });
  response.end(bytes);
}

async function readCall(request: IncomingMessage): Promise<IncomingCall> {
  const call = { method: request.method ?? '', url: request.url ?? '', headers: request.headersDistinct };
  const body = await readBody(request);
  return body === undefined
    ? { ...call, body: Buffer.alloc(0), isTooLarge: true }
    : { ...call, body, isTooLarge: false };
}

/**
 * The whole body; undefined for one that is too long, which is read and thrown away up to a point: a reply that
 * comes while the client is still writing would often not be seen. Rejects when the connection breaks.
 */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= LONGEST_BODY) {
        chunks.push(chunk);
      } else if (length > LONGEST_THROWN_AWAY) {
        resolve(undefined);
      }
    });
    request.on('end', () => resolve(length > LONGEST_BODY ? undefined : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('The connection was closed before the body ended.')));
  });
}

// The timer holds no process back: while there is somebody to reply to, the connection does.
function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

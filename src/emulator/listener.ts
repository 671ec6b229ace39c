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

/**
 * Serves over plain HTTP on 127.0.0.1. `port` 0 takes a free one; a port that is taken rejects with the system's
 * error. `clock` (ms) makes the `Date` header, from which a client learns how far its own clock is off.
 */
export async function listen(service: Service, port: number, clock: () => number): Promise<Listener> {
  const closing = new AbortController();
  const server = createServer(
    // A bulk request of 50 long names with 20 tags does not fit the default of 16 KiB.
    { maxHeaderSize: 128 * 1024, keepAliveTimeout: 60_000, requestTimeout: 30_000 },
    (request, response) => {
      serve(service, request, response, clock, closing.signal).catch(() => request.socket.destroy());
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
      closing.abort();
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
  closing: AbortSignal,
): Promise<void> {
  const disposition = service(await readCall(request));
  if (disposition.kind === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (disposition.delayMs > 0) {
    await delay(disposition.delayMs, closing);
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

/** The whole body; undefined for one that is too long. Rejects when the connection breaks before its end. */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > LONGEST_BODY) {
        chunks.length = 0;
        resolve(undefined);
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('The connection was closed before the body ended.')));
  });
}

function delay(ms: number, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    closing.addEventListener('abort', stop, { once: true });
  });
}

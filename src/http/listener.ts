import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { errorCode } from '../base/error-code.js';
import type { Limits } from './limits.js';

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly limits: Limits;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  /** Told of what was answered with an error and never became a request, such as 431 for headers that are too large. */
  readonly onUnreadable: (status: number, code: string) => void;
}

export interface Listener {
  /** `http://127.0.0.1:3000` */
  readonly origin: string;
  /**
   * Takes no new connection and closes those without a request. Resolves when the last request is answered, or, with
   * false, when `deadlineMs` is over and the rest were cut off.
   */
  close(deadlineMs: number): Promise<boolean>;
}

/** Statuses of requests that cannot be read, as Node answers them; 400 for any other. */
const UNREADABLE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Time for a request that is just arriving while the listener closes. */
const ARRIVAL_MS = 1_000;

/** Serves plain HTTP with bounds on time and number. Rejects with the system's error, such as `EADDRINUSE`. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { host, port, limits, onRequest, onUnreadable } = options;
  /** What each connection waits for, the oldest first. */
  const underWay = new Map<Duplex, Set<ServerResponse>>();
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.receiveMs,
      connectionsCheckingInterval: limits.checkMs,
      keepAliveTimeout: limits.idleMs,
      noDelay: true,
    },
    (request, response) => {
      const { socket } = request;
      underWay.get(socket)?.add(response);
      response.once('close', () => underWay.get(socket)?.delete(response));
      onRequest(request, response);
    },
  );
  server.on('connection', (socket: Socket) => {
    underWay.set(socket, new Set());
    socket.once('close', () => underWay.delete(socket));
  });
  server.on('clientError', (error, socket) => {
    const code = errorCode(error) ?? 'unknown';
    const [response] = underWay.get(socket) ?? [];
    // The other end is gone, or has a part of an answer already.
    if (!socket.writable || response?.headersSent) {
      socket.destroy();
      return;
    }
    const status = UNREADABLE[code] ?? 400;
    // A request whose body does not come is logged with its response.
    if (response === undefined) onUnreadable(status, code);
    else response.statusCode = status;
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
    socket.end(head, () => socket.destroy());
  });
  server.maxConnections = limits.sockets;
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  const bound = address !== null && typeof address === 'object' ? address.port : port;
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async close(deadlineMs) {
      const started = performance.now();
      const elapsed = (): number => performance.now() - started;
      const closed = once(server, 'close');
      server.close();
      // Node looks at its timeouts no more once the listener is closed, and never takes a connection for idle that has
      // sent nothing yet: both are done here.
      const timer = setInterval(() => {
        server.closeIdleConnections();
        if (elapsed() < ARRIVAL_MS) return;
        for (const [socket, { size }] of underWay) {
          if (size === 0 || elapsed() > deadlineMs) socket.destroy();
        }
      }, 50);
      await closed;
      clearInterval(timer);
      // The last connection tells its request after it tells its server.
      await setImmediate();
      return elapsed() <= deadlineMs;
    },
  };
}

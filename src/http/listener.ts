import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Limits } from './limits.js';

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly limits: Limits;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
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

/** Time for a request that is just arriving while the listener closes. */
const ARRIVAL_MS = 1_000;

/** Serves plain HTTP with bounds on time and number. Rejects with the system's error, such as `EADDRINUSE`. */
export async function listen({ host, port, limits, onRequest }: ListenerOptions): Promise<Listener> {
  /** Requests that each connection waits for. */
  const underWay = new Map<Socket, number>();
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
      underWay.set(socket, (underWay.get(socket) ?? 0) + 1);
      response.once('close', () => {
        if (underWay.has(socket)) underWay.set(socket, (underWay.get(socket) ?? 1) - 1);
      });
      onRequest(request, response);
    },
  );
  server.on('connection', (socket) => {
    underWay.set(socket, 0);
    socket.once('close', () => underWay.delete(socket));
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
        for (const [socket, requests] of underWay) {
          if (requests === 0 || elapsed() > deadlineMs) socket.destroy();
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

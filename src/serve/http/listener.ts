import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
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

/** Serves plain HTTP with bounds on time and number. Rejects with the system's error, such as `EADDRINUSE`. */
export async function listen({ host, port, limits, onRequest }: ListenerOptions): Promise<Listener> {
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.receiveMs,
      connectionsCheckingInterval: limits.checkMs,
      keepAliveTimeout: limits.idleMs,
      noDelay: true,
    },
    onRequest,
  );
  server.maxConnections = limits.sockets;
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  const bound = address !== null && typeof address === 'object' ? address.port : port;
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async close(deadlineMs) {
      const closed = once(server, 'close').then(() => true);
      server.close();
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
      const started = performance.now();
      await closed;
      clearTimeout(timer);
      return performance.now() - started < deadlineMs;
    },
  };
}

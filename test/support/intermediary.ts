import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { portOf } from './upstream.js';

/** A request on its way to KMS, as whoever stands between sees it. */
export interface PassingRequest {
  readonly action: string;
  readonly parameters: URLSearchParams;
  /**
   * Lets KMS do what was asked, and gives its answer. Each call is one more request to KMS, or to whoever stands in for it
   * at the origin `instead`, such as a replica that lags behind.
   */
  forward(instead?: string): Promise<PassingReply>;
}

export interface PassingReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** Something between the server and KMS: a proxy, a firewall, a cache, or somebody who looks on. */
export interface Intermediary {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /**
   * Decides what becomes of each request; stays until the next one is set. Undefined in place of a reply: the connection
   * is reset.
   */
  handle(handler: (passing: PassingRequest) => Promise<PassingReply | undefined>): void;
  close(): Promise<void>;
}

const forwardOnly = (passing: PassingRequest): Promise<PassingReply> => passing.forward();

/** Stands before `upstream`, an origin on loopback. Requests pass as they are, signatures and all. */
export async function openIntermediary(upstream: string): Promise<Intermediary> {
  let handler: Parameters<Intermediary['handle']>[0] = forwardOnly;
  const server = createServer({ maxHeaderSize: 256 * 1024 }, (incoming, response) => {
    incoming.resume();
    const { method = 'POST', url = '/', headers } = incoming;
    const { searchParams } = new URL(url, upstream);
    const named = headers['x-acs-action'];
    const action = typeof named === 'string' ? named : (searchParams.get('Action') ?? '');
    const forward = (to = upstream): Promise<PassingReply> =>
      new Promise((resolve, reject) => {
        const forwarded = request(`${to}${url}`, { method, headers, agent: false }, (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            const { connection, 'keep-alive': keepAlive, 'content-length': length, ...kept } = answer.headers;
            resolve({ status: answer.statusCode ?? 502, headers: kept, body: Buffer.concat(chunks).toString() });
          });
        });
        forwarded.on('error', reject);
        forwarded.end();
      });
    handler({ action, parameters: searchParams, forward }).then(
      (reply) => {
        if (reply === undefined) {
          incoming.socket.resetAndDestroy();
          return;
        }
        for (const [name, value] of Object.entries(reply.headers)) {
          if (value !== undefined) response.setHeader(name, typeof value === 'string' ? value : [...value]);
        }
        response.writeHead(reply.status).end(reply.body);
      },
      () => incoming.socket.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${portOf(server)}`,
    handle(next) {
      handler = next;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** An answer of somebody else than KMS. */
export function pageOf(status: number, body: string, contentType = 'text/html'): PassingReply {
  return { status, headers: { 'content-type': contentType }, body };
}

/** An error as KMS itself writes it. */
export function kmsErrorOf(status: number, code: string): PassingReply {
  const body = {
    HttpStatus: status,
    Code: code,
    Message: 'made up',
    RequestId: 'f1e2d3c4-0000-4000-8000-000000000001',
  };
  return pageOf(status, JSON.stringify(body), 'application/json');
}

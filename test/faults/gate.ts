import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** A request on its way, as far as its fate may depend on it. */
export interface GateRequest {
  readonly action: string;
  readonly parameters: URLSearchParams;
}

/**
 * What becomes of a request.
 * - `stall`: it goes nowhere, and no answer ever comes; `stall-after`: it is carried out, and no answer comes.
 * - `reset`: the connection breaks before it is carried out; `reset-after`: after it was.
 * - `fail-after`: it is carried out, and the answer is an internal failure.
 * - `cut`: the connection breaks in the middle of the answer's body.
 * - `undated`, `misdated`: the answer's Date is missing, or no date.
 * - `deny`: somebody before KMS refuses, as RAM or a proxy would.
 */
export type Fate =
  | 'pass'
  | 'stall'
  | 'stall-after'
  | 'reset'
  | 'reset-after'
  | 'fail-after'
  | 'cut'
  | 'undated'
  | 'misdated'
  | Denial;

export interface Denial {
  readonly deny: string;
  readonly status: number;
  readonly message?: string;
}

/** A stretch of network before an emulator. */
export interface Gate {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Decides for each request; stays until the next one is set. */
  setFate(fate: (request: GateRequest) => Fate): void;
  /** Nobody listens any more: connections are refused. */
  shut(): Promise<void>;
  /** Listens again, on the same port. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a gate before `upstream`, an origin on loopback. Requests pass as they are, signatures and all. */
export async function openGate(upstream: string): Promise<Gate> {
  let fateOf: (request: GateRequest) => Fate = () => 'pass';
  const server = createServer({ maxHeaderSize: 128 * 1024 }, (incoming, response) => {
    incoming.resume();
    meet(upstream, fateOf(readRequest(incoming)), incoming, response);
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the gate has no port');
    return address.port;
  };
  const shut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const port = await listen(0);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    setFate(fate) {
      fateOf = fate;
    },
    shut,
    async reopen() {
      if (!server.listening) await listen(port);
    },
    close: shut,
  };
}

function readRequest(incoming: IncomingMessage): GateRequest {
  const { searchParams } = new URL(incoming.url ?? '/', 'http://gate');
  const header = incoming.headers['x-acs-action'];
  return {
    action: typeof header === 'string' ? header : (searchParams.get('Action') ?? ''),
    parameters: searchParams,
  };
}

function meet(upstream: string, fate: Fate, incoming: IncomingMessage, response: ServerResponse): void {
  if (fate === 'stall') return;
  if (fate === 'reset') {
    incoming.socket.resetAndDestroy();
    return;
  }
  if (typeof fate === 'object') {
    refuse(response, fate);
    return;
  }
  const { method = 'POST', url = '/', headers } = incoming;
  const forwarded = request(`${upstream}${url}`, { method, headers, agent: false }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => reply(fate, answer, Buffer.concat(chunks), incoming, response));
    answer.on('error', () => incoming.socket.destroy());
  });
  forwarded.on('error', () => incoming.socket.destroy());
  forwarded.end();
}

function reply(
  fate: Exclude<Fate, object>,
  answer: IncomingMessage,
  body: Buffer,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  if (fate === 'stall-after') return;
  if (fate === 'reset-after') {
    incoming.socket.resetAndDestroy();
    return;
  }
  if (fate === 'fail-after') {
    refuse(response, { status: 500, deny: 'InternalFailure', message: 'Internal Failure.' });
    return;
  }
  const { connection, 'keep-alive': keepAlive, date, ...headers } = answer.headers;
  if (fate === 'undated') response.sendDate = false;
  else response.setHeader('date', fate === 'misdated' ? 'once upon a time' : (date ?? ''));
  response.writeHead(answer.statusCode ?? 502, headers);
  if (fate !== 'cut') {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => incoming.socket.destroy());
}

function refuse(response: ServerResponse, { status, deny, message = 'Forbidden by permission system.' }: Denial): void {
  const body = JSON.stringify({ HttpStatus: status, Code: deny, Message: message, RequestId: 'gate-0001' });
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool } from 'undici';
import { answerOf, type ProxyAnswer } from './proxy-answer.js';

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
 * - `answer`: something in between answers in KMS's place, before or after KMS carried it out.
 * - `rewrite`: KMS's answer with another body.
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
  | Denial
  | { readonly answer: ProxyAnswer; readonly after: boolean }
  | { readonly rewrite: (body: string) => string };

export interface Denial {
  readonly deny: string;
  readonly status: number;
  readonly message?: string;
}

export interface GateOptions {
  /** Goes round what KMS does with a request. Given, requests reach KMS one at a time. */
  readonly around?: (request: GateRequest, forward: () => Promise<void>) => Promise<void>;
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

/** What KMS answered; undefined where the connection broke. */
interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Opens a gate before `upstream`, an origin on loopback. Requests pass as they are, signatures and all. */
export async function openGate(upstream: string, { around }: GateOptions = {}): Promise<Gate> {
  let fateOf: (request: GateRequest) => Fate = () => 'pass';
  const far = new Pool(upstream, around === undefined ? {} : { connections: 1 });
  let turn: Promise<void> = Promise.resolve();

  const ask = async (incoming: IncomingMessage): Promise<Answer | undefined> => {
    try {
      const { connection, ...headers } = incoming.headers;
      const { url = '/', method } = incoming;
      const answer = await far.request({ path: url, method: method === 'GET' ? 'GET' : 'POST', headers });
      return { status: answer.statusCode, headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) };
    } catch {
      return undefined;
    }
  };
  const carryOut = async (request: GateRequest, incoming: IncomingMessage): Promise<Answer | undefined> => {
    if (around === undefined) return ask(incoming);
    let answer: Answer | undefined;
    const mine = turn.then(() =>
      around(request, async () => {
        answer = await ask(incoming);
      }),
    );
    turn = mine.catch(() => undefined);
    await mine;
    return answer;
  };
  const meet = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = readRequest(incoming);
    const fate = fateOf(request);
    if (fate === 'stall') return;
    if (fate === 'reset') return void incoming.socket.resetAndDestroy();
    if (typeof fate === 'object' && 'deny' in fate) return refuse(response, fate);
    const isStopped = typeof fate === 'object' && 'answer' in fate && !fate.after;
    const answer = isStopped ? undefined : await carryOut(request, incoming);
    if (typeof fate === 'object' && 'answer' in fate) {
      const { status, headers, body } = answerOf(fate.answer, answer?.headers['x-acs-request-id']);
      response.writeHead(status, headers).end(body);
      return;
    }
    if (answer === undefined) return void incoming.socket.resetAndDestroy();
    reply(fate, answer, incoming, response);
  };

  const server = createServer({ maxHeaderSize: 128 * 1024 }, (incoming, response) => {
    incoming.resume();
    meet(incoming, response).catch(() => incoming.socket.destroy());
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
    async close() {
      await shut();
      await far.destroy();
    },
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

function reply(
  fate: Exclude<Fate, Denial | { readonly answer: ProxyAnswer }>,
  answer: Answer,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  if (fate === 'stall-after') return;
  if (fate === 'reset-after') return void incoming.socket.resetAndDestroy();
  if (fate === 'fail-after') {
    refuse(response, { status: 500, deny: 'InternalFailure', message: 'Internal Failure.' });
    return;
  }
  const { connection, 'keep-alive': keepAlive, date, 'content-length': length, ...headers } = answer.headers;
  const body = typeof fate === 'object' ? Buffer.from(fate.rewrite(answer.body.toString())) : answer.body;
  if (fate === 'undated') response.sendDate = false;
  else response.setHeader('date', fate === 'misdated' ? 'once upon a time' : (date ?? ''));
  response.writeHead(answer.status, { ...headers, 'content-length': body.length });
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

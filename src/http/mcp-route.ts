import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  type AuthInfo,
  createMcpHandler,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type McpRequestContext,
  type McpServer,
  TRACEPARENT_META_KEY,
} from '@modelcontextprotocol/server';
import { logSafe } from '../base/log-safe.js';
import { asJson } from './answer-form.js';
import { type Authenticate, challengeOf } from './auth/authentication.js';
import type { Limits } from './limits.js';
import { type Log, type RequestLine, shownName, traceIdOf } from './log.js';
import { readMcpRequest } from './mcp-request.js';
import { refuse, sendJson } from './reply.js';
import { runningCalls } from './running-calls.js';

/** Builds the server that answers one request. The outcome of a tool call goes into `line`. */
export type ServerFactory = (context: McpRequestContext, line: RequestLine | undefined) => McpServer;

export interface McpRouteOptions {
  readonly buildServer: ServerFactory;
  readonly authenticate: Authenticate;
  /** For challenges; undefined without OAuth. */
  readonly metadataUrl: string | undefined;
  readonly limits: Limits;
  readonly log: Log;
}

export interface McpRoute {
  /** Resolves when the answer is complete or the connection gone. Never rejects. */
  serve(request: IncomingMessage, response: ServerResponse, line: RequestLine): Promise<void>;
  /** Ends the streams of `subscriptions/listen`, which would never end by themselves, and takes no more. */
  closeStreams(): Promise<void>;
  /** Aborts what is under way. */
  close(): Promise<void>;
}

/** One request on its way through the SDK. */
interface Exchange {
  readonly line: RequestLine;
  /** Ends it, whatever its handler is doing. Undefined until a server is built for it. */
  stop?: () => void;
}

/** `POST /mcp`: authentication, the limit on requests, the message; then the SDK's handler, one server a request. */
export function mcpRoute({ buildServer, authenticate, metadataUrl, limits, log }: McpRouteOptions): McpRoute {
  const exchanges = new WeakMap<Request, Exchange>();
  const running = runningCalls();
  const build = (context: McpRequestContext): McpServer => {
    const exchange = context.requestInfo && exchanges.get(context.requestInfo);
    const server = buildServer(context, exchange?.line);
    if (exchange) {
      exchange.line.era = context.era;
      exchange.stop = () => void server.close();
    }
    return server;
  };
  const onerror = (error: Error): void => log.debug('protocol', { name: error.name });
  const calls = createMcpHandler(build, { legacy: 'stateless', responseMode: 'auto', maxSubscriptions: 0, onerror });
  // A handler of their own: closing it ends the streams and leaves the calls alone. Nothing ever comes on them, for the
  // list of tools does not change while a server runs; but the protocol wants them opened.
  const streams = createMcpHandler(build, { legacy: 'reject', maxSubscriptions: limits.streams, onerror });
  let streamsClosed = false;
  let underWay = 0;

  async function pass(
    request: IncomingMessage,
    response: ServerResponse,
    line: RequestLine,
    caller: AuthInfo | undefined,
    release: () => void,
  ): Promise<void> {
    const read = await readMcpRequest(request, limits.bodyBytes);
    if (read.kind === 'broken') return;
    if (read.kind === 'refused') return sendJson(response, read.status, read.reply);
    const { message, isListen, isJsonOnly } = read;
    describe(line, request, message);
    if (isListen) {
      if (streamsClosed) return refuse(response, 503, 'This server is about to stop', { 'retry-after': '1' });
      release();
    }
    const exchange: Exchange = { line };
    const untrack = track(message, request, caller, exchange);
    const node = toNodeHandler(
      {
        async fetch(webRequest, options) {
          exchanges.set(webRequest, exchange);
          const answer = await (isListen ? streams : calls).fetch(webRequest, {
            ...options,
            ...(caller === undefined ? {} : { authInfo: caller }),
          });
          // Whether the connection is kept is between the client and Node, which knows when the process drains.
          answer.headers.delete('connection');
          return isJsonOnly ? asJson(answer, 'id' in message ? message.id : null) : answer;
        },
      },
      { onerror: (error) => log.error('handler', logSafe(error)) },
    );
    // The SDK's transport of the 2025 era compares Accept letter by letter; what the client takes is settled here.
    const headers = { ...request.headers, accept: 'application/json, text/event-stream' };
    const webRequest = {
      method: 'POST',
      url: '/mcp',
      headers,
      [Symbol.asyncIterator]: () => request[Symbol.asyncIterator](),
    };
    await node(webRequest, response, message).finally(untrack);
  }

  /** Lets a request be cancelled while it runs, and a cancellation do so. Returns what ends the first. */
  function track(
    message: JSONRPCMessage,
    request: IncomingMessage,
    caller: AuthInfo | undefined,
    exchange: Exchange,
  ): () => void {
    const who = { caller: caller?.clientId, sessionId: request.headers['mcp-session-id'] };
    if (isJSONRPCRequest(message)) return running.add({ ...who, requestId: message.id }, () => exchange.stop?.());
    if ('method' in message && message.method === 'notifications/cancelled') {
      running.cancel({ ...who, requestId: message.params?.['requestId'] });
    }
    return () => undefined;
  }

  return {
    async serve(request, response, line) {
      const authentication = await authenticate(request.headers.authorization);
      if (authentication.kind !== 'accepted') {
        line.refused = 'reason' in authentication ? authentication.reason : authentication.kind;
        const { status, headers, body } = challengeOf(authentication, metadataUrl);
        return sendJson(response, status, body, headers);
      }
      const { caller } = authentication;
      if (caller) line.subject = caller.clientId;
      if (underWay >= limits.requests) return refuse(response, 503, 'Too many requests', { 'retry-after': '1' });
      underWay += 1;
      const timer = setTimeout(() => {
        refuse(response, 504, 'The request took too long; list_changes tells whether anything was changed');
        response.destroy();
      }, limits.answerMs);
      let holdsPlace = true;
      const release = (): void => {
        clearTimeout(timer);
        if (holdsPlace) underWay -= 1;
        holdsPlace = false;
      };
      try {
        const withMetadata = metadataUrl === undefined ? {} : { resourceMetadataUrl: metadataUrl };
        await pass(request, response, line, caller && { ...caller, ...withMetadata }, release);
      } catch (error) {
        // The connection or the deadline ended the answer.
        log.debug('answer', logSafe(error));
        response.destroy();
      } finally {
        release();
      }
    },
    closeStreams() {
      streamsClosed = true;
      return streams.close();
    },
    close: () => calls.close(),
  };
}

function describe(line: RequestLine, request: IncomingMessage, message: JSONRPCMessage): void {
  if (!('method' in message)) return;
  const method = shownName(message.method);
  const tool = method === 'tools/call' ? shownName(message.params?.['name']) : undefined;
  const traceId = traceIdOf(message.params?._meta?.[TRACEPARENT_META_KEY] ?? request.headers['traceparent']);
  if (method !== undefined) line.method = method;
  if (tool !== undefined) line.tool = tool;
  if (traceId !== undefined) line.traceId = traceId;
}

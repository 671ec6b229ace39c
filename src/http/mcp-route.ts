import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  type AuthInfo,
  createMcpHandler,
  isJsonContentType,
  type McpRequestContext,
  type McpServer,
  TRACEPARENT_META_KEY,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { type Authenticate, challengeOf } from './auth/authentication.js';
import type { Limits } from './limits.js';
import { type Log, type RequestLine, shownName, traceIdOf } from './log.js';
import { refuse, sendJson } from './reply.js';
import { readJsonBody } from './request-body.js';

/** Builds the server that answers one request. `line` is where it notes what came of a tool call. */
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

/** What the log needs of a message; the SDK reads it with care. */
const messageSchema = z.object({
  method: z.string().optional(),
  params: z
    .object({
      name: z.unknown(),
      _meta: z
        .object({ [TRACEPARENT_META_KEY]: z.unknown() })
        .partial()
        .optional(),
    })
    .partial()
    .optional(),
});

/** `POST /mcp`: who is it, is there room, what do they say; then the SDK's handler, one server a request. */
export function mcpRoute({ buildServer, authenticate, metadataUrl, limits, log }: McpRouteOptions): McpRoute {
  const lines = new WeakMap<Request, RequestLine>();
  const build = (context: McpRequestContext): McpServer => {
    const line = context.requestInfo && lines.get(context.requestInfo);
    if (line) line.era = context.era;
    return buildServer(context, line);
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
    if (!isJsonContentType(request.headers['content-type'] ?? null)) {
      return refuse(response, 415, 'Content-Type must be application/json');
    }
    const body = await readJsonBody(request, limits.bodyBytes);
    switch (body.kind) {
      case 'broken':
        return;
      case 'too-large':
        return refuse(response, 413, `The request body must not exceed ${limits.bodyBytes} bytes`);
      case 'malformed':
        return refuse(response, 400, 'Parse error: the request body is not valid JSON', {}, -32_700);
      case 'json':
        break;
    }
    // Batches left the protocol with 2025-06-18. One would be many requests in the place of one.
    if (Array.isArray(body.value)) return refuse(response, 400, 'Batches are not served', {}, -32_600);
    describe(line, request, body.value);
    const isStream = line.method === 'subscriptions/listen';
    if (isStream) {
      if (streamsClosed) return refuse(response, 503, 'This server is about to stop', { 'retry-after': '1' });
      release();
    }
    const node = toNodeHandler(
      {
        fetch(webRequest, options) {
          lines.set(webRequest, line);
          return (isStream ? streams : calls).fetch(webRequest, {
            ...options,
            ...(caller === undefined ? {} : { authInfo: caller }),
          });
        },
      },
      { onerror: (error) => log.error('handler', { name: error.name }) },
    );
    const { method = 'POST', url = '/', headers } = request;
    await node(
      { method, url, headers, [Symbol.asyncIterator]: () => request[Symbol.asyncIterator]() },
      response,
      body.value,
    );
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
        refuse(response, 504, 'The request took too long; whether anything was changed is in list_changes');
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
        log.debug('answer', { name: error instanceof Error ? error.name : typeof error });
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

function describe(line: RequestLine, request: IncomingMessage, body: unknown): void {
  const { data } = messageSchema.safeParse(body);
  const method = shownName(data?.method);
  const tool = method === 'tools/call' ? shownName(data?.params?.name) : undefined;
  const traceId = traceIdOf(data?.params?._meta?.[TRACEPARENT_META_KEY] ?? request.headers['traceparent']);
  if (method !== undefined) line.method = method;
  if (tool !== undefined) line.tool = tool;
  if (traceId !== undefined) line.traceId = traceId;
}

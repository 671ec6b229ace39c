import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ResourceMetadata } from './auth/resource-metadata.js';
import { crossOrigin, type HostPolicy } from './host-policy.js';
import type { Log, RequestLine } from './log.js';
import type { McpRoute } from './mcp-route.js';
import { refuse, sendJson } from './reply.js';
import { readTarget, type Target } from './target.js';

export interface RoutesOptions {
  readonly hosts: HostPolicy;
  readonly mcp: McpRoute;
  /** Undefined without OAuth. */
  readonly metadata: ResourceMetadata | undefined;
  readonly log: Log;
  /** False while the process drains. */
  readonly isReady: () => boolean;
}

/** Answers any request: `/mcp`, the two probes, and the RFC 9728 document. Writes one log line each. */
export function routes(options: RoutesOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const started = performance.now();
    const target = readTarget(request.url);
    const route = routeOf(target.path, options.metadata);
    const line: RequestLine = { route, httpMethod: request.method ?? '' };
    response.once('close', () => {
      // 499, as nginx says it: the client went away before it was answered. The listener sets what it answers itself.
      line.status = response.headersSent || response.statusCode >= 400 ? response.statusCode : 499;
      if (!response.writableFinished) line.cut = true;
      options.log.request(line, performance.now() - started);
    });
    // Without this, a connection that is kept would have to be closed under its next request.
    if (!options.isReady()) response.shouldKeepAlive = false;
    void serve(route, target, request, response, line, options);
  };
}

const SERVED_METHODS = 'GET, HEAD, POST, OPTIONS';

/** The route's name, from a fixed set: a path from outside belongs in no log. */
function routeOf(path: string, metadata: ResourceMetadata | undefined): string {
  if (path === '/mcp' || path === '/healthz' || path === '/readyz') return path;
  return metadata?.paths.includes(path) ? 'metadata' : 'none';
}

async function serve(
  route: string,
  { path, authority }: Target,
  request: IncomingMessage,
  response: ServerResponse,
  line: RequestLine,
  { hosts, mcp, metadata, isReady }: RoutesOptions,
): Promise<void> {
  // Probes come from the machine that runs the container, by address; they tell nothing.
  if (route === '/healthz') return probe(request, response, true);
  if (route === '/readyz') return probe(request, response, isReady());
  if (route === 'metadata' && metadata) return serveMetadata(request, response, metadata);
  // Of the server as a whole (RFC 9110 section 9.3.7).
  if (path === '*' && request.method === 'OPTIONS') return noContent(response, { allow: SERVED_METHODS });
  if (route === 'none') return refuse(response, 404, 'Nothing is served here; MCP is at /mcp');
  const refusal = hosts.refusal(request, authority);
  if (refusal !== undefined) return refuse(response, 403, refusal);
  const cors = hosts.corsHeaders(request);
  for (const [name, value] of Object.entries(cors)) if (value !== undefined) response.setHeader(name, value);
  if (request.method === 'OPTIONS' && cors['access-control-allow-origin'] !== undefined) return noContent(response);
  // GET and DELETE belong to sessions of the 2025 era, and there are none here.
  if (request.method !== 'POST') return refuse(response, 405, 'Only POST is served here', { allow: 'POST' });
  return mcp.serve(request, response, line);
}

/** Public: a client reads it before it has a token, in a page as anywhere else. */
function serveMetadata(request: IncomingMessage, response: ServerResponse, { document }: ResourceMetadata): void {
  const cors = crossOrigin('*', 'GET, HEAD');
  if (request.method === 'OPTIONS') noContent(response, cors);
  else if (request.method === 'GET' || request.method === 'HEAD') sendJson(response, 200, document, cors);
  else refuse(response, 405, 'Only GET is served here', { allow: 'GET, HEAD, OPTIONS' });
}

function noContent(response: ServerResponse, headers: OutgoingHttpHeaders = {}): void {
  response.writeHead(204, headers).end();
}

function probe(request: IncomingMessage, response: ServerResponse, good: boolean): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    refuse(response, 405, 'Only GET is served here', { allow: 'GET, HEAD' });
    return;
  }
  sendJson(response, good ? 200 : 503, { status: good ? 'ok' : 'draining' });
}

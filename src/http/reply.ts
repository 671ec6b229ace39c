import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { errorReply } from '../mcp/incoming-message.js';

/** Answers with JSON. Does nothing when an answer has begun already. */
export function sendJson(
  response: ServerResponse,
  status: number,
  content: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(JSON.stringify(content));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(body);
}

/**
 * Refuses a request with a JSON-RPC error that belongs to no request id, as the SDK's own refusals do. `message` must
 * not repeat what came from outside.
 */
export function refuse(
  response: ServerResponse,
  status: number,
  message: string,
  headers: OutgoingHttpHeaders = {},
  code = -32_000,
): void {
  sendJson(response, status, errorReply(null, code, message), headers);
}

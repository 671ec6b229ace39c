import type { IncomingMessage } from 'node:http';
import { isJsonContentType, type JSONRPCMessage } from '@modelcontextprotocol/server';
import { type ErrorReply, errorReply, readMessage } from '../mcp/incoming-message.js';
import { acceptance, answerForm } from './answer-form.js';
import { readJsonBody } from './request-body.js';

/** What a POST says. */
export type McpRequest =
  | {
      readonly kind: 'message';
      readonly message: JSONRPCMessage;
      /** `subscriptions/listen`, which is answered with a stream that stays open. */
      readonly isListen: boolean;
      /** The client takes JSON and no event stream. */
      readonly isJsonOnly: boolean;
    }
  | { readonly kind: 'refused'; readonly status: number; readonly reply: ErrorReply }
  /** The connection broke before the end. */
  | { readonly kind: 'broken' };

/** Reads one POST to `/mcp`: what the client takes, and its message, of at most `limit` bytes. */
export async function readMcpRequest(request: IncomingMessage, limit: number): Promise<McpRequest> {
  const { accept, 'content-type': contentType } = request.headers;
  const form = answerForm(accept);
  if (form === undefined) return refused(406, 'Accept must allow application/json or text/event-stream');
  if (!isJsonContentType(contentType ?? null)) return refused(415, 'Content-Type must be application/json');
  const body = await readJsonBody(request, limit);
  switch (body.kind) {
    case 'broken':
      return body;
    case 'too-large':
      return refused(413, `The request body must not exceed ${limit} bytes`);
    case 'malformed':
      return refused(400, 'Parse error: the request body is not valid JSON', -32_700);
    case 'json':
      break;
  }
  // Batches left the protocol with 2025-06-18. One would be many requests in the place of one.
  if (Array.isArray(body.value)) return refused(400, 'Batches are not served', -32_600);
  const incoming = readMessage(body.value);
  if (incoming.kind === 'refused') return { kind: 'refused', status: 400, reply: incoming.reply };
  const { message } = incoming;
  const isListen = 'method' in message && message.method === 'subscriptions/listen';
  if (isListen && acceptance(accept, 'text/event-stream') === 'no') {
    return refused(406, 'Accept must allow text/event-stream for subscriptions/listen');
  }
  return { kind: 'message', message, isListen, isJsonOnly: form === 'json' && !isListen };
}

function refused(status: number, message: string, code = -32_000): McpRequest {
  return { kind: 'refused', status, reply: errorReply(null, code, message) };
}

import type { IncomingMessage } from 'node:http';
import { parseJson } from '../base/json.js';

export type RequestBody =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'too-large' }
  /** The connection broke, or the sender was too slow and was told so. */
  | { readonly kind: 'broken' };

/** RFC 8259 section 8.1: it does not belong there, and a reader may ignore it. */
const BYTE_ORDER_MARK = /^\uFEFF/;

/** So much of a body that is too long is read and dropped: a sender that is cut off never sees the answer. */
const DROPPED_BYTES = 16 * 1024 * 1024;

/** Reads a JSON body of at most `limit` bytes. A declared length over the limit is refused without reading. */
export async function readJsonBody(request: IncomingMessage, limit: number): Promise<RequestBody> {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    dropRest(request);
    return { kind: 'too-large' };
  }
  const chunks = await readChunks(request, limit);
  if (chunks === 'too-large' || chunks === 'broken') return { kind: chunks };
  const value = parseJson(Buffer.concat(chunks).toString().replace(BYTE_ORDER_MARK, ''));
  return value === undefined ? { kind: 'malformed' } : { kind: 'json', value };
}

function readChunks(request: IncomingMessage, limit: number): Promise<Buffer[] | 'too-large' | 'broken'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= limit) {
        chunks.push(chunk);
        return;
      }
      request.off('data', onData);
      dropRest(request);
      resolve('too-large');
    };
    request
      .on('data', onData)
      .once('end', () => resolve(chunks))
      .once('error', () => resolve('broken'))
      .once('close', () => resolve('broken'));
  });
}

function dropRest(request: IncomingMessage): void {
  let dropped = 0;
  request.on('error', () => undefined);
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > DROPPED_BYTES) request.socket.destroy();
  });
}

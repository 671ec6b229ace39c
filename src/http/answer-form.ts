import { errorReply } from '../mcp/incoming-message.js';

/** Whether a client takes a media type: it says so (by name, or by `text/*`), it takes anything, or it does not. */
export type Acceptance = 'named' | 'any' | 'no';

/** Reads an Accept header; the range that fits best decides (RFC 9110 section 12.5.1). Without one, anything goes. */
export function acceptance(header: string | undefined, type: string): Acceptance {
  const ranks = new Map([
    [type, 3],
    [`${type.split('/', 1)[0]}/*`, 2],
    ['*/*', 1],
    // As the HTTP client of old Java versions says it.
    ['*', 1],
  ]);
  let best = 0;
  let isTaken = false;
  for (const range of (header?.trim() || '*/*').toLowerCase().split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
    const rank = ranks.get(name) ?? 0;
    if (rank === 0 || rank < best) continue;
    best = rank;
    isTaken = !parameters.some((parameter) => /^q\s*=\s*0*(?:\.0*)?$/.test(parameter));
  }
  if (!isTaken) return 'no';
  return best > 1 ? 'named' : 'any';
}

/** In which form a call is answered: the SDK's own choice, or JSON alone. Undefined where the client takes neither. */
export function answerForm(accept: string | undefined): 'stream' | 'json' | undefined {
  const stream = acceptance(accept, 'text/event-stream');
  const takesJson = acceptance(accept, 'application/json') !== 'no';
  // Who takes anything has not thought of event streams: scripts, `curl`.
  if (stream === 'named' || (stream === 'any' && !takesJson)) return 'stream';
  return takesJson ? 'json' : undefined;
}

/** Makes an answer JSON that the SDK began as an event stream: its last message is the reply, the others are progress. */
export async function asJson(answer: Response, id: unknown): Promise<Response> {
  if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) return answer;
  const events = (await answer.text()).split('\n').filter((line) => line.startsWith('data: '));
  const reply = events.at(-1)?.slice('data: '.length);
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return new Response(reply ?? JSON.stringify(errorReply(id, -32_000, 'The request was cancelled')), { headers });
}

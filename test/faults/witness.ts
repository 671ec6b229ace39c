import type { Transport, WireOutcome, WireRequest } from '../../src/rpc/transport.js';

const WRITES = new Set(['UntagResource', 'TagResource', 'UntagResources', 'TagResources']);

/** Sees each attempt on the wire, and judges by itself what could be known of it. */
export interface Witness {
  readonly transport: Transport;
  /** Since the last `forget`: attempts to write that left and were not answered for sure. */
  readonly doubtfulWrites: number;
  readonly attempts: number;
  forget(): void;
}

export function witnessOf(transport: Transport): Witness {
  let doubtfulWrites = 0;
  let attempts = 0;
  return {
    transport: {
      async send(request, signal) {
        const outcome = await transport.send(request, signal);
        attempts += 1;
        if (isWrite(request) && isDoubtful(outcome)) doubtfulWrites += 1;
        return outcome;
      },
      close: () => transport.close(),
    },
    get doubtfulWrites() {
      return doubtfulWrites;
    },
    get attempts() {
      return attempts;
    },
    forget() {
      doubtfulWrites = 0;
      attempts = 0;
    },
  };
}

function isWrite({ headers, path }: WireRequest): boolean {
  const place = headers.indexOf('x-acs-action');
  const action = place >= 0 ? headers[place + 1] : new URL(path, 'http://x').searchParams.get('Action');
  return WRITES.has(action ?? '');
}

/** A refusal below 500 with a code, and a whole success, are sure; so is a request that never left. */
function isDoubtful(outcome: WireOutcome): boolean {
  if (!outcome.ok) return outcome.failure.sent;
  const { status, body } = outcome.reply;
  const text = body.toString();
  const isWhole = text.startsWith('{') && text.endsWith('}');
  if (status >= 200 && status < 300) return !(isWhole && text.includes('"RequestId"'));
  return status >= 500 || !(isWhole && text.includes('"Code"'));
}

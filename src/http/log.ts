import { readTraceparent } from '../rpc/traceparent.js';

export type LogLevel = 'error' | 'info' | 'debug';

/** What is known of a request when it ends. Never an argument or a token; of texts from outside, only names. */
export interface RequestLine {
  readonly route: string;
  readonly httpMethod: string;
  /** JSON-RPC method. */
  method?: string;
  tool?: string;
  era?: 'legacy' | 'modern';
  subject?: string;
  status?: number;
  /** The connection ended before the answer did. */
  cut?: true;
  /** Why the request was refused. */
  refused?: string;
  /** `ok`, `asked`, or the code of the failure, of a tool call. */
  outcome?: string;
  /** RequestId of KMS. */
  requestId?: string;
  /** From `traceparent`. */
  traceId?: string;
}

export interface Log {
  /** One line for a request, at `info`; for probes at `debug`. */
  request(line: RequestLine, ms: number): void;
  /** Something that the operator should know: at `error`. `details` must hold nothing secret. */
  error(event: string, details?: Readonly<Record<string, unknown>>): void;
  /** What the process does: always. */
  event(event: string, details?: Readonly<Record<string, unknown>>): void;
  debug(event: string, details?: Readonly<Record<string, unknown>>): void;
}

const RANK: Readonly<Record<LogLevel, number>> = { error: 0, info: 1, debug: 2 };
/** Probes come every few seconds and say nothing. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
const LONGEST_NAME = 80;

/** Writes one JSON object a line. Texts are escaped by JSON, so none can forge a line. */
export function jsonLog(level: LogLevel, write: (line: string) => void, now: () => number = Date.now): Log {
  const emit = (at: LogLevel, event: string, details: Readonly<Record<string, unknown>> = {}): void =>
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), level: at, event, ...details })}\n`);
  const emitIf = (at: LogLevel, event: string, details?: Readonly<Record<string, unknown>>): void => {
    if (RANK[at] <= RANK[level]) emit(at, event, details);
  };
  return {
    request(line, ms) {
      const at = line.status !== undefined && line.status >= 500 ? 'error' : PROBES.has(line.route) ? 'debug' : 'info';
      emitIf(at, 'request', { ...line, ms: Math.round(ms * 10) / 10 });
    },
    error: (event, details) => emitIf('error', event, details),
    event: (event, details) => emit('info', event, details),
    debug: (event, details) => emitIf('debug', event, details),
  };
}

/** A name that a client sent, fit for a log line; undefined for anything that is no name. */
export function shownName(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w./:-]+$/.test(value) ? value.slice(0, LONGEST_NAME) : undefined;
}

/** The trace id of a `traceparent`. */
export function traceIdOf(traceparent: unknown): string | undefined {
  return readTraceparent(traceparent)?.slice(3, 35);
}

import type { Dispatcher } from 'undici';
import type { DispatcherOptions } from './dispatcher.js';

/** One HTTP request, ready to be sent: a POST with an empty body. */
export interface WireRequest {
  /** Scheme, host and port, e.g. `https://kms.cn-hangzhou.aliyuncs.com`. */
  readonly origin: string;
  /** Path and query. Holds the signature for HMAC-SHA1: never to be shown. */
  readonly path: string;
  /** Names and values in turn, as undici takes them. */
  readonly headers: string[];
  /** For the whole attempt, in milliseconds. */
  readonly timeoutMs: number;
}

export interface WireReply {
  readonly status: number;
  /** Lower-case header values that the client reads; absent ones are undefined. */
  readonly date: string | undefined;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

/** What went wrong below HTTP. */
export interface WireFailure {
  /** The caller's signal ended the exchange. */
  readonly cancelled: boolean;
  /** Whether any byte of the request may have left. */
  readonly sent: boolean;
  /** A code or a few words; never part of the request. */
  readonly reason: string;
  /** When a status line came before the trouble. */
  readonly status?: number;
}

export type WireOutcome =
  | { readonly ok: true; readonly reply: WireReply }
  | { readonly ok: false; readonly failure: WireFailure };

export interface Transport {
  /** Never rejects. Redirects are not followed. */
  send(request: WireRequest, signal: AbortSignal | undefined): Promise<WireOutcome>;
  close(): Promise<void>;
}

/** Largest body that is read; a page of 200 tags is about 40 kB. */
export const MAX_REPLY_BYTES = 4 * 1024 * 1024;

/** A transport on undici, which is loaded with the first request. */
export function undiciTransport(options: DispatcherOptions): Transport {
  let dispatcher: Promise<Dispatcher> | undefined;
  return {
    async send(request, signal) {
      dispatcher ??= import('./dispatcher.js').then(({ openDispatcher }) => openDispatcher(options));
      const opened = await dispatcher.catch(() => undefined);
      if (opened !== undefined) return exchange(opened, request, signal);
      // undici says no more than that a URL is invalid, and quotes it with its password.
      return { ok: false, failure: { cancelled: false, sent: false, reason: 'unusable proxy variables' } };
    },
    async close() {
      const opened = await dispatcher?.catch(() => undefined);
      await opened?.destroy();
    },
  };
}

/** One exchange by `dispatch`, which costs half of what undici's `request` with its stream does. */
function exchange(dispatcher: Dispatcher, request: WireRequest, signal: AbortSignal | undefined): Promise<WireOutcome> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let settled = false;
    let status = 0;
    let headers: Readonly<Record<string, string | string[] | undefined>> = {};
    let bytes = 0;
    const chunks: Buffer[] = [];

    const settle = (outcome: WireOutcome): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    const fail = (reason: string, more: Partial<WireFailure> = {}): void =>
      settle({ ok: false, failure: { cancelled: false, sent: controller !== undefined, reason, ...more } });
    const stop = (reason: string, more?: Partial<WireFailure>): void => {
      fail(reason, more);
      controller?.abort(STOPPED);
    };
    const onAbort = (): void => stop('cancelled', { cancelled: true });
    const timer = setTimeout(() => stop('timeout'), request.timeoutMs);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort);

    dispatcher.dispatch(
      { origin: request.origin, path: request.path, method: 'POST', headers: request.headers, body: null },
      {
        // Called just before the first byte is written: an exchange stopped earlier never leaves.
        onRequestStart(started) {
          if (settled) started.abort(STOPPED);
          else controller = started;
        },
        onResponseStart(_, statusCode, responseHeaders) {
          status = statusCode;
          headers = responseHeaders;
        },
        onResponseData(_, chunk) {
          bytes += chunk.length;
          if (bytes > MAX_REPLY_BYTES) stop(`more than ${MAX_REPLY_BYTES} bytes`, { status });
          else chunks.push(chunk);
        },
        onResponseEnd() {
          const reply: WireReply = {
            status,
            date: single(headers['date']),
            retryAfter: single(headers['x-acs-retry-after']),
            body: Buffer.concat(chunks),
          };
          settle({ ok: true, reply });
        },
        onResponseError(_, error) {
          fail(reasonOf(error));
        },
      },
    );
  });
}

const STOPPED = new Error('stopped');

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** A code only: a library's message may quote the request. */
function reasonOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code !== undefined && /^[A-Z0-9_]{1,64}$/.test(code)) return code;
  return error.name === 'HTTPParserError' ? 'malformed HTTP' : 'connection failed';
}

import type { Dispatcher } from 'undici';
import type { Environment } from '../base/setting.js';
import { type ConnectionTrouble, connectionFailure } from './connection-trouble.js';
import { routeTo } from './proxy.js';

/** One HTTP request, ready to be sent; a POST with an empty body, unless it says otherwise. */
export interface WireRequest {
  readonly method?: 'GET' | 'POST';
  readonly body?: string | undefined;
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
  /** Where another attempt would fail alike. */
  readonly trouble?: ConnectionTrouble | undefined;
  /** Host and port of the proxy on the way. */
  readonly proxy?: string | undefined;
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

export interface TransportOptions {
  /** Where the proxy variables are read. */
  readonly env: Environment;
  /** A loopback endpoint is reached directly, whatever proxy is set. */
  readonly loopback: boolean;
}

/** A transport on undici, which is loaded with the first request. */
export function undiciTransport({ env, loopback }: TransportOptions): Transport {
  const dispatchers = new Map<string, Promise<Dispatcher>>();
  return {
    async send(request, signal) {
      const { origin } = request;
      const route = loopback ? ({ kind: 'direct' } as const) : routeTo(origin, env);
      if (route.kind === 'refused') {
        const failure = { cancelled: false, sent: false, reason: route.why, trouble: 'proxy-setting' } as const;
        return { ok: false, failure };
      }
      const dispatcher =
        dispatchers.get(origin) ?? import('./dispatcher.js').then(({ openDispatcher }) => openDispatcher(route));
      dispatchers.set(origin, dispatcher);
      const outcome = await exchange(await dispatcher, request, signal);
      if (outcome.ok || route.kind === 'direct') return outcome;
      return { ok: false, failure: { ...outcome.failure, proxy: route.shown } };
    },
    async close() {
      await Promise.all([...dispatchers.values()].map(async (dispatcher) => (await dispatcher).destroy()));
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
      {
        origin: request.origin,
        path: request.path,
        method: request.method ?? 'POST',
        headers: request.headers,
        body: request.body ?? null,
      },
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
          const { reason, trouble } = connectionFailure(error);
          fail(reason, { trouble });
        },
      },
    );
  });
}

const STOPPED = new Error('stopped');

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

import { randomUUID } from 'node:crypto';
import { type CredentialSource, type Credentials, sameCredentials } from '../credentials/credentials.js';
import { readReply } from './reply.js';
import { DEFAULT_RETRY, delayBefore, judge, mayHaveActed, type RetryPolicy } from './retry-policy.js';
import { type RpcEffect, RpcError, type RpcFailure } from './rpc-error.js';
import { type SignatureVersion, signRequest } from './signed-request.js';
import type { Transport } from './transport.js';

export interface RpcRequest {
  /** Action name, e.g. `UntagResource`. */
  readonly action: string;
  /** Operation parameters; lists already flattened (`TagKey.1`). */
  readonly parameters: Readonly<Record<string, string>>;
  /** False: never sent again once an attempt may have been carried out. Default true. */
  readonly idempotent?: boolean;
}

export interface RpcSuccess {
  readonly requestId: string;
  /** The whole body, unchecked. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  /** Stops the call at any moment, also during a wait. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds since the epoch after which no attempt starts and none goes on. */
  readonly deadline?: number | undefined;
}

/** Asked before each attempt, told of each throttling reply: where a caller keeps to a quota. */
export interface Pace {
  /** Resolves when the attempt may leave; rejects when `signal` aborts. */
  wait(action: string, signal: AbortSignal | undefined): Promise<void>;
  throttled(action: string): void;
}

export interface RpcClientOptions {
  /** Scheme, host and port, e.g. `https://kms.cn-hangzhou.aliyuncs.com`. */
  readonly origin: string;
  /** API version of the product, e.g. `2016-01-20`. */
  readonly version: string;
  readonly signature: SignatureVersion;
  readonly credentials: CredentialSource;
  readonly transport: Transport;
  readonly userAgent: string;
  /** For one attempt, in milliseconds. */
  readonly timeoutMs: number;
  readonly retry?: RetryPolicy;
  readonly pace?: Pace;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Resolves after so many milliseconds, or rejects when the signal aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** What came of one attempt. */
type Attempt =
  | { readonly success: RpcSuccess }
  | {
      readonly success?: undefined;
      readonly failure: RpcFailure;
      /** Whether the attempt may have been carried out. */
      readonly acted: boolean;
      /** Header values of the reply. */
      readonly date?: string | undefined;
      readonly retryAfter?: string | undefined;
    };

export interface RpcClient {
  /**
   * Makes one call: sign, send, understand the reply, and try again by the policy, signing afresh each time.
   * Rejects with `RpcError`, or with `CredentialsError` before anything is sent.
   */
  call(request: RpcRequest, options?: CallOptions): Promise<RpcSuccess>;
}

/** A client for any Alibaba Cloud product with an RPC-style API. */
export function rpcClient(options: RpcClientOptions): RpcClient {
  const { origin, version, signature, credentials: source, transport, userAgent, timeoutMs, pace } = options;
  const { retry = DEFAULT_RETRY, now = Date.now, random = Math.random, sleep = abortableSleep } = options;
  const { host, hostname } = new URL(origin);
  /** The service's clock minus ours, learned from its replies. */
  let clockOffsetMs = 0;

  async function attempt(
    request: RpcRequest,
    credentials: Credentials,
    limitMs: number,
    signal?: AbortSignal,
  ): Promise<Attempt> {
    const { action, parameters } = request;
    const unsigned = { origin, host, action, version, parameters, userAgent, timeoutMs: limitMs };
    const signed = signRequest(unsigned, credentials, signature, randomUUID(), now() + clockOffsetMs);
    const outcome = await transport.send(signed, signal);
    const failed = (
      failure: RpcFailure,
      reply: { date?: string | undefined; retryAfter?: string | undefined } = {},
    ) => ({
      failure,
      acted: mayHaveActed(failure),
      date: reply.date,
      retryAfter: reply.retryAfter,
    });
    if (!outcome.ok) {
      const { cancelled, sent, reason, status: httpStatus } = outcome.failure;
      if (cancelled) return { failure: { kind: 'cancelled' }, acted: sent };
      if (httpStatus !== undefined) return failed({ kind: 'unreadable', host: hostname, reason, httpStatus });
      return failed({ kind: sent ? 'no-reply' : 'unreachable', host: hostname, reason });
    }
    const { status: httpStatus } = outcome.reply;
    const reply = readReply(outcome.reply);
    switch (reply.kind) {
      case 'success':
        return { success: { requestId: reply.requestId, body: reply.body } };
      case 'error': {
        const { code, message, requestId } = reply;
        return failed({ kind: 'service', code, message, requestId, httpStatus }, outcome.reply);
      }
      case 'unreadable':
        return failed({ kind: 'unreadable', host: hostname, reason: reply.reason, httpStatus }, outcome.reply);
    }
  }

  return {
    async call(request, { signal, deadline = Number.POSITIVE_INFINITY } = {}) {
      let effect: RpcEffect = 'none';
      let failure: RpcFailure = { kind: 'deadline' };
      let clockCorrected = false;
      let credentialsRefreshed = false;
      let attempts = 0;
      const giveUp = (why: RpcFailure): RpcError => new RpcError(why, effect, attempts);
      /** Waits; false when the caller's signal ended the wait. */
      const waited = async (wait: Promise<void> | undefined): Promise<boolean> => {
        try {
          await wait;
        } catch (error) {
          if (signal?.aborted !== true) throw error;
        }
        return signal?.aborted !== true;
      };

      let credentials = await source.get(signal);
      for (;;) {
        if (!(await waited(pace?.wait(request.action, signal)))) throw giveUp({ kind: 'cancelled' });
        const left = deadline - now();
        if (left <= 0) throw giveUp(failure);

        attempts += 1;
        const result = await attempt(request, credentials, Math.min(timeoutMs, left), signal);
        if (result.success) return result.success;
        failure = result.failure;
        if (result.acted) effect = 'unknown';

        switch (judge(failure)) {
          case 'final':
            throw giveUp(failure);
          case 'clock-skew': {
            const serviceTime = Date.parse(result.date ?? '');
            if (clockCorrected || Number.isNaN(serviceTime)) throw giveUp(failure);
            clockCorrected = true;
            clockOffsetMs = serviceTime - now();
            continue;
          }
          case 'bad-credentials': {
            if (credentialsRefreshed) throw giveUp(failure);
            credentialsRefreshed = true;
            const fresh = await renewed(source, credentials);
            if (fresh === undefined) throw giveUp(failure);
            credentials = fresh;
            continue;
          }
          case 'throttled':
            pace?.throttled(request.action);
            break;
          case 'transient':
            if (request.idempotent === false && effect === 'unknown') throw giveUp(failure);
            break;
        }
        if (attempts >= retry.maxAttempts) throw giveUp(failure);
        const delay = delayBefore(attempts + 1, retry, random, result.retryAfter);
        if (now() + delay >= deadline) throw giveUp(failure);
        if (!(await waited(sleep(delay, signal)))) throw giveUp({ kind: 'cancelled' });
      }
    },
  };
}

/** Credentials that differ from the refused ones, or nothing: the service's own refusal then says more. */
async function renewed(source: CredentialSource, refused: Credentials): Promise<Credentials | undefined> {
  try {
    const fresh = await source.refresh(refused);
    return sameCredentials(fresh, refused) ? undefined : fresh;
  } catch {
    return undefined;
  }
}

async function abortableSleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { setTimeout: sleep } = await import('node:timers/promises');
  await sleep(ms, undefined, signal ? { signal } : {});
}

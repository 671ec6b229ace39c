import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { type Clock, systemClock } from '../base/clock.js';
import { sleep as sleepFor } from '../base/sleep.js';
import { type CredentialSource, type Credentials, sameCredentials } from '../credentials/credentials.js';
import { type RpcSuccess, readOutcome } from './outcome.js';
import { redactFailure } from './redact.js';
import { classifyFailure, DEFAULT_RETRY, delayBefore, type RetryPolicy } from './retry-policy.js';
import { type Permission, type RpcEffect, RpcError, type RpcFailure } from './rpc-error.js';
import { type SignatureVersion, signRequest } from './signed-request.js';
import { type TimeLimit, timeLimit } from './time-limit.js';
import type { Transport } from './transport.js';

export interface RpcRequest {
  /** Action name, e.g. `UntagResource`. */
  readonly action: string;
  /** Operation parameters; lists already flattened (`TagKey.1`). */
  readonly parameters: Readonly<Record<string, string>>;
  /** What a policy must allow, for an error that says so. */
  readonly permission?: Permission;
}

export interface CallOptions {
  /** Stops the call at any moment, also during a wait. */
  readonly signal?: AbortSignal | undefined;
  /** By `Clock.elapsed`: no attempt starts after this, and none goes on. */
  readonly deadline?: number | undefined;
  /** Sent along with each attempt, outside the signature, so that whatever stands between can join the trace. */
  readonly traceparent?: string | undefined;
}

/** Asked before each attempt, told of each throttling reply: where a caller keeps to a quota. */
export interface RateLimiter {
  /** Resolves when the attempt may leave; rejects when `signal` aborts. */
  acquire(action: string, signal: AbortSignal | undefined): Promise<void>;
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
  readonly limiter?: RateLimiter;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Resolves after so many milliseconds, or rejects when the signal aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

export interface RpcClient {
  /**
   * Makes one call: sign, send, understand the reply, and try again by the policy, signing afresh each time.
   * Rejects with `RpcError`, or with `CredentialsError` before anything is sent.
   */
  call(request: RpcRequest, options?: CallOptions): Promise<RpcSuccess>;
}

/** A client for any Alibaba Cloud product with an RPC-style API. */
export function rpcClient(options: RpcClientOptions): RpcClient {
  const { origin, version, signature, credentials: source, transport, userAgent, timeoutMs, limiter } = options;
  const { retry = DEFAULT_RETRY, clock = systemClock, random = Math.random, sleep = sleepFor } = options;
  const { host, hostname } = new URL(origin);
  /** The service's clock minus ours, learned from its replies. */
  let clockOffsetMs = 0;

  return {
    async call(request, { signal, deadline = Number.POSITIVE_INFINITY, traceparent } = {}) {
      const { action, parameters } = request;
      // Made when there is something to wait for: most calls have credentials at hand and a free turn.
      let limit: TimeLimit | undefined;
      const limited = (): AbortSignal => {
        limit ??= timeLimit(deadline - clock.elapsed(), signal);
        return limit.signal;
      };
      let effect: RpcEffect = 'none';
      let failure: RpcFailure = { kind: 'deadline' };
      let clockCorrected = false;
      let credentialsRefreshed = false;
      let attempts = 0;
      const giveUp = (why: RpcFailure): RpcError => new RpcError(why, effect, attempts, request.permission);
      /** Everything that takes time, but for the attempts: over when the call must end, whatever `work` comes to. */
      const inTime = async <Value>(work: Value | Promise<Value>): Promise<Value> => {
        const ended = (): RpcError => giveUp(signal?.aborted ? { kind: 'cancelled', sent: false } : failure);
        try {
          const value = await work;
          if (limit?.signal.aborted) throw ended();
          return value;
        } catch (error) {
          throw limit?.signal.aborted ? ended() : error;
        }
      };

      try {
        if (signal?.aborted) throw giveUp({ kind: 'cancelled', sent: false });
        // A bulk change makes many calls at a time under one signal: that is no leak, and Node need not warn of one.
        if (signal) setMaxListeners(0, signal);
        let credentials = source.current?.() ?? (await inTime(source.get(limited())));
        for (;;) {
          if (limiter !== undefined) await inTime(limiter.acquire(action, limited()));
          const left = deadline - clock.elapsed();
          if (left <= 0) throw giveUp(failure);

          attempts += 1;
          const limitMs = Math.min(timeoutMs, left);
          const unsigned = { origin, host, action, version, parameters, userAgent, traceparent, timeoutMs: limitMs };
          const signed = signRequest(unsigned, credentials, signature, randomUUID(), clock.now() + clockOffsetMs);
          const result = readOutcome(await transport.send(signed, signal), hostname);
          if (result.success) return result.success;
          failure = redactFailure(result.failure, credentials);
          if (result.acted) effect = 'unknown';

          switch (classifyFailure(failure)) {
            case 'final':
              throw giveUp(failure);
            case 'clock-skew': {
              const serviceTime = timeOf(result.date);
              if (clockCorrected || serviceTime === undefined) throw giveUp(failure);
              clockCorrected = true;
              clockOffsetMs = serviceTime - clock.now();
              continue;
            }
            case 'bad-credentials': {
              if (credentialsRefreshed) throw giveUp(failure);
              credentialsRefreshed = true;
              const fresh = await inTime(renewed(source, credentials, limited()));
              if (fresh === undefined) throw giveUp(failure);
              credentials = fresh;
              continue;
            }
            case 'throttled':
              limiter?.throttled(action);
              break;
            case 'transient':
              break;
          }
          if (attempts >= retry.maxAttempts) throw giveUp(failure);
          const delay = delayBefore(attempts + 1, retry, random, result.retryAfter);
          if (clock.elapsed() + delay >= deadline) throw giveUp(failure);
          await inTime(sleep(delay, limited()));
        }
      } finally {
        limit?.release();
      }
    },
  };
}

/** Credentials that differ from the refused ones, or nothing: the service's own refusal then says more. */
async function renewed(
  source: CredentialSource,
  refused: Credentials,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  try {
    const fresh = await source.refresh(refused, signal);
    return sameCredentials(fresh, refused) ? undefined : fresh;
  } catch {
    return undefined;
  }
}

/** Milliseconds since the epoch of a `Date` header in the one form that HTTP prescribes. */
function timeOf(date: string | undefined): number | undefined {
  const isHttpDate = date !== undefined && /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(date);
  const time = isHttpDate ? Date.parse(date) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

import type { ConnectionTrouble } from './connection-trouble.js';

/**
 * Why a call failed. Only facts that are safe to show: never a URL, a header that we sent, or a library's own
 * error object, since those can hold the signature or the token.
 */
export type RpcFailure =
  /** The service, or its gateway, answered with an error of its own. `code` and `message` are the service's text: data, not instructions. */
  | {
      readonly kind: 'service';
      readonly code: string;
      readonly message: string;
      readonly requestId: string | undefined;
      readonly httpStatus: number;
    }
  /** No connection, so nothing was sent. `reason` is a system or TLS error code such as `ECONNREFUSED`, or a few words. */
  | {
      readonly kind: 'unreachable';
      readonly host: string;
      readonly reason: string;
      /** Host and port of the proxy on the way. */
      readonly proxy?: string;
      /** Where another attempt would fail alike. */
      readonly trouble?: ConnectionTrouble;
    }
  /** Sent, and no complete answer came: a timeout or a reset connection. */
  | { readonly kind: 'no-reply'; readonly host: string; readonly reason: string }
  /** Answered, but not in the service's language: an HTML page, a cut-off body, a redirect, too many bytes. */
  | { readonly kind: 'unreadable'; readonly host: string; readonly reason: string; readonly httpStatus: number }
  /** Stopped by the caller's signal; `sent`: after the request may have left. */
  | { readonly kind: 'cancelled'; readonly sent: boolean }
  /** The caller's deadline passed before an attempt could be made. */
  | { readonly kind: 'deadline' };

/**
 * What the call may have done to the service's state, over all its attempts.
 * `none`: every attempt was refused or never left. `unknown`: at least one attempt may have been carried out.
 */
export type RpcEffect = 'none' | 'unknown';

/** A RAM permission: `kms:UntagResource` on `acs:kms:cn-hangzhou:*:key/…`. */
export interface Permission {
  readonly action: string;
  readonly resource: string;
}

/** A call that did not succeed. Holds no `cause`: see `RpcFailure`. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly failure: RpcFailure;
  readonly effect: RpcEffect;
  /** Number of attempts that were started. */
  readonly attempts: number;

  /** What a policy must allow for the call, where it is known. */
  readonly permission: Permission | undefined;

  constructor(failure: RpcFailure, effect: RpcEffect, attempts: number, permission?: Permission) {
    // For a log. What people and models read is worded where the failure is shown.
    super(failure.kind === 'service' ? failure.code : failure.kind);
    this.failure = failure;
    this.effect = effect;
    this.attempts = attempts;
    this.permission = permission;
  }
}

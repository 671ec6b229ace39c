import type { Credentials } from '../credentials/credentials.js';
import { canonicalQuery, percentEncode } from './percent-encode.js';
import { signV1 } from './signature-v1.js';
import { EMPTY_BODY_SHA256, signV3, V3_ALGORITHM } from './signature-v3.js';
import type { WireRequest } from './transport.js';

/** `v3` is ACS3-HMAC-SHA256; `v1` is HMAC-SHA1 RPC, SignatureVersion 1.0. */
export type SignatureVersion = 'v3' | 'v1';

/** One attempt of a call, before it is signed. */
export interface UnsignedRequest {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Host and port, as they go into the `host` header. */
  readonly host: string;
  /** Action name, e.g. `UntagResource`. */
  readonly action: string;
  /** API version, e.g. `2016-01-20`. */
  readonly version: string;
  /** Operation parameters; lists already flattened (`TagKey.1`). */
  readonly parameters: Readonly<Record<string, string>>;
  readonly userAgent: string;
  /** W3C trace context, outside the signature. */
  readonly traceparent?: string | undefined;
  readonly timeoutMs: number;
}

/**
 * Signs one attempt. Parameters travel in the query of a POST with an empty body, as the official SDK sends them.
 * `nonce` must be fresh for every attempt and `timeMs` the service's time as far as it is known.
 */
export function signRequest(
  request: UnsignedRequest,
  credentials: Credentials,
  signature: SignatureVersion,
  nonce: string,
  timeMs: number,
): WireRequest {
  // UTC without milliseconds: both signatures refuse them.
  const timestamp = `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
  const { origin, timeoutMs } = request;
  return signature === 'v3'
    ? { origin, timeoutMs, ...v3(request, credentials, nonce, timestamp) }
    : { origin, timeoutMs, ...v1(request, credentials, nonce, timestamp) };
}

type PathAndHeaders = Pick<WireRequest, 'path' | 'headers'>;

function v3(request: UnsignedRequest, credentials: Credentials, nonce: string, timestamp: string): PathAndHeaders {
  const query = canonicalQuery(request.parameters);
  // In alphabetical order, which is the order the signature wants.
  const headers = ['host', request.host, 'x-acs-action', request.action];
  headers.push('x-acs-content-sha256', EMPTY_BODY_SHA256, 'x-acs-date', timestamp);
  if (credentials.securityToken !== undefined) headers.push('x-acs-security-token', credentials.securityToken);
  headers.push('x-acs-signature-nonce', nonce, 'x-acs-version', request.version);

  const { signedHeaders, signature } = signV3({
    method: 'POST',
    path: '/',
    query,
    headers,
    bodySha256: EMPTY_BODY_SHA256,
    accessKeySecret: credentials.accessKeySecret,
  });
  const authorization = `${V3_ALGORITHM} Credential=${credentials.accessKeyId},SignedHeaders=${signedHeaders},Signature=${signature}`;
  headers.push('authorization', authorization);
  addUnsigned(headers, request);
  return { path: query === '' ? '/' : `/?${query}`, headers };
}

function v1(request: UnsignedRequest, credentials: Credentials, nonce: string, timestamp: string): PathAndHeaders {
  const parameters: Record<string, string> = {
    ...request.parameters,
    AccessKeyId: credentials.accessKeyId,
    Action: request.action,
    Format: 'JSON',
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: nonce,
    SignatureVersion: '1.0',
    Timestamp: timestamp,
    Version: request.version,
  };
  if (credentials.securityToken !== undefined) parameters['SecurityToken'] = credentials.securityToken;
  const signature = signV1({ method: 'POST', parameters, accessKeySecret: credentials.accessKeySecret });
  const headers = ['host', request.host];
  addUnsigned(headers, request);
  return { path: `/?${canonicalQuery(parameters)}&Signature=${percentEncode(signature)}`, headers };
}

function addUnsigned(headers: string[], { userAgent, traceparent }: UnsignedRequest): void {
  headers.push('accept', 'application/json', 'user-agent', userAgent);
  if (traceparent !== undefined) headers.push('traceparent', traceparent);
}

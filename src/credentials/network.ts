import type { Credentials } from './credentials.js';

/** One HTTP exchange that needs no signature. Redirects are not followed. */
export interface PlainRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface PlainReply {
  readonly status: number;
  readonly body: string;
}

/** One signed call of a product with an RPC-style API. */
export interface SignedCall {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly version: string;
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly credentials: Credentials;
}

/**
 * How sources reach the services that they ask. Passed in, so that proxies, certificates and time limits are those of
 * every other request of the program. Both reject with {@link NetworkFailure}.
 */
export interface CredentialNetwork {
  exchange(request: PlainRequest): Promise<PlainReply>;
  /** The body of a successful reply, unchecked. */
  call(call: SignedCall): Promise<unknown>;
}

/** No answer that could be used. The message is in our own words, and holds neither a URL nor text of the service. */
export class NetworkFailure extends Error {
  override readonly name = 'NetworkFailure';
  /** The service's error code, when it answered with one. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

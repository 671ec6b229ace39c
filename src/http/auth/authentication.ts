import type { OutgoingHttpHeaders } from 'node:http';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { READ_SCOPE } from '../../mcp/scopes.js';

/** Who sends a request, or why it goes no further. */
export type Authentication =
  /** `caller` is undefined where no authentication is required. */
  | { readonly kind: 'accepted'; readonly caller: AuthInfo | undefined }
  /** `reason` is one word or a code, for the log. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'insufficient'; readonly caller: AuthInfo }
  /** The issuer does not answer: nothing is known about the token. */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** One way to find out who holds a token. `unknown`: another verifier may know it. Never rejects. */
export type Verifier = (
  token: string,
) => Promise<Exclude<Authentication, { kind: 'insufficient' }> | { readonly kind: 'unknown' }>;

export type Authenticate = (authorization: string | undefined) => Promise<Authentication>;

/** Asks the verifiers in turn; without any, every caller is accepted (loopback only, see `config.ts`). */
export function authenticator(verifiers: readonly Verifier[]): Authenticate {
  return async (authorization) => {
    if (verifiers.length === 0) return { kind: 'accepted', caller: undefined };
    if (authorization === undefined) return { kind: 'refused', reason: 'missing' };
    const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
    if (token === undefined) return { kind: 'refused', reason: 'malformed' };
    for (const verify of verifiers) {
      const found = await verify(token);
      if (found.kind === 'unknown') continue;
      if (found.kind !== 'accepted' || found.caller === undefined) return found;
      return found.caller.scopes.includes(READ_SCOPE) ? found : { kind: 'insufficient', caller: found.caller };
    }
    return { kind: 'refused', reason: 'unknown' };
  };
}

/** Status, headers and body for a request that goes no further: RFC 6750 section 3, RFC 9728 section 5.1. */
export interface Challenge {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: { readonly error: string; readonly error_description: string };
}

/** `metadataUrl`: where the RFC 9728 document is, when there is an issuer. */
export function challengeOf(
  refused: Exclude<Authentication, { readonly kind: 'accepted' }>,
  metadataUrl: string | undefined,
): Challenge {
  switch (refused.kind) {
    case 'refused':
      // Where nothing was presented there is no error to name (RFC 6750 section 3.1).
      return refused.reason === 'missing'
        ? challenge(401, 'invalid_token', 'A bearer token is required', metadataUrl, [])
        : challenge(401, 'invalid_token', 'The bearer token is not valid for this server', metadataUrl);
    case 'insufficient':
      return challenge(403, 'insufficient_scope', 'The token lacks a scope of this server', metadataUrl);
    case 'unavailable': {
      const error_description = 'The authorization server did not answer, so the token could not be checked';
      return {
        status: 503,
        headers: { 'retry-after': '5' },
        body: { error: 'temporarily_unavailable', error_description },
      };
    }
  }
}

function challenge(
  status: number,
  error: string,
  description: string,
  metadataUrl: string | undefined,
  cause = [`error="${error}"`, `error_description="${description}"`],
): Challenge {
  const metadata = metadataUrl === undefined ? [] : [`resource_metadata="${metadataUrl}"`];
  const parameters = [...cause, `scope="${READ_SCOPE}"`, ...metadata];
  return {
    status,
    headers: { 'www-authenticate': `Bearer ${parameters.join(', ')}` },
    body: { error, error_description: description },
  };
}

import type { AuthInfo } from '@modelcontextprotocol/server';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { ADMIN_SCOPE, READ_SCOPE, WRITE_SCOPE } from '../../mcp/scopes.js';
import type { Verifier } from './authentication.js';
import { issuerFinder } from './issuer.js';
import { type FetchJson, IssuerError } from './issuer-fetch.js';

export interface AccessTokenOptions {
  readonly issuer: string;
  /** What the issuer must have made the token for: this server's public URL. */
  readonly audience: string;
  readonly fetchJson: FetchJson;
  /** See `IssuerOptions`. Default 30 s. */
  readonly cooldownMs?: number;
  readonly now?: () => number;
}

/** Signatures with a key pair only: with a shared secret, whoever can check a token could also make one. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** Clocks may differ by so many seconds. */
const CLOCK_TOLERANCE_S = 30;
const LONGEST_SUBJECT = 256;

/**
 * Knows the access tokens of one issuer: JWTs (RFC 9068) whose signature, algorithm, issuer, audience and expiry hold.
 * A scope that the token carries beyond ours is of no account.
 */
export function accessTokenVerifier(options: AccessTokenOptions): Verifier {
  const { issuer: url, audience, fetchJson, cooldownMs = 30_000, now = Date.now } = options;
  const findIssuer = issuerFinder({ url, fetchJson, cooldownMs, now });
  return async (token) => {
    try {
      const { payload } = await jwtVerify(
        token,
        async (header, input) => {
          const { keys } = await findIssuer();
          return keys(header, input);
        },
        {
          algorithms: ALGORITHMS,
          audience,
          requiredClaims: ['iss', 'sub', 'exp'],
          clockTolerance: CLOCK_TOLERANCE_S,
          currentDate: new Date(now()),
        },
      );
      const { id } = await findIssuer();
      if (payload.iss !== id) return { kind: 'refused', reason: 'issuer' };
      const caller = callerOf(payload, audience);
      return caller === undefined ? { kind: 'refused', reason: 'subject' } : { kind: 'accepted', caller };
    } catch (error) {
      if (error instanceof IssuerError) return { kind: 'unavailable', reason: error.message };
      if (error instanceof errors.JWKSInvalid || error instanceof errors.JWKSTimeout) {
        return { kind: 'unavailable', reason: error.code };
      }
      // A code such as ERR_JWT_EXPIRED; messages may quote a claim.
      return { kind: 'refused', reason: error instanceof errors.JOSEError ? error.code : 'unreadable' };
    }
  };
}

function callerOf(payload: JWTPayload, audience: string): AuthInfo | undefined {
  const { sub, exp } = payload;
  if (sub === undefined || exp === undefined || sub === '' || sub.length > LONGEST_SUBJECT) return undefined;
  const resource = new URL(audience);
  // The token goes no further than this: no handler has a use for it, and none can pass it on.
  return { token: '', clientId: `oauth:${sub}`, scopes: scopesOf(payload), expiresAt: exp, resource };
}

/** `scope` is the standard claim (RFC 9068); some issuers say `scp`, as text or as a list. */
function scopesOf(payload: JWTPayload): string[] {
  const said = [payload['scope'], payload['scp']].flatMap((claim) =>
    typeof claim === 'string' ? claim.split(' ') : claim,
  );
  const known = [READ_SCOPE, WRITE_SCOPE, ADMIN_SCOPE].filter((scope) => said.includes(scope));
  // A caller who may change tags learns from the results what they were.
  return known.length > 0 && !known.includes(READ_SCOPE) ? [READ_SCOPE, ...known] : known;
}

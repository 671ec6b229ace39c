import type { AuthInfo } from '@modelcontextprotocol/server';
import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import { ADMIN_SCOPE, READ_SCOPE, WRITE_SCOPE } from '../../mcp/scopes.js';
import type { Verifier } from './authentication.js';
import { type Issuer, issuerSource } from './issuer.js';
import { type FetchJson, IssuerError } from './issuer-fetch.js';

export interface AccessTokenOptions {
  readonly issuer: string;
  /** What the issuer writes into the tokens that it makes for this server. */
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
 * Accepts the access tokens of one issuer: JWTs (RFC 9068) whose signature, algorithm, issuer, audience and expiry hold.
 * Scopes that are not ours are ignored.
 */
export function accessTokenVerifier(options: AccessTokenOptions): Verifier {
  const { issuer: url, audience, fetchJson, cooldownMs = 30_000, now = Date.now } = options;
  const source = issuerSource({ url, fetchJson, cooldownMs, now });
  const check = async (token: string, issuer: () => Promise<Issuer>): Promise<AuthInfo> => {
    const payload = await verifySignature(token, issuer, {
      algorithms: ALGORITHMS,
      requiredClaims: ['iss', 'aud', 'sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(now()),
    });
    if (payload.iss !== (await issuer()).id) throw new Refused('issuer');
    if (![payload.aud].flat().some((claim) => isSameAudience(claim, audience))) throw new Refused('audience');
    return callerOf(payload);
  };
  return async (token) => {
    let used: Issuer | undefined;
    const current = async (): Promise<Issuer> => {
      used ??= await source.current();
      return used;
    };
    try {
      const caller = await check(token, current).catch(async (error: unknown) => {
        // The issuer may have new keys, or the address of its keys may be a new one.
        const newer = used !== undefined && isUnknownKey(error) ? await source.newerThan(used) : undefined;
        if (newer === undefined) throw error;
        return check(token, async () => newer);
      });
      return { kind: 'accepted', caller };
    } catch (error) {
      if (error instanceof Refused) return { kind: 'refused', reason: error.message };
      if (error instanceof IssuerError) return { kind: 'unavailable', reason: error.message };
      if (error instanceof errors.JWKSInvalid) return { kind: 'unavailable', reason: error.code };
      // A code such as ERR_JWT_EXPIRED; messages may quote a claim.
      return { kind: 'refused', reason: error instanceof errors.JOSEError ? error.code : 'unreadable' };
    }
  };
}

/** A token whose signature holds and that is for somebody else. `message` is one word, for the log. */
class Refused extends Error {}

/** Tries every key that fits: while keys roll over there may be two, and a token need not say which (RFC 7515, `kid`). */
async function verifySignature(
  token: string,
  issuer: () => Promise<Issuer>,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    // The keys are asked for once the algorithm is known to be allowed.
    return (await jwtVerify(token, async (header, input) => (await issuer()).keys(header, input), options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function isUnknownKey(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
}

/** URLs are compared as URLs, as case of the host, a default port and a slash at the end do not matter; all else exactly. */
function isSameAudience(claim: unknown, audience: string): boolean {
  return typeof claim === 'string' && comparable(claim) === comparable(audience);
}

function comparable(audience: string): string {
  const url = /^https?:\/\//i.test(audience) && URL.canParse(audience) ? new URL(audience) : undefined;
  return url === undefined || url.search !== '' || url.hash !== '' ? audience : url.href.replace(/\/$/, '');
}

function callerOf({ sub, exp, scope, scp }: JWTPayload): AuthInfo {
  // Any other type is no subject (RFC 7519 section 4.1.2), and as text could pass for somebody else.
  if (typeof sub !== 'string' || sub === '' || sub.length > LONGEST_SUBJECT) throw new Refused('subject');
  // The token goes no further than this: no handler has a use for it, and none can pass it on.
  const caller = { token: '', clientId: `oauth:${sub}`, scopes: scopesOf([scope, scp]) };
  return exp === undefined ? caller : { ...caller, expiresAt: exp };
}

/** `scope` is the standard claim (RFC 9068); some issuers say `scp`, as text or as a list. */
function scopesOf(claims: readonly unknown[]): string[] {
  const said = claims.flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : claim));
  const known = [READ_SCOPE, WRITE_SCOPE, ADMIN_SCOPE].filter((name) => said.includes(name));
  // A caller who may change tags learns from the results what they were.
  return known.length > 0 && !known.includes(READ_SCOPE) ? [READ_SCOPE, ...known] : known;
}

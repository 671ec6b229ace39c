import { createHash, timingSafeEqual } from 'node:crypto';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { ADMIN_SCOPE, READ_SCOPE, WRITE_SCOPE } from '../../mcp/scopes.js';
import type { Verifier } from './authentication.js';
import type { BearerLevel, BearerToken } from './bearer-token.js';

const SCOPES: Readonly<Record<BearerLevel, readonly string[]>> = {
  read: [READ_SCOPE],
  write: [READ_SCOPE, WRITE_SCOPE],
  admin: [READ_SCOPE, WRITE_SCOPE, ADMIN_SCOPE],
};

/** Knows the tokens of `KMS_TAGS_HTTP_TOKENS`. A comparison takes the same time whatever it finds. */
export function bearerTokenVerifier(tokens: readonly BearerToken[]): Verifier {
  return async (token) => {
    const digest = createHash('sha256').update(token).digest();
    let found: BearerToken | undefined;
    for (const known of tokens) {
      if (timingSafeEqual(known.digest, digest)) found = known;
    }
    return found === undefined ? { kind: 'unknown' } : { kind: 'accepted', caller: callerOf(found) };
  };
}

function callerOf({ name, level }: BearerToken): AuthInfo {
  // The token goes no further than this: no handler has a use for it, and none can pass it on.
  return { token: '', clientId: `token:${name}`, scopes: [...SCOPES[level]] };
}

import type { AuthInfo } from '@modelcontextprotocol/server';
import { startHash } from '../../base/digest.js';
import { ADMIN_SCOPE, READ_SCOPE, WRITE_SCOPE } from '../../mcp/scopes.js';
import type { Verifier } from './authentication.js';

/** What the holder of a token may do, each level with the ones before it. */
export type BearerLevel = 'read' | 'write' | 'admin';

/** One of `KMS_TAGS_HTTP_TOKENS`. The token itself is forgotten at once: its digest is all that a comparison needs. */
export interface BearerToken {
  readonly name: string;
  readonly level: BearerLevel;
  /** SHA-256. */
  readonly digest: Buffer;
}

const SCOPES: Readonly<Record<BearerLevel, readonly string[]>> = {
  read: [READ_SCOPE],
  write: [READ_SCOPE, WRITE_SCOPE],
  admin: [READ_SCOPE, WRITE_SCOPE, ADMIN_SCOPE],
};
/** Shorter ones can be guessed over the network. */
const LEAST_LENGTH = 24;

/**
 * Reads `NAME=TOKEN`, `NAME:read=TOKEN` and `NAME:admin=TOKEN`, separated by commas. A name may come twice, so that a
 * token can be replaced without a gap. Throws an `Error` that names the entry by its place and repeats none of it.
 */
export function parseBearerTokens(text: string): readonly BearerToken[] {
  const tokens = text.split(',').map((entry, index) => parseEntry(entry.trim(), index + 1));
  const digests = new Set(tokens.map(({ digest }) => digest.toString('hex')));
  if (digests.size < tokens.length) throw new Error('must not hold the same token twice');
  return tokens;
}

/** Accepts the tokens of `KMS_TAGS_HTTP_TOKENS`. A comparison takes the same time whatever it finds. */
export function bearerTokenVerifier(tokens: readonly BearerToken[]): Verifier {
  const { timingSafeEqual } = process.getBuiltinModule('node:crypto');
  return async (token) => {
    const digest = digestOf(token);
    let found: BearerToken | undefined;
    for (const known of tokens) {
      if (timingSafeEqual(known.digest, digest)) found = known;
    }
    return found === undefined ? { kind: 'unknown' } : { kind: 'accepted', caller: callerOf(found) };
  };
}

function parseEntry(entry: string, place: number): BearerToken {
  const [, name, level = 'write', token = ''] = /^([\w.@-]{1,64})(?::(read|admin))?=(.*)$/s.exec(entry) ?? [];
  if (name === undefined) {
    throw new Error(
      `must be NAME=TOKEN, NAME:read=TOKEN or NAME:admin=TOKEN, separated by commas (see entry ${place})`,
    );
  }
  if (token.length < LEAST_LENGTH) {
    throw new Error(`must have tokens of ${LEAST_LENGTH} characters or more (see entry ${place})`);
  }
  // RFC 6750 section 2.1: nothing else can stand in an Authorization header.
  if (!/^[\w.~+/-]+=*$/.test(token)) {
    throw new Error(`must have tokens of letters, digits and -._~+/ (see entry ${place})`);
  }
  return { name, level: level === 'read' || level === 'admin' ? level : 'write', digest: digestOf(token) };
}

function digestOf(token: string): Buffer {
  return startHash().update(token).digest();
}

function callerOf({ name, level }: BearerToken): AuthInfo {
  // The token goes no further than this: no handler has a use for it, and none can pass it on.
  return { token: '', clientId: `token:${name}`, scopes: [...SCOPES[level]] };
}

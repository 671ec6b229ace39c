import { createRemoteJWKSet, customFetch, type RemoteJWKSet } from 'jose';
import * as z from 'zod';
import { type FetchJson, IssuerError } from './issuer-fetch.js';

/** An authorization server as its metadata describe it. */
export interface Issuer {
  /** Exactly as tokens name it. */
  readonly id: string;
  readonly keys: RemoteJWKSet;
}

export interface IssuerOptions {
  /** From `--oauth-issuer`; a slash at its end does not matter. */
  readonly url: string;
  readonly fetchJson: FetchJson;
  /** A key that is not known is looked for again only after this, so that forged tokens cannot cause traffic. */
  readonly cooldownMs: number;
  readonly now: () => number;
}

const metadataSchema = z.object({ issuer: z.string(), jwks_uri: z.url() });
/** After a failure, how long nobody asks again. */
const FAILURE_MS = 1_000;
/** Keys, and what the metadata say of them, are read again after this. */
const KEYS_MS = 10 * 60_000;

/** Finds the issuer's keys on first need and keeps them. The function rejects with `IssuerError`. */
export function issuerFinder({ url, fetchJson, cooldownMs, now }: IssuerOptions): () => Promise<Issuer> {
  let found: Promise<Issuer> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let failure = new IssuerError('not asked yet');
  const find = async (): Promise<Issuer> => {
    const { issuer, jwks_uri } = await readMetadata(url, fetchJson);
    const keys = createRemoteJWKSet(new URL(jwks_uri), {
      cooldownDuration: cooldownMs,
      cacheMaxAge: KEYS_MS,
      [customFetch]: async (keysUrl) => Response.json(await fetchJson(keysUrl)),
    });
    return { id: issuer, keys };
  };
  return () => {
    if (found !== undefined) return found;
    if (now() - failedAt < FAILURE_MS) return Promise.reject(failure);
    const attempt = find().catch((error: unknown) => {
      found = undefined;
      failedAt = now();
      failure = error instanceof IssuerError ? error : new IssuerError('unexpected');
      throw failure;
    });
    found = attempt;
    return attempt;
  };
}

/**
 * RFC 8414 section 3 and OpenID Connect Discovery, in the order of
 * https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#authorization-server-metadata-discovery
 */
async function readMetadata(issuer: string, fetchJson: FetchJson): Promise<z.output<typeof metadataSchema>> {
  let last = new IssuerError('no metadata');
  for (const url of metadataUrls(issuer)) {
    try {
      const { data } = metadataSchema.safeParse(await fetchJson(url));
      // Section 3.3: metadata that name another issuer must not be used.
      if (data !== undefined && withoutSlash(data.issuer) === withoutSlash(issuer)) return data;
      last = new IssuerError('metadata of another issuer');
    } catch (error) {
      if (!(error instanceof IssuerError)) throw error;
      last = error;
    }
  }
  throw last;
}

function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = withoutSlash(pathname);
  return [
    ...new Set([
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}/.well-known/openid-configuration${path}`,
      `${origin}${path}/.well-known/openid-configuration`,
    ]),
  ];
}

function withoutSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}

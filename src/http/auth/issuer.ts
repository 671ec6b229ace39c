import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from 'jose';
import * as z from 'zod';
import { type FetchJson, IssuerError } from './issuer-fetch.js';

/** An authorization server as its metadata and its keys describe it. */
export interface Issuer {
  /** Exactly as tokens name it. */
  readonly id: string;
  readonly keys: LocalJWKSet;
}

/** What is known of the issuer. Both functions reject with `IssuerError`. */
export interface IssuerSource {
  /** As it was last read, at most ten minutes ago. */
  current(): Promise<Issuer>;
  /** Reads it again, for a token that the keys of `used` do not verify. Undefined when that was done a moment ago. */
  newerThan(used: Issuer): Promise<Issuer | undefined>;
}

export interface IssuerOptions {
  /** From `--oauth-issuer`; a slash at its end does not matter. */
  readonly url: string;
  readonly fetchJson: FetchJson;
  /** The issuer is read again for an unknown key only after this, so that forged tokens cannot cause traffic. */
  readonly cooldownMs: number;
  readonly now: () => number;
}

const metadataSchema = z.object({ issuer: z.string(), jwks_uri: z.url() });
/** After a failure, how long nobody asks again; at most the cooldown. */
const FAILURE_MS = 1_000;
/** Metadata and keys are read again after this. */
const KEPT_MS = 10 * 60_000;

/**
 * Reads the issuer's metadata and keys on first need and keeps them. They are always read together: an issuer may move
 * its `jwks_uri`, and then the old one answers with an error, or with old keys for ever.
 */
export function issuerSource({ url, fetchJson, cooldownMs, now }: IssuerOptions): IssuerSource {
  let known: { readonly issuer: Issuer; readonly at: number } | undefined;
  let reading: Promise<Issuer> | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  let rereadAt = Number.NEGATIVE_INFINITY;
  const since = (at: number): number => now() - at;
  const keep = (issuer: Issuer): Issuer => {
    known = { issuer, at: now() };
    return issuer;
  };
  const read = (): Promise<Issuer> => {
    reading ??= readIssuer(url, fetchJson)
      .then(keep)
      .catch((error: unknown) => {
        failure = { error, at: now() };
        throw error;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  return {
    async current() {
      if (known !== undefined && since(known.at) < KEPT_MS) return known.issuer;
      if (failure !== undefined && since(failure.at) < Math.min(FAILURE_MS, cooldownMs)) throw failure.error;
      return read();
    },
    // A failure here takes nothing away: tokens that the known keys verify go on being accepted.
    async newerThan(used) {
      if (reading !== undefined) return reading;
      if (known !== undefined && known.issuer !== used) return known.issuer;
      if (since(rereadAt) < cooldownMs) return undefined;
      rereadAt = now();
      return read();
    },
  };
}

async function readIssuer(url: string, fetchJson: FetchJson): Promise<Issuer> {
  const { issuer, jwks_uri } = await readMetadata(url, fetchJson);
  const keySet = await fetchJson(jwks_uri);
  if (!isKeySet(keySet)) throw new IssuerError('no key set');
  return { id: issuer, keys: createLocalJWKSet(keySet) };
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return z.object({ keys: z.array(z.object({})) }).safeParse(value).success;
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

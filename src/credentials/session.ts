import type { CredentialsProvider } from '@alicloud/credentials';
import * as z from 'zod';
import type { Credentials } from './credentials.js';
import { explainFailure } from './failure-words.js';
import type { Identity, Lookup } from './lookup.js';
import { UnusableSource } from './lookup.js';
import { createProvider, loadOfficialPackage } from './official-package.js';
import { hasChanged } from './text-file.js';
import { isWireSafe } from './wire-text.js';

/** A source that has answered once and can be asked again. */
export interface Session {
  /** Credentials for a call, renewed before they end. Throws UnusableSource. */
  credentials(): Promise<Credentials>;
  /** Whether the file behind it has changed, so that it should be looked up again. */
  isOutdated(): Promise<boolean>;
}

// The official package runs an `External` profile's command for every call when its output names no end.
const EXTERNAL_REUSE_MS = 60_000;

const wireText = z.string().trim().refine(isWireSafe);
const replySchema = z.object({
  accessKeyId: wireText,
  accessKeySecret: wireText,
  securityToken: z.union([wireText, z.literal('')]).nullish(),
});

/**
 * Opens what a lookup found. Only a plain AccessKey needs no official package.
 *
 * @param home the user's home directory.
 * @throws UnusableSource
 */
export async function openSession(found: Extract<Lookup, { kind: 'found' }>, home: string): Promise<Session> {
  const { identity, source, file } = found;
  const named = <T>(work: () => Promise<T>) => naming(source, work);
  const ask = await named(() => openIdentity(identity, home));
  return {
    credentials: () => named(async () => checked(await ask(), source)),
    isOutdated: async () => file !== undefined && (await hasChanged(file)),
  };
}

/** Puts the source before what went wrong with it. */
async function naming<T>(source: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof UnusableSource ? new UnusableSource(`${source}: ${error.message}`) : error;
  }
}

async function openIdentity(identity: Identity, home: string): Promise<() => Promise<unknown>> {
  if (identity.kind === 'key') return async () => identity;
  const official = await loadOfficialPackage();
  let provider: CredentialsProvider | undefined;
  const ask = async () => {
    try {
      provider ??= createProvider(official, identity, home);
      return await provider.getCredentials();
    } catch (error) {
      throw new UnusableSource(explainFailure(error, identity.kind));
    }
  };
  return identity.kind === 'CLI login' && identity.mode === 'External' ? reused(ask, EXTERNAL_REUSE_MS) : ask;
}

function reused<T>(ask: () => Promise<T>, forMs: number): () => Promise<T> {
  let kept: { readonly value: T; readonly until: number } | undefined;
  return async () => {
    if (kept === undefined || Date.now() >= kept.until) kept = { value: await ask(), until: Date.now() + forMs };
    return kept.value;
  };
}

function checked(reply: unknown, source: string): Credentials {
  const parsed = replySchema.safeParse(reply);
  if (!parsed.success) {
    throw new UnusableSource('a value is missing, is not text, or holds a space, a control or a non-ASCII character');
  }
  const { accessKeyId, accessKeySecret, securityToken } = parsed.data;
  return { accessKeyId, accessKeySecret, ...(securityToken ? { securityToken } : {}), source };
}

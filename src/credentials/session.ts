import * as z from 'zod';
import { type Environment, holdsPlaceholder } from '../base/setting.js';
import { runCommand } from './command.js';
import type { Credentials } from './credentials.js';
import { uriSession } from './credentials-uri.js';
import { ecsRole } from './ecs-metadata.js';
import { renewing } from './keys.js';
import { cloudSsoSession, oauthSession } from './login.js';
import type { Identity, Keys, Lookup } from './lookup.js';
import type { CredentialNetwork } from './network.js';
import { assumeRole, assumeRoleWithOidc } from './sts.js';
import { hasChanged } from './text-file.js';
import { UnusableSource } from './unusable-source.js';
import { isWireSafe } from './wire-text.js';

/** A source that has answered once and can be asked again. */
export interface Session {
  /** Credentials for a call, renewed before they end. Throws UnusableSource. */
  credentials(): Promise<Credentials>;
  /** Whether the file behind it has changed, so that it should be looked up again. */
  isOutdated(): Promise<boolean>;
}

/** What sources need of the world. */
export interface SessionWorld {
  readonly env: Environment;
  readonly network: CredentialNetwork;
}

const wireText = z.string().trim().refine(isWireSafe);
const keysSchema = z.object({
  accessKeyId: wireText,
  accessKeySecret: wireText,
  securityToken: z.union([wireText, z.literal('')]).nullish(),
});

/** Opens what a lookup found. @throws UnusableSource */
export async function openSession(found: Extract<Lookup, { kind: 'found' }>, world: SessionWorld): Promise<Session> {
  const { identity, source, file } = found;
  const named = <T>(work: () => Promise<T>) => naming(source, work);
  const ask = await named(() => openIdentity(identity, world));
  return {
    credentials: () => named(async () => checked(await ask(), source)),
    isOutdated: async () => isEnding(identity) || (file !== undefined && (await hasChanged(file))),
  };
}

/** A session that was read from a file, not asked for, is looked up anew in its last minutes. */
function isEnding(identity: Identity): boolean {
  return identity.kind === 'key' && (identity.keys.endsAt ?? Number.POSITIVE_INFINITY) - Date.now() < ENDING_MS;
}

const ENDING_MS = 5 * 60_000;

/** Puts the source before what went wrong with it. */
async function naming<T>(source: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof UnusableSource ? new UnusableSource(`${source}: ${error.message}`) : error;
  }
}

async function openIdentity(identity: Identity, world: SessionWorld): Promise<() => Promise<Keys>> {
  const { env, network } = world;
  switch (identity.kind) {
    case 'key':
      return async () => identity.keys;
    case 'RAM role': {
      const base = await openIdentity(identity.base, world);
      return renewing(async () => assumeRole(identity, checked(await base(), 'the base of the role'), network));
    }
    case 'OIDC role':
      return renewing(() => assumeRoleWithOidc(identity, network));
    case 'ECS RAM role':
      // Renews by itself.
      return ecsRole(identity.roleName);
    case 'credentials URI':
      return renewing(() => uriSession(identity.uri, network));
    case 'command':
      return renewing(async () => {
        const answer = await openIdentity(identity.identify(await runCommand(identity.command, env)), world);
        return answer();
      });
    case 'CloudSSO login':
      return renewing(() => cloudSsoSession(identity, network));
    case 'OAuth login':
      return renewing(() => oauthSession(identity, network));
  }
}

function checked(keys: Keys, source: string): Credentials {
  // A file may be made from a template as well as an environment.
  if ([keys.accessKeyId, keys.accessKeySecret, keys.securityToken ?? ''].some(holdsPlaceholder)) {
    throw new UnusableSource('a value holds an unresolved placeholder');
  }
  const parsed = keysSchema.safeParse(keys);
  if (!parsed.success) {
    throw new UnusableSource('a value is missing, is not text, or holds a space, a control or a non-ASCII character');
  }
  const { accessKeyId, accessKeySecret, securityToken } = parsed.data;
  return { accessKeyId, accessKeySecret, ...(securityToken ? { securityToken } : {}), source };
}

import type { CredentialSource, Credentials } from './credentials.js';
import { CredentialsError } from './credentials.js';
import { environmentCredentials } from './environment.js';

/** What {@link credentialSource} needs to know. */
export interface CredentialSourceOptions {
  readonly env: NodeJS.ProcessEnv;
  /** That profile or an error, never another identity. Environment variables still come first. */
  readonly profile?: string | undefined;
  /** The home directory; by default the user's. */
  readonly home?: string | undefined;
}

/** Credentials from the environment, else from the official chain. */
export function credentialSource(options: CredentialSourceOptions): CredentialSource {
  const get = async (): Promise<Credentials> => {
    const credentials = environmentCredentials(options.env);
    if (credentials === undefined) throw new CredentialsError('No Alibaba Cloud credentials were found.');
    return credentials;
  };
  return { get, refresh: get };
}

/** Credentials that never change: the emulator's own. */
export function staticCredentials(credentials: Omit<Credentials, 'source'> & { source?: string }): CredentialSource {
  const fixed: Credentials = { source: 'built-in emulator', ...credentials };
  return { get: async () => fixed, refresh: async () => fixed };
}

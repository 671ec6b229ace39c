/** Credentials for one call. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Present for temporary (STS) credentials. */
  readonly securityToken?: string;
  /** Where they came from, for people: `environment variables`, `CLI profile "default"`. Never a secret. */
  readonly source: string;
}

/** Hands out credentials, one set for each call. Safe to share between concurrent calls. */
export interface CredentialSource {
  /** Credentials that are at hand without waiting, if there are such. @throws CredentialsError */
  current?(): Credentials | undefined;
  /**
   * Credentials for a call; cached as long as they are good. Concurrent callers share one resolution.
   *
   * @param signal gives up this caller's wait (rejects with the signal's reason); the shared resolution goes on.
   * @throws CredentialsError
   */
  get(signal?: AbortSignal): Promise<Credentials>;
  /**
   * After the service refused `rejected`: drops it and resolves anew, unless somebody did already. The result may
   * equal `rejected` when nothing has changed at the source; then another attempt with it is pointless.
   *
   * @throws CredentialsError
   */
  refresh(rejected: Credentials, signal?: AbortSignal): Promise<Credentials>;
}

/**
 * No usable credentials. The message says what was tried, why each failed and what to do next, in words of our own:
 * it never holds a secret, a file's content or another library's message, and there is no `cause`.
 */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

/** What a caller compares to learn whether a refresh brought something new; `source` does not count. */
export function sameCredentials(a: Credentials, b: Credentials): boolean {
  return (
    a.accessKeyId === b.accessKeyId && a.accessKeySecret === b.accessKeySecret && a.securityToken === b.securityToken
  );
}

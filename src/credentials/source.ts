import { homeDirectory } from '../base/absolute-path.js';
import { quote } from '../base/quote.js';
import { type Environment, plainSetting, readVariable } from '../base/setting.js';
import type { ChainSettings } from './chain.js';
import { lookedAt, openChain, unusable } from './chain.js';
import type { CredentialSource, Credentials } from './credentials.js';
import { CredentialsError, sameCredentials } from './credentials.js';
import { environmentCredentials } from './environment.js';
import type { CredentialNetwork } from './network.js';
import type { Session } from './session.js';

/** What {@link credentialSource} needs to know. */
export interface CredentialSourceOptions {
  readonly env: Environment;
  /** How services are reached that hand out credentials. */
  readonly network: CredentialNetwork;
  /**
   * Profile of the aliyun CLI or the credentials file; by default `ALIBABA_CLOUD_PROFILE`. When given it is that
   * profile or an error, never another identity; only the environment variables still come first.
   */
  readonly profile?: string | undefined;
  /** Scheme, host and port of STS; by default Alibaba's, or the profile's own. */
  readonly stsEndpoint?: string | undefined;
  /** The home directory; by default the user's. */
  readonly home?: string | undefined;
  /** The longest that one resolution may take, in milliseconds; by default 8000. */
  readonly deadline?: number | undefined;
}

/** One resolution under way, shared by all who wait for it. */
interface Run {
  readonly promise: Promise<Credentials>;
  /** It looks the whole chain up, and does not merely ask a source that answered before. */
  readonly isFresh: boolean;
}

/**
 * Credentials from the environment variables, read anew for each call and without loading anything; else from the
 * first source of the official chain that is set up. Concurrent callers share one resolution, a failed one leaves
 * nothing behind, and a profile's file that has changed is read again.
 */
export function credentialSource(options: CredentialSourceOptions): CredentialSource {
  const { env, network, stsEndpoint, deadline = 8000 } = options;
  const profile = plainSetting('the profile', options.profile) ?? readVariable(env, 'ALIBABA_CLOUD_PROFILE');
  const settings: ChainSettings = { env, network, stsEndpoint, home: options.home ?? homeDirectory(env), profile };

  let session: Session | undefined;
  let last: Credentials | undefined;
  let run: Run | undefined;

  function fromEnvironment(): Credentials | undefined {
    const credentials = environmentCredentials(env);
    if (credentials === undefined || profile === undefined) return credentials;
    return { ...credentials, source: `${credentials.source} (they come before profile ${quote(profile)})` };
  }

  function start(): Run {
    const held = session;
    const tried = held && last ? [`${last.source}: asked to renew`] : [];
    const isCurrent = () => run === started;
    const resolve = async () => {
      try {
        const opened = held && !(await held.isOutdated()) ? await ask(held) : await openChain(settings, tried);
        // A run that was overtaken by a refresh or the deadline must not bring its outcome back.
        if (isCurrent()) ({ session, credentials: last } = opened);
        return opened.credentials;
      } catch (error) {
        if (isCurrent()) session = undefined;
        throw error instanceof CredentialsError ? error : unusable(error);
      }
    };
    const promise = within(deadline, resolve(), () => {
      if (isCurrent()) session = undefined;
      return new CredentialsError(
        `No Alibaba Cloud credentials within ${deadline / 1000} s. ${lookedAt(tried)} Try again, or set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET.`,
      );
    });
    const started: Run = { isFresh: held === undefined, promise };
    const finish = () => {
      if (isCurrent()) run = undefined;
    };
    promise.then(finish, finish);
    run = started;
    return started;
  }

  return {
    current: fromEnvironment,
    async get(signal) {
      signal?.throwIfAborted();
      return fromEnvironment() ?? untilAborted((run ?? start()).promise, signal);
    },
    async refresh(rejected, signal) {
      signal?.throwIfAborted();
      const current = fromEnvironment();
      if (current !== undefined) return current;
      if (run?.isFresh) return untilAborted(run.promise, signal);
      if (last !== undefined && session !== undefined && !sameCredentials(last, rejected)) return last;
      session = undefined;
      return untilAborted(start().promise, signal);
    },
  };
}

/** Credentials that never change: the emulator's own. */
export function staticCredentials(
  credentials: Omit<Credentials, 'source'> & { readonly source?: string },
): CredentialSource {
  const fixed: Credentials = { source: 'fixed credentials', ...credentials };
  return { current: () => fixed, get: async () => fixed, refresh: async () => fixed };
}

async function ask(session: Session): Promise<{ session: Session; credentials: Credentials }> {
  return { session, credentials: await session.credentials() };
}

async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

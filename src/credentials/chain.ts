import { absolutePath } from '../base/absolute-path.js';
import { quote } from '../base/quote.js';
import { type Environment, readVariable, SettingError } from '../base/setting.js';
import { lookUpCliProfile } from './cli-profile.js';
import type { Credentials } from './credentials.js';
import { CredentialsError } from './credentials.js';
import { lookUpCredentialsFile } from './credentials-file.js';
import { isCredentialsUri } from './credentials-uri.js';
import { isSwitchedOn } from './environment.js';
import type { Lookup } from './lookup.js';
import type { Session, SessionWorld } from './session.js';
import { openSession } from './session.js';
import { stsDefaults } from './sts-defaults.js';
import { UnusableSource } from './unusable-source.js';

/** Where the chain looks. */
export interface ChainSettings extends SessionWorld {
  /** Undefined where the user has none. */
  readonly home: string | undefined;
  /** Only this profile, of the CLI or the credentials file. */
  readonly profile: string | undefined;
  /** Scheme, host and port of STS; undefined for Alibaba's. */
  readonly stsEndpoint: string | undefined;
}

/** The source that answered, and its first answer. */
export interface Opened {
  readonly session: Session;
  readonly credentials: Credentials;
}

interface Step {
  readonly name: string;
  readonly lookUp: () => Lookup | Promise<Lookup>;
  /** Asked without having been set up, so that no answer means only "not here". */
  readonly isGuess?: boolean;
}

const NEXT_STEP =
  'Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run `aliyun configure`, then try again.';

/**
 * Finds the first source that is set up and asks it. Order and inputs are those of the official default chain
 * (`@alicloud/credentials` 2.4.7, providers/default.js) after the environment variables. One difference: a source that
 * is set up but fails ends the search, where the official chain goes on and may act as another identity.
 *
 * @param tried receives a line for each place looked at, for messages about a search that did not end.
 * @throws CredentialsError
 */
export async function openChain(settings: ChainSettings, tried: string[]): Promise<Opened> {
  for (const step of stepsOf(settings)) {
    try {
      const found = await step.lookUp();
      if (found.kind === 'absent') {
        tried.push(`${step.name}: ${found.why}`);
        continue;
      }
      tried.push(`${found.source}: asked`);
      const session = await openSession(found, settings);
      return { session, credentials: await session.credentials() };
    } catch (error) {
      if (!step.isGuess) throw unusable(error);
      tried.pop();
      tried.push(error instanceof UnusableSource ? error.message : `${step.name}: failed`);
    }
  }
  const what = settings.profile === undefined ? 'credentials were' : `profile ${quote(settings.profile)} was`;
  throw new CredentialsError(`No Alibaba Cloud ${what} found. ${lookedAt(tried)} ${NEXT_STEP}`);
}

/** "Looked at …", in the order of the search. */
export function lookedAt(tried: readonly string[]): string {
  return `Looked at: ${['environment variables: not set', ...tried].join('; ')}.`;
}

/** The error for a source that is set up and failed; anything unexpected is reported without its words. */
export function unusable(error: unknown): CredentialsError {
  const isKnown = error instanceof UnusableSource || error instanceof SettingError;
  const why = isKnown ? error.message : 'an unexpected failure while looking for them';
  return new CredentialsError(
    `The Alibaba Cloud credentials cannot be used: ${why}. No other source was tried, so as not to act as somebody else. ${NEXT_STEP}`,
  );
}

function stepsOf(settings: ChainSettings): readonly Step[] {
  const { env, profile } = settings;
  const files: readonly Step[] = [
    { name: 'CLI profile', lookUp: () => lookUpCliProfile(settings) },
    { name: 'credentials file', lookUp: () => lookUpCredentialsFile(settings) },
  ];
  if (profile !== undefined) return files;
  return [
    { name: 'OIDC', lookUp: () => lookUpOidc(settings) },
    ...files,
    { name: 'ECS RAM role', lookUp: () => lookUpEcs(env), isGuess: true },
    { name: 'credentials URI', lookUp: () => lookUpUri(env) },
  ];
}

function lookUpOidc({ env, home, stsEndpoint }: ChainSettings): Lookup {
  const roleArn = readVariable(env, 'ALIBABA_CLOUD_ROLE_ARN');
  const providerArn = readVariable(env, 'ALIBABA_CLOUD_OIDC_PROVIDER_ARN');
  const path = readVariable(env, 'ALIBABA_CLOUD_OIDC_TOKEN_FILE');
  // A role alone may be meant for something else, so that a part of the three is no mistake.
  if (roleArn === undefined || providerArn === undefined || path === undefined) {
    return { kind: 'absent', why: 'not set up' };
  }
  const tokenFile = tokenPath(path, home);
  const identity = { kind: 'OIDC role', roleArn, providerArn, tokenFile, sts: stsDefaults(env, stsEndpoint) } as const;
  return { kind: 'found', source: 'OIDC role', identity };
}

function tokenPath(text: string, home: string | undefined): string {
  try {
    return absolutePath(text, home);
  } catch (error) {
    throw new UnusableSource(`ALIBABA_CLOUD_OIDC_TOKEN_FILE ${error instanceof Error ? error.message : 'is no path'}`);
  }
}

function lookUpEcs(env: Environment): Lookup {
  if (isSwitchedOn(env, 'ALIBABA_CLOUD_ECS_METADATA_DISABLED')) {
    return { kind: 'absent', why: 'switched off by ALIBABA_CLOUD_ECS_METADATA_DISABLED' };
  }
  const roleName = readVariable(env, 'ALIBABA_CLOUD_ECS_METADATA');
  return { kind: 'found', source: 'ECS RAM role', identity: { kind: 'ECS RAM role', roleName } };
}

function lookUpUri(env: Environment): Lookup {
  const uri = readVariable(env, 'ALIBABA_CLOUD_CREDENTIALS_URI');
  if (uri === undefined) return { kind: 'absent', why: 'not set' };
  // Never shown: such a URI may hold a token.
  if (!isCredentialsUri(uri)) {
    throw new UnusableSource('ALIBABA_CLOUD_CREDENTIALS_URI is not an http or https URL');
  }
  return { kind: 'found', source: 'credentials URI', identity: { kind: 'credentials URI', uri } };
}

import { join } from 'node:path';
import type { CliConfig, CliProfile } from './cli-config.js';
import { parseCliConfig } from './cli-config.js';
import { isSwitchedOn, readVariable } from './environment.js';
import type { Identity, Lookup, StsSettings } from './lookup.js';
import { UnusableSource } from './lookup.js';
import { readTextFile } from './text-file.js';
import { quoteName } from './wire-text.js';

const SHOWN = '~/.aliyun/config.json';
/** Modes that the aliyun CLI knows and the official Node.js package does not. Only known names are ever echoed. */
const UNSUPPORTED_MODES = ['CredentialsURI', 'RsaKeyPair', 'RamRoleArnWithRoleName', 'BearerToken', 'Anonymous'];

/**
 * The profile of the aliyun CLI: the named one, else the file's `current` one.
 *
 * @throws UnusableSource when the file or the profile is broken, or its mode is not supported.
 */
export async function lookUpCliProfile(
  env: NodeJS.ProcessEnv,
  home: string,
  wanted: string | undefined,
): Promise<Lookup> {
  if (isSwitchedOn(env, 'ALIBABA_CLOUD_CLI_PROFILE_DISABLED')) {
    return { kind: 'absent', why: 'switched off by ALIBABA_CLOUD_CLI_PROFILE_DISABLED' };
  }
  const file = await readTextFile(join(home, '.aliyun', 'config.json'), SHOWN);
  if (file.kind === 'absent') return { kind: 'absent', why: `${SHOWN} does not exist` };
  const config = parseCliConfig(file.text, SHOWN);
  const name = wanted ?? config.current;
  if (name === undefined) return { kind: 'absent', why: `${SHOWN} names no current profile` };
  const profile = config.find(name);
  if (profile === undefined) return { kind: 'absent', why: `${SHOWN} has no profile ${quoteName(name)}` };
  if (isBlank(profile)) {
    return { kind: 'absent', why: `profile ${quoteName(name)} in ${SHOWN} is not configured yet` };
  }
  const identity = identityOf(config, profile, env, []);
  const found = { kind: 'found', identity, source: `CLI profile ${quoteName(name)}` } as const;
  // A login's file is rewritten by the official package with each new session: no news to react to.
  return usesLogin(identity) ? found : { ...found, file: { path: file.path, stamp: file.stamp } };
}

// The CLI itself writes such a profile on its first run.
function isBlank(profile: CliProfile): boolean {
  const isKey = profile.mode?.toLowerCase() === 'ak';
  return (
    profile.mode === undefined ||
    (isKey && profile.access_key_id === undefined && profile.access_key_secret === undefined)
  );
}

/** What a profile stands for; `above` are the profiles that led here through `source_profile`. */
function identityOf(
  config: CliConfig,
  profile: CliProfile,
  env: NodeJS.ProcessEnv,
  above: readonly string[],
): Identity {
  const { name } = profile;
  // The CLI compares mode names without regard to case.
  switch (profile.mode?.toLowerCase()) {
    case 'ak':
      return keyOf(profile);
    case 'ststoken':
      return { ...keyOf(profile), securityToken: need(profile, 'sts_token') };
    case 'ramrolearn':
      return roleOf(profile, keyOf(profile));
    case 'chainableramrolearn':
      return roleOf(profile, identityOf(config, sourceOf(config, profile, above), env, [...above, name]));
    case 'ecsramrole':
      return { kind: 'ECS RAM role', roleName: profile.ram_role_name };
    case 'oidc':
      return {
        kind: 'OIDC role',
        roleArn: need(profile, 'ram_role_arn'),
        providerArn: need(profile, 'oidc_provider_arn'),
        tokenFile: need(profile, 'oidc_token_file'),
        sts: stsSettings(profile),
      };
    case 'cloudsso':
      return { kind: 'CLI login', profile: name, mode: 'CloudSSO' };
    case 'oauth':
      return { kind: 'CLI login', profile: name, mode: 'OAuth' };
    case 'external':
      if (['1', 'true'].includes(readVariable(env, 'ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS') ?? '')) {
        throw broken(profile, 'runs a command, which ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS forbids');
      }
      return { kind: 'CLI login', profile: name, mode: 'External' };
    default:
      throw broken(profile, `has ${modeName(profile)}, which is not supported here`);
  }
}

type RequiredField =
  | 'access_key_id'
  | 'access_key_secret'
  | 'sts_token'
  | 'ram_role_arn'
  | 'source_profile'
  | 'oidc_provider_arn'
  | 'oidc_token_file';

function need(profile: CliProfile, field: RequiredField): string {
  const value = profile[field];
  if (value === undefined) throw broken(profile, `has no ${field}`);
  return value;
}

function keyOf(profile: CliProfile): Extract<Identity, { kind: 'key' }> {
  return {
    kind: 'key',
    accessKeyId: need(profile, 'access_key_id'),
    accessKeySecret: need(profile, 'access_key_secret'),
  };
}

function roleOf(profile: CliProfile, base: Identity): Identity {
  const roleArn = need(profile, 'ram_role_arn');
  return { kind: 'RAM role', base, roleArn, externalId: profile.external_id, sts: stsSettings(profile) };
}

function sourceOf(config: CliConfig, profile: CliProfile, above: readonly string[]): CliProfile {
  const name = need(profile, 'source_profile');
  if (name === profile.name || above.includes(name)) throw broken(profile, 'leads back to itself by source_profile');
  const source = config.find(name);
  if (source === undefined) throw broken(profile, 'names a source_profile that does not exist');
  return source;
}

function stsSettings(profile: CliProfile): StsSettings {
  return {
    sessionName: profile.ram_session_name,
    duration: profile.duration_seconds ?? profile.expired_seconds,
    regionId: profile.sts_region,
    endpoint: profile.sts_endpoint,
    vpc: profile.enable_vpc ?? undefined,
  };
}

function usesLogin(identity: Identity): boolean {
  return identity.kind === 'CLI login' || (identity.kind === 'RAM role' && usesLogin(identity.base));
}

function modeName(profile: CliProfile): string {
  const known = UNSUPPORTED_MODES.find((mode) => mode.toLowerCase() === profile.mode?.toLowerCase());
  return known === undefined ? 'an unknown mode' : `mode ${known}`;
}

function broken(profile: CliProfile, what: string): UnusableSource {
  return new UnusableSource(`CLI profile ${quoteName(profile.name)} in ${SHOWN} ${what}`);
}

import { absolutePath } from '../base/absolute-path.js';
import { quote } from '../base/quote.js';
import { type Environment, readVariable } from '../base/setting.js';
import type { CliConfig, CliProfile } from './cli-config.js';
import { parseCommandOutput } from './cli-config.js';
import { cloudSsoLogin, oauthLogin } from './cli-login.js';
import { splitCommand } from './command.js';
import { isCredentialsUri } from './credentials-uri.js';
import type { Identity, Keys, StsSettings } from './lookup.js';
import { stsDefaults } from './sts-defaults.js';
import { UnusableSource } from './unusable-source.js';

/** Where a profile is read, and what its paths and its role start from. */
export interface Reading {
  readonly config: CliConfig;
  readonly path: string;
  readonly home: string;
  readonly env: Environment;
  readonly stsEndpoint: string | undefined;
  /** Profiles that led here through `source_profile`. */
  readonly above: readonly string[];
}

/**
 * A profile's mode in lower case, for the CLI compares without regard to case. Without one, the mode that its fields
 * speak of, in the CLI's order (aliyun-cli, config/profile.go, AutoModeRecognition).
 */
export function modeOf(profile: CliProfile): string | undefined {
  if (profile.mode !== undefined) return profile.mode.toLowerCase();
  if (profile.access_key_id !== undefined && profile.access_key_secret !== undefined) {
    if (profile.sts_token !== undefined) return 'ststoken';
    return profile.ram_role_arn === undefined ? 'ak' : 'ramrolearn';
  }
  if (profile.private_key !== undefined && profile.key_pair_name !== undefined) return 'rsakeypair';
  if (profile.ram_role_name !== undefined) return 'ecsramrole';
  if (profile.process_command !== undefined) return 'external';
  if (profile.oidc_provider_arn !== undefined && profile.oidc_token_file !== undefined) return 'oidc';
  if (profile.cloud_sso_sign_in_url !== undefined) return 'cloudsso';
  return profile.bearer_token === undefined ? undefined : 'bearertoken';
}

const SHOWN = '~/.aliyun/config.json';
/** Modes that hold no keys to sign with. Only known names are ever echoed. */
const UNSUPPORTED_MODES = ['RsaKeyPair', 'BearerToken', 'Anonymous'];

/** What a profile stands for. @throws UnusableSource */
export function identityOf(profile: CliProfile, reading: Reading): Identity {
  const { name } = profile;
  const mode = modeOf(profile);
  switch (mode) {
    case 'ak':
      return { kind: 'key', keys: keysOf(profile) };
    case 'ststoken':
      return { kind: 'key', keys: { ...keysOf(profile), securityToken: need(profile, 'sts_token') } };
    case 'ramrolearn':
      return roleOf(profile, { kind: 'key', keys: { ...keysOf(profile), securityToken: profile.sts_token } }, reading);
    case 'ramrolearnwithrolename':
      return roleOf(profile, { kind: 'ECS RAM role', roleName: profile.ram_role_name }, reading);
    case 'chainableramrolearn': {
      const above = [...reading.above, name];
      return roleOf(profile, identityOf(sourceOf(profile, reading), { ...reading, above }), reading);
    }
    case 'ecsramrole':
      return { kind: 'ECS RAM role', roleName: profile.ram_role_name };
    case 'oidc':
      return {
        kind: 'OIDC role',
        roleArn: need(profile, 'ram_role_arn'),
        providerArn: need(profile, 'oidc_provider_arn'),
        tokenFile: tokenFileOf(profile, reading),
        sts: stsSettings(profile, reading),
      };
    case 'credentialsuri': {
      refuseOutside(profile, reading, 'asks a URI');
      const uri = profile.credentials_uri ?? readVariable(reading.env, 'ALIBABA_CLOUD_CREDENTIALS_URI');
      if (uri === undefined) throw broken(profile, 'has no credentials_uri');
      // Never shown: such a URI may hold a token.
      if (!isCredentialsUri(uri)) throw broken(profile, 'has a credentials_uri that is not an http or https URL');
      return { kind: 'credentials URI', uri };
    }
    case 'external': {
      refuseOutside(profile, reading, 'runs a command');
      const command = splitCommand(need(profile, 'process_command'));
      if (command === undefined) throw broken(profile, 'has a process_command that cannot be split into words');
      return { kind: 'command', command, identify: (output) => identifyOutput(output, reading) };
    }
    case 'cloudsso':
      return cloudSsoLogin(profile, (what) => broken(profile, what));
    case 'oauth':
      return oauthLogin(profile, reading.path, (what) => broken(profile, what));
    default: {
      const known = UNSUPPORTED_MODES.find((supported) => supported.toLowerCase() === mode);
      throw broken(
        profile,
        `has ${known === undefined ? 'an unknown mode' : `mode ${known}`}, which is not supported here`,
      );
    }
  }
}

/** What a command printed is a profile again, which must not run another command. */
function identifyOutput(output: string, reading: Reading): Identity {
  const { profile, endsAt } = parseCommandOutput(output);
  if (['external', 'chainableramrolearn'].includes(modeOf(profile) ?? 'external')) {
    throw new UnusableSource('its process_command printed no credentials');
  }
  const identity = identityOf(profile, reading);
  return identity.kind === 'key' ? { kind: 'key', keys: { ...identity.keys, endsAt } } : identity;
}

function refuseOutside(profile: CliProfile, { env }: Reading, what: string): void {
  const setting = readVariable(env, 'ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS')?.toLowerCase();
  if (setting === '1' || setting === 'true') {
    throw broken(profile, `${what}, which ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS forbids`);
  }
}

type RequiredField =
  | 'access_key_id'
  | 'access_key_secret'
  | 'sts_token'
  | 'ram_role_arn'
  | 'source_profile'
  | 'oidc_provider_arn'
  | 'oidc_token_file'
  | 'process_command';

function need(profile: CliProfile, field: RequiredField): string {
  const value = profile[field];
  if (value === undefined) throw broken(profile, `has no ${field}`);
  return value;
}

function keysOf(profile: CliProfile): Keys {
  return { accessKeyId: need(profile, 'access_key_id'), accessKeySecret: need(profile, 'access_key_secret') };
}

function roleOf(profile: CliProfile, base: Identity, reading: Reading): Identity {
  const roleArn = need(profile, 'ram_role_arn');
  return { kind: 'RAM role', base, roleArn, externalId: profile.external_id, sts: stsSettings(profile, reading) };
}

function sourceOf(profile: CliProfile, { config, above }: Reading): CliProfile {
  const name = need(profile, 'source_profile');
  if (name === profile.name || above.includes(name)) throw broken(profile, 'has a source_profile that is circular');
  const source = config.find(name);
  if (source === undefined) throw broken(profile, 'names a source_profile that does not exist');
  return source;
}

/** The CLI reads it from its working directory; a server's is anybody's guess. */
function tokenFileOf(profile: CliProfile, { home }: Reading): string {
  const text = need(profile, 'oidc_token_file');
  try {
    return absolutePath(text, home);
  } catch {
    throw broken(profile, 'has an oidc_token_file that is not an absolute path');
  }
}

function stsSettings(profile: CliProfile, { env, stsEndpoint }: Reading): StsSettings {
  const defaults = stsDefaults(env, stsEndpoint);
  const own = profile.sts_endpoint === undefined ? undefined : `https://${profile.sts_endpoint}`;
  return {
    sessionName: profile.ram_session_name ?? defaults.sessionName,
    duration: profile.duration_seconds ?? profile.expired_seconds,
    regionId: profile.sts_region ?? defaults.regionId,
    origin: defaults.origin ?? own,
    vpc: profile.enable_vpc ?? defaults.vpc,
  };
}

function broken(profile: CliProfile, what: string): UnusableSource {
  const shown =
    profile.name === '' ? 'what its process_command printed' : `CLI profile ${quote(profile.name)} in ${SHOWN}`;
  return new UnusableSource(`${shown} ${what}`);
}

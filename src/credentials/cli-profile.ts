import { join } from 'node:path';
import { quote } from '../base/quote.js';
import type { Environment } from '../base/setting.js';
import type { CliProfile } from './cli-config.js';
import { parseCliConfig } from './cli-config.js';
import { identityOf, modeOf } from './cli-identity.js';
import { isSwitchedOn } from './environment.js';
import type { Lookup } from './lookup.js';
import { readTextFile } from './text-file.js';

const SHOWN = '~/.aliyun/config.json';

/** Where to look. */
export interface CliProfileSettings {
  readonly env: Environment;
  readonly home: string | undefined;
  readonly profile: string | undefined;
  /** Scheme, host and port of STS; beats the profile's own. */
  readonly stsEndpoint: string | undefined;
}

/**
 * The profile of the aliyun CLI: the named one, else the file's `current` one.
 *
 * @throws UnusableSource when the file or the profile is broken, or its mode is not supported.
 */
export async function lookUpCliProfile({
  env,
  home,
  profile: wanted,
  stsEndpoint,
}: CliProfileSettings): Promise<Lookup> {
  if (isSwitchedOn(env, 'ALIBABA_CLOUD_CLI_PROFILE_DISABLED')) {
    return { kind: 'absent', why: 'switched off by ALIBABA_CLOUD_CLI_PROFILE_DISABLED' };
  }
  if (home === undefined) return { kind: 'absent', why: 'there is no home directory' };
  const file = await readTextFile(join(home, '.aliyun', 'config.json'), SHOWN);
  if (file.kind === 'absent') return { kind: 'absent', why: `${SHOWN} does not exist` };
  const config = parseCliConfig(file.text, SHOWN);
  const name = wanted ?? config.current;
  if (name === undefined) return { kind: 'absent', why: `${SHOWN} names no current profile` };
  const profile = config.find(name);
  if (profile === undefined) return { kind: 'absent', why: `${SHOWN} has no profile ${quote(name)}` };
  if (isBlank(profile)) return { kind: 'absent', why: `profile ${quote(name)} in ${SHOWN} is not configured yet` };
  const identity = identityOf(profile, { config, path: file.path, home, env, stsEndpoint, above: [] });
  return {
    kind: 'found',
    identity,
    source: `CLI profile ${quote(name)}`,
    file: { path: file.path, stamp: file.stamp },
  };
}

// The CLI itself writes such a profile on its first run.
function isBlank(profile: CliProfile): boolean {
  const mode = modeOf(profile);
  return (
    mode === undefined ||
    (mode === 'ak' && profile.access_key_id === undefined && profile.access_key_secret === undefined)
  );
}

import { join } from 'node:path';
import { absolutePath } from '../base/absolute-path.js';
import { quote } from '../base/quote.js';
import { type Environment, readVariable } from '../base/setting.js';
import { parseIni } from './ini-sections.js';
import type { Lookup } from './lookup.js';
import { stsDefaults } from './sts-defaults.js';
import { readTextFile, showPath } from './text-file.js';
import { UnusableSource } from './unusable-source.js';

/** Where to look. */
export interface CredentialsFileSettings {
  readonly env: Environment;
  readonly home: string | undefined;
  readonly profile: string | undefined;
  /** Scheme, host and port of STS. */
  readonly stsEndpoint: string | undefined;
}

/**
 * A section of the credentials file: `ALIBABA_CLOUD_CREDENTIALS_FILE`, else `~/.alibabacloud/credentials`; the named
 * section, else `default`. Types as in the official package: access_key, ecs_ram_role, ram_role_arn.
 *
 * @throws UnusableSource when the file cannot be read or the section is broken.
 */
export async function lookUpCredentialsFile(settings: CredentialsFileSettings): Promise<Lookup> {
  const { env, home, profile: wanted, stsEndpoint } = settings;
  const path = pathOf(env, home);
  if (path === undefined) return { kind: 'absent', why: 'there is no home directory' };
  const shown = showPath(path, home);
  const file = await readTextFile(path, shown);
  if (file.kind === 'absent') return { kind: 'absent', why: `${shown} does not exist` };
  const name = wanted ?? 'default';
  const section = parseIni(file.text).get(name);
  if (section === undefined) return { kind: 'absent', why: `${shown} has no section ${quote(name)}` };

  const where = `section ${quote(name)} of ${shown}`;
  const need = (key: string): string => {
    const value = section.get(key);
    if (value === undefined || value === '') throw new UnusableSource(`${where} has no ${key}`);
    return value;
  };
  const key = () => {
    const keys = { accessKeyId: need('access_key_id'), accessKeySecret: need('access_key_secret') };
    return { kind: 'key', keys } as const;
  };
  const found = {
    kind: 'found',
    source: `credentials file, section ${quote(name)}`,
    file: { path: file.path, stamp: file.stamp },
  } as const;
  switch (need('type')) {
    case 'access_key':
      return { ...found, identity: key() };
    case 'ecs_ram_role':
      return { ...found, identity: { kind: 'ECS RAM role', roleName: section.get('role_name') } };
    case 'ram_role_arn': {
      const defaults = stsDefaults(env, stsEndpoint);
      const sts = { ...defaults, sessionName: section.get('role_session_name') ?? defaults.sessionName };
      const policy = section.get('policy');
      return { ...found, identity: { kind: 'RAM role', base: key(), roleArn: need('role_arn'), policy, sts } };
    }
    default:
      throw new UnusableSource(`${where} has a type other than access_key, ecs_ram_role and ram_role_arn`);
  }
}

function pathOf(env: Environment, home: string | undefined): string | undefined {
  const given = readVariable(env, 'ALIBABA_CLOUD_CREDENTIALS_FILE');
  if (given === undefined) return home === undefined ? undefined : join(home, '.alibabacloud', 'credentials');
  try {
    return absolutePath(given, home);
  } catch (error) {
    throw new UnusableSource(`ALIBABA_CLOUD_CREDENTIALS_FILE ${error instanceof Error ? error.message : 'is no path'}`);
  }
}

import { join } from 'node:path';
import { readVariable } from './environment.js';
import { parseIni } from './ini-sections.js';
import type { Lookup } from './lookup.js';
import { UnusableSource } from './lookup.js';
import { readTextFile, showPath } from './text-file.js';
import { quoteName } from './wire-text.js';

/**
 * A section of the credentials file: `ALIBABA_CLOUD_CREDENTIALS_FILE`, else `~/.alibabacloud/credentials`; the named
 * section, else `default`. Types as in the official package: access_key, ecs_ram_role, ram_role_arn.
 *
 * @throws UnusableSource when the file cannot be read or the section is broken.
 */
export async function lookUpCredentialsFile(
  env: NodeJS.ProcessEnv,
  home: string,
  wanted: string | undefined,
): Promise<Lookup> {
  const path = readVariable(env, 'ALIBABA_CLOUD_CREDENTIALS_FILE') ?? join(home, '.alibabacloud', 'credentials');
  const shown = showPath(path, home);
  const file = await readTextFile(path, shown);
  if (file.kind === 'absent') return { kind: 'absent', why: `${shown} does not exist` };
  const name = wanted ?? 'default';
  const section = parseIni(file.text).get(name);
  if (section === undefined) return { kind: 'absent', why: `${shown} has no section ${quoteName(name)}` };

  const where = `section ${quoteName(name)} of ${shown}`;
  const need = (key: string): string => {
    const value = section.get(key);
    if (value === undefined || value === '') throw new UnusableSource(`${where} has no ${key}`);
    return value;
  };
  const key = () => {
    return { kind: 'key', accessKeyId: need('access_key_id'), accessKeySecret: need('access_key_secret') } as const;
  };
  const found = {
    kind: 'found',
    source: `credentials file, section ${quoteName(name)}`,
    file: { path: file.path, stamp: file.stamp },
  } as const;
  switch (need('type')) {
    case 'access_key':
      return { ...found, identity: key() };
    case 'ecs_ram_role':
      return { ...found, identity: { kind: 'ECS RAM role', roleName: section.get('role_name') } };
    case 'ram_role_arn': {
      const sts = { sessionName: section.get('role_session_name') };
      const policy = section.get('policy');
      return { ...found, identity: { kind: 'RAM role', base: key(), roleArn: need('role_arn'), policy, sts } };
    }
    default:
      throw new UnusableSource(`${where} has a type other than access_key, ecs_ram_role and ram_role_arn`);
  }
}

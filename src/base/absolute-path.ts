import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { type Environment, readVariable } from './setting.js';

/**
 * The home directory: `HOME`, `USERPROFILE`, else what the system has for the user. Undefined where there is none, as
 * for a container's user who is not in `/etc/passwd`. @throws SettingError for an unresolved placeholder
 */
export function homeDirectory(env: Environment): string | undefined {
  const home = readVariable(env, 'HOME') ?? readVariable(env, 'USERPROFILE') ?? systemHome();
  return home !== undefined && isAbsolute(home) ? home : undefined;
}

function systemHome(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/**
 * A path from a setting: `~/…` is expanded, and a relative path refused, because an MCP host starts the server in a
 * directory of its own choice. Throws an `Error` whose message continues the setting's name.
 */
export function absolutePath(text: string, home: string | undefined): string {
  const rest = /^~(?:[/\\](.*))?$/s.exec(text);
  if (rest !== null) {
    if (home === undefined) throw new Error('begins with ~, and there is no home directory');
    return join(home, rest[1] ?? '');
  }
  if (!isAbsolute(text)) throw new Error('must be an absolute path, or begin with ~/');
  return text;
}

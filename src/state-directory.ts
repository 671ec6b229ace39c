import { join } from 'node:path';
import { absolutePath, homeDirectory } from './base/absolute-path.js';
import { type Environment, readVariable, SettingError } from './base/setting.js';

/** The options that decide. */
export interface StateDirectoryOptions {
  readonly 'state-dir': string | undefined;
  readonly emulator: boolean;
}

/**
 * Where the journal lives: `--state-dir`, else `alicloud-kms-tags-mcp` in the user's state directory, where changes of
 * the embedded emulator are kept apart from real ones. A relative `XDG_STATE_HOME` is refused, where its specification
 * says to ignore it: an undo that looks in another place than the change wrote to finds nothing.
 *
 * @throws SettingError
 */
export function stateDirectory(values: StateDirectoryOptions, env: Environment): string {
  const given = values['state-dir'];
  if (given !== undefined) return pathOf('--state-dir (KMS_TAGS_STATE_DIR)', given, env);
  return join(stateHome(env), 'alicloud-kms-tags-mcp', values.emulator ? 'emulator' : 'changes');
}

function stateHome(env: Environment): string {
  for (const name of ['XDG_STATE_HOME', 'LOCALAPPDATA']) {
    const text = readVariable(env, name);
    if (text !== undefined) return pathOf(name, text, env);
  }
  const home = homeDirectory(env);
  if (home === undefined) {
    throw new SettingError('there is no home directory for the change journal: set --state-dir (KMS_TAGS_STATE_DIR)');
  }
  return join(home, '.local', 'state');
}

function pathOf(name: string, text: string, env: Environment): string {
  try {
    return absolutePath(text, homeDirectory(env));
  } catch (error) {
    throw new SettingError(`${name} ${error instanceof Error ? error.message : 'is no path'}`);
  }
}

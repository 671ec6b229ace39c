import { regionOfEndpoint } from '../aliyun/kms/region.js';
import { isLoopback } from '../base/loopback.js';
import { type Environment, isEmptyField, plainSetting, SettingError } from '../base/setting.js';
import { stateDirectory } from '../state-directory.js';
import {
  COMMANDS,
  type Command,
  DEFINITIONS,
  isOptionName,
  OPTION_NAMES,
  type OptionName,
  type OptionValues,
} from './options.js';
import { hostUrl } from './value-parsers.js';
import { refuseUnusableVariables } from './variables.js';

/** What the program was told to do, checked. */
export interface Config {
  readonly command: Command;
  readonly values: OptionValues;
}

export type Invocation = Config | { readonly command: 'help' } | { readonly command: 'version' };

/** A start-up error: something unknown, malformed or contradictory. The message never repeats a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the command line and, for a server, the environment. A flag beats its variable; an empty variable, and an empty
 * field of an MCPB host, count as absent. An empty flag does not: whoever protects `"$KEYS"` means some. What a server
 * reads later (credentials, proxies, directories) is looked at here, too. Throws `ConfigError`.
 */
export function readConfig(argv: readonly string[], env: Environment): Invocation {
  if (argv.includes('--help') || argv.includes('-h')) return { command: 'help' };
  if (argv.includes('--version')) return { command: 'version' };
  try {
    return readCommand(argv, env);
  } catch (error) {
    throw error instanceof SettingError ? new ConfigError(error.message) : error;
  }
}

function readCommand(argv: readonly string[], env: Environment): Config {
  const { command, given } = readArguments(argv);
  // The emulator is the same everywhere: what is set for a server on this machine does not reach it.
  const isServer = command === 'stdio' || command === 'http';
  for (const name of isServer ? OPTION_NAMES : []) {
    const { env: variable, commands, foreign } = DEFINITIONS[name];
    if (variable === undefined || given.has(name) || !commands.some((known) => known === command)) continue;
    const text = plainSetting(variable, env[variable]);
    if (text !== undefined && foreign?.test(text) !== true) given.set(name, { text, source: variable });
  }
  const values = parseValues(given);
  refuseContradictions(command, values);
  if (isServer && !values.emulator) refuseUnusableVariables(env);
  // Changes go to Redis or to a directory, which must then be known.
  if (isServer && values.journal === undefined) stateDirectory(values, env);
  return { command, values };
}

interface Given {
  readonly text: string;
  /** `--region` or `ALIBABA_CLOUD_REGION_ID`, for messages. */
  readonly source: string;
}

function readArguments(argv: readonly string[]): { command: Command; given: Map<OptionName, Given> } {
  const given = new Map<OptionName, Given>();
  const rest = [...argv];
  const first = rest[0];
  let command: Command = 'stdio';
  if (first !== undefined && !first.startsWith('-')) {
    const known = COMMANDS.find((name) => name === first && name !== 'stdio');
    if (known === undefined)
      throw new ConfigError('unknown command; expected http, emulator, demo, or nothing for stdio');
    command = known;
    rest.shift();
  }
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, name = '', inline] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    const known = isOptionName(name) && DEFINITIONS[name].flag !== false ? name : undefined;
    if (known === undefined) throw new ConfigError(`unknown flag or argument ${shown(word)}; see --help`);
    if (!DEFINITIONS[known].commands.some((allowed) => allowed === command)) {
      throw new ConfigError(
        `--${known} does not go with ${command === 'stdio' ? 'this command' : command}; see --help`,
      );
    }
    if (given.has(known)) throw new ConfigError(`--${known} is given twice`);
    const text = inline ?? followingValue(rest, DEFINITIONS[known].metavar === undefined);
    // Else `--protect --read-only` would protect a tag of that name, and leave the tools that write.
    if (text === undefined) throw new ConfigError(`--${known} needs a value; one that begins with -- follows =`);
    // An empty flag is no absent one; a placeholder in it is as unusable as in a variable.
    if (isEmptyField(text)) continue;
    plainSetting(`--${known}`, text);
    given.set(known, { text, source: `--${known}` });
  }
  return { command, given };
}

/** Takes the value that follows a flag. A boolean may stand alone. */
function followingValue(rest: string[], isBoolean: boolean): string | undefined {
  const isValue = isBoolean ? rest[0] === 'true' || rest[0] === 'false' : rest[0]?.startsWith('--') === false;
  if (isValue) return rest.shift();
  return isBoolean ? 'true' : undefined;
}

function parseValues(given: ReadonlyMap<OptionName, Given>): OptionValues {
  const values: { -readonly [Name in OptionName]?: OptionValues[Name] } = {};
  const read = <Name extends OptionName>(name: Name): void => {
    const { parse, fallback } = DEFINITIONS[name];
    const found = given.get(name);
    try {
      values[name] = found === undefined ? fallback : parse(found.text);
    } catch (error) {
      throw new ConfigError(`${found?.source} ${error instanceof Error ? error.message : 'is not valid'}`);
    }
  };
  for (const name of OPTION_NAMES) read(name);
  if (!isComplete(values)) throw new TypeError('an option has no value');
  return values;
}

function isComplete(values: Partial<OptionValues>): values is OptionValues {
  return OPTION_NAMES.every((name) => Object.hasOwn(values, name));
}

function refuseContradictions(command: Command, values: OptionValues): void {
  const { endpoint, region } = values;
  if (values.emulator && endpoint !== undefined)
    throw new ConfigError('--emulator and --endpoint contradict each other');
  if (values.confirm === 'always' && values['no-snapshot']) {
    throw new ConfigError('--confirm always and --no-snapshot contradict each other: the question shows the tags');
  }
  if (endpoint !== undefined && region !== undefined) {
    const served = endpoint.kind === 'one' ? [regionOfEndpoint(endpoint.url) ?? region] : [...endpoint.urls.keys()];
    if (!served.includes(region)) {
      throw new ConfigError(`--endpoint serves ${served.join(', ')}, and --region says another region`);
    }
  }
  if (command === 'emulator' && values.data !== undefined && values.keys !== undefined) {
    throw new ConfigError('--data and --keys contradict each other');
  }
  if (command === 'emulator' && region !== undefined && values.regions !== undefined) {
    throw new ConfigError('--region and --regions contradict each other');
  }
  if (command !== 'http') return;
  const hasAudience = values['oauth-audience'] !== undefined || values['oauth-resource'] !== undefined;
  if ((values['oauth-issuer'] !== undefined) !== hasAudience) {
    throw new ConfigError('--oauth-issuer and one of --oauth-resource and --oauth-audience go together');
  }
  const authenticated = values['oauth-issuer'] !== undefined || values['http-tokens'].length > 0;
  const isPublic = !isLoopback(hostUrl(values.host));
  // Behind a proxy the address is loopback, and the name says that others come in.
  const hasPublicName = values['allowed-hosts'].some((name) => !isLoopback(`http://${name}`));
  if (!authenticated && (isPublic || hasPublicName)) {
    const option = isPublic ? '--host' : '--allowed-hosts';
    throw new ConfigError(
      `${option} is not loopback: authentication is required; set KMS_TAGS_HTTP_TOKENS, or --oauth-issuer and --oauth-resource`,
    );
  }
  if (isPublic && values['allowed-hosts'].length === 0) {
    throw new ConfigError('--host is not loopback: list the names that clients use for this server in --allowed-hosts');
  }
}

/** Only a flag's name: its value may be a secret that was mistyped. */
function shown(word: string): string {
  return /^(?:--[A-Za-z-]{1,40}|-[A-Za-z])/.exec(word)?.[0] ?? 'without dashes';
}

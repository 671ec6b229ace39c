import { isLoopback, regionOfEndpoint } from '../aliyun/kms/region.js';
import {
  COMMANDS,
  type Command,
  hostUrl,
  isOptionName,
  OPTION_NAMES,
  OPTIONS,
  type Option,
  type OptionName,
  type OptionValues,
} from './options.js';

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

/** What an MCPB host leaves where its user left a field empty. */
const EMPTY_FIELD = /^\$\{user_config\.[^}]*\}$/;

/**
 * Reads the command line and, for a server, the environment. A flag beats its variable; an empty variable, and an empty field of an
 * MCPB host, count as absent. An empty flag does not: whoever protects `"$KEYS"` means some. Throws `ConfigError`.
 */
export function readConfig(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Invocation {
  if (argv.includes('--help') || argv.includes('-h')) return { command: 'help' };
  if (argv.includes('--version')) return { command: 'version' };
  const { command, given } = readArguments(argv);
  // The emulator is the same everywhere: what is set for a server on this machine does not reach it.
  const variables = command === 'stdio' || command === 'http' ? OPTION_NAMES : [];
  for (const name of variables) {
    const { env: variable, commands } = OPTIONS[name];
    const text = variable === undefined ? undefined : env[variable]?.trim();
    if (given.has(name) || text === undefined || text === '' || EMPTY_FIELD.test(text)) continue;
    if (commands.some((known) => known === command)) given.set(name, { text, source: variable ?? name });
  }
  const values = parseValues(given);
  refuseContradictions(command, values);
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
    if (known === undefined) throw new ConfigError('unknown command; there are http, emulator and demo, or none');
    command = known;
    rest.shift();
  }
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, name = '', inline] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    const known = isOptionName(name) && OPTIONS[name].flag !== false ? name : undefined;
    if (known === undefined) throw new ConfigError(`unknown flag or argument ${shown(word)}; see --help`);
    if (!OPTIONS[known].commands.some((allowed) => allowed === command)) {
      throw new ConfigError(
        `--${known} does not go with ${command === 'stdio' ? 'this command' : command}; see --help`,
      );
    }
    if (given.has(known)) throw new ConfigError(`--${known} is given twice`);
    const text = inline ?? followingValue(rest, OPTIONS[known].metavar === undefined);
    // Else `--protect --read-only` would protect a tag of that name, and leave the tools that write.
    if (text === undefined) throw new ConfigError(`--${known} needs a value; one that begins with -- follows =`);
    if (!EMPTY_FIELD.test(text)) given.set(known, { text, source: `--${known}` });
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
  const value = <Value>(name: OptionName, { parse, fallback }: Option<Value>): Value => {
    const found = given.get(name);
    if (found === undefined) return fallback;
    if (found.text.startsWith('${')) throw new ConfigError(`${found.source} holds a placeholder that nobody filled in`);
    try {
      return parse(found.text);
    } catch (error) {
      throw new ConfigError(`${found.source} ${error instanceof Error ? error.message : 'is not valid'}`);
    }
  };
  return {
    region: value('region', OPTIONS.region),
    endpoint: value('endpoint', OPTIONS.endpoint),
    network: value('network', OPTIONS.network),
    signature: value('signature', OPTIONS.signature),
    profile: value('profile', OPTIONS.profile),
    timeout: value('timeout', OPTIONS.timeout),
    'read-only': value('read-only', OPTIONS['read-only']),
    confirm: value('confirm', OPTIONS.confirm),
    protect: value('protect', OPTIONS.protect),
    'no-snapshot': value('no-snapshot', OPTIONS['no-snapshot']),
    'state-dir': value('state-dir', OPTIONS['state-dir']),
    emulator: value('emulator', OPTIONS.emulator),
    host: value('host', OPTIONS.host),
    port: value('port', OPTIONS.port),
    'allowed-hosts': value('allowed-hosts', OPTIONS['allowed-hosts']),
    'allowed-origins': value('allowed-origins', OPTIONS['allowed-origins']),
    'http-tokens': value('http-tokens', OPTIONS['http-tokens']),
    'oauth-issuer': value('oauth-issuer', OPTIONS['oauth-issuer']),
    'oauth-resource': value('oauth-resource', OPTIONS['oauth-resource']),
    'oauth-audience': value('oauth-audience', OPTIONS['oauth-audience']),
    'state-key': value('state-key', OPTIONS['state-key']),
    journal: value('journal', OPTIONS.journal),
    'log-level': value('log-level', OPTIONS['log-level']),
    'access-key-id': value('access-key-id', OPTIONS['access-key-id']),
    'access-key-secret': value('access-key-secret', OPTIONS['access-key-secret']),
    'security-token': value('security-token', OPTIONS['security-token']),
    data: value('data', OPTIONS.data),
    keys: value('keys', OPTIONS.keys),
    quota: value('quota', OPTIONS.quota),
    faults: value('faults', OPTIONS.faults),
  };
}

function refuseContradictions(command: Command, values: OptionValues): void {
  const { endpoint, region } = values;
  if (values.emulator && endpoint !== undefined)
    throw new ConfigError('--emulator and --endpoint contradict each other');
  if (values.confirm === 'always' && values['no-snapshot']) {
    throw new ConfigError('--confirm always and --no-snapshot contradict each other: the question shows the tags');
  }
  const served = endpoint === undefined ? undefined : regionOfEndpoint(endpoint);
  if (served !== undefined && region !== undefined && served !== region) {
    throw new ConfigError(`--endpoint serves ${served}, and --region says another region`);
  }
  if (command === 'emulator' && values.data !== undefined && values.keys !== undefined) {
    throw new ConfigError('--data and --keys contradict each other');
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

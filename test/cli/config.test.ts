// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what hosts leave unexpanded is tested here
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../src/cli/config.js';
import { helpText } from '../../src/cli/help.js';
import { COMMANDS, OPTION_NAMES, OPTIONS, type OptionName, type OptionValues } from '../../src/cli/options.js';

type Environment = Readonly<Record<string, string>>;

/** The values of a command line that is in order. */
function valuesOf(argv: readonly string[], env: Environment = {}): OptionValues {
  const invocation = readConfig(argv, env);
  if (!('values' in invocation)) throw new Error(`the command is ${invocation.command}`);
  return invocation.values;
}

/** The message of a start-up error. */
function messageOf(argv: readonly string[], env: Environment = {}): string {
  try {
    readConfig(argv, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error(`${argv.join(' ')} was accepted`);
}

const TOKENS = { KMS_TAGS_HTTP_TOKENS: 'alice=abcdefghijklmnopqrstuvwx' };
const PUBLIC = { ...TOKENS, KMS_TAGS_ALLOWED_HOSTS: 'tags.example.com' };
const KEY32 = 'k'.repeat(32);

/** Each option: the command it goes with, a text, its value, and whatever else it needs. */
const EXAMPLES: readonly (readonly [OptionName, string, string, unknown, Environment?])[] = [
  ['region', '', 'ap-southeast-1', 'ap-southeast-1'],
  ['endpoint', '', 'https://kms.example.com', { kind: 'one', url: 'https://kms.example.com' }],
  ['sts-endpoint', '', 'https://sts.example.com', 'https://sts.example.com'],
  ['network', '', 'vpc', 'vpc'],
  ['signature', '', 'v1', 'v1'],
  ['profile', '', 'my profile', 'my profile'],
  ['timeout', '', '2500', 2500],
  ['read-only', '', 'true', true],
  ['confirm', '', 'always', 'always'],
  ['protect', '', 'owner, cost-*', ['owner', 'cost-*']],
  ['no-snapshot', '', 'true', true],
  ['state-dir', '', '/var/lib/tags', '/var/lib/tags'],
  ['emulator', '', 'true', true],
  ['host', 'http', '0.0.0.0', '0.0.0.0', PUBLIC],
  ['port', 'http', '8080', 8080],
  ['allowed-hosts', 'http', 'tags.example.com,other', ['tags.example.com', 'other'], TOKENS],
  ['allowed-origins', 'http', 'app.example.com', ['app.example.com']],
  [
    'oauth-issuer',
    'http',
    'https://id.example.com/x',
    'https://id.example.com/x',
    { KMS_TAGS_OAUTH_AUDIENCE: 'https://a/' },
  ],
  ['oauth-audience', 'http', 'https://a.example/mcp', 'https://a.example/mcp', { KMS_TAGS_OAUTH_ISSUER: 'https://i/' }],
  ['oauth-resource', 'http', 'https://a.example/mcp', 'https://a.example/mcp', { KMS_TAGS_OAUTH_ISSUER: 'https://i/' }],
  ['journal', 'http', 'rediss://redis:6379/0', 'rediss://redis:6379/0'],
  ['log-level', 'http', 'debug', 'debug'],
  ['regions', 'emulator', 'cn-hangzhou,cn-shanghai', ['cn-hangzhou', 'cn-shanghai']],
  ['access-key-id', 'emulator', 'id', 'id'],
  ['access-key-secret', 'emulator', 'secret', 'secret'],
  ['security-token', 'emulator', 'token', 'token'],
  ['data', 'emulator', 'account.json', 'account.json'],
  ['keys', 'emulator', '1000', 1000],
  ['quota', 'emulator', 'on', true],
  ['faults', 'emulator', 'slow:0.5', 'slow:0.5'],
];

const commandLine = (command: string, ...rest: readonly string[]): string[] => [
  ...(command === '' ? [] : [command]),
  ...rest,
];

const BY_FLAG = EXAMPLES.map(([name, command, text, value, env = {}]) => ({ name, command, text, value, env }));

describe('an option', () => {
  it.each(BY_FLAG)(
    '--$name is read from its flag, both with = and with a space',
    ({ name, command, text, value, env }) => {
      expect(valuesOf(commandLine(command, `--${name}=${text}`), env)[name]).toEqual(value);
      expect(valuesOf(commandLine(command, `--${name}`, text), env)[name]).toEqual(value);
    },
  );

  it.each(BY_FLAG.filter(({ name }) => OPTIONS[name].env !== undefined))(
    '--$name is read from its variable, which the flag beats',
    ({ name, command, text, value, env }) => {
      const variable = OPTIONS[name].env ?? '';
      expect(valuesOf(commandLine(command), { ...env, [variable]: ` ${text} ` })[name]).toEqual(value);
      const both = { ...env, [variable]: 'no such value, \u0000 anywhere' };
      expect(valuesOf(commandLine(command, `--${name}=${text}`), both)[name]).toEqual(value);
    },
  );

  it('that is secret is read from its variable only', () => {
    const { 'http-tokens': tokens, 'state-key': key } = valuesOf(['http'], { ...TOKENS, KMS_TAGS_STATE_KEY: KEY32 });
    expect(tokens.map(({ name }) => name)).toEqual(['alice']);
    expect(key).toBe(KEY32);
    expect(messageOf(['http', `--state-key=${KEY32}`])).toMatch(/^unknown flag/);
    expect(messageOf(['http', '--http-tokens=alice=abcdefghijklmnopqrstuvwx'])).toMatch(/^unknown flag/);
  });

  it('is covered here', () => {
    const tried = [...BY_FLAG.map(({ name }) => name), 'http-tokens', 'state-key'];
    expect([...tried].sort()).toEqual([...OPTION_NAMES].sort());
  });

  it('has its default when nobody says otherwise', () => {
    expect(valuesOf([])).toMatchObject({
      region: undefined,
      endpoint: undefined,
      network: 'public',
      signature: 'v3',
      timeout: 10_000,
      'read-only': false,
      confirm: 'host',
      protect: [],
      'no-snapshot': false,
      emulator: false,
      host: '127.0.0.1',
      port: undefined,
    });
  });

  it.each(['', ' ', '${user_config.region}', ' ${user_config.aliyun region} '])(
    'is absent when its variable is %j',
    (text) => {
      const env = Object.fromEntries(OPTION_NAMES.map((name) => [OPTIONS[name].env ?? 'unused', text]));
      for (const command of ['', 'http', 'emulator']) expect(valuesOf(commandLine(command), env)).toEqual(valuesOf([]));
    },
  );

  it('is absent when a host left its flag’s field empty', () => {
    expect(valuesOf(['--region=${user_config.region}', '--protect', '${user_config.protect}'])).toEqual(valuesOf([]));
  });

  it.each([
    ['KMS_TAGS_PROTECT', '${PROTECTED_KEYS}'],
    ['KMS_TAGS_PROTECT', '${user_config.a},${user_config.b}'],
    ['ALIBABA_CLOUD_PROFILE', '${PROFILE:-default}'],
    ['KMS_TAGS_STATE_DIR', '${HOME}/state'],
    ['KMS_TAGS_STATE_DIR', '%LOCALAPPDATA%\\kms'],
    ['ALIBABA_CLOUD_REGION_ID', '%ALI_REGION%'],
    ['KMS_TAGS_ENDPOINT', 'https://${KMS_HOST}'],
  ])('is refused when %s holds the unresolved placeholder %s', (variable, text) => {
    expect(messageOf([], { [variable]: text })).toBe(
      `${variable} holds an unresolved placeholder, such as \${…} or %…%`,
    );
  });

  it('of another command is ignored in the environment', () => {
    expect(valuesOf([], { KMS_TAGS_PORT: 'no number', KMS_TAGS_HTTP_TOKENS: 'short' }).port).toBeUndefined();
    expect(readConfig(['demo'], { KMS_TAGS_TIMEOUT: 'no number' }).command).toBe('demo');
  });
});

describe('a boolean', () => {
  it.each([
    [['--read-only'], true],
    [['--read-only=true'], true],
    [['--read-only', 'true'], true],
    [['--read-only=false'], false],
    [['--read-only', 'false'], false],
    [['--read-only', '--region', 'cn-hangzhou'], true],
  ])('by %j is %s', (argv, expected) => {
    expect(valuesOf(argv)['read-only']).toBe(expected);
  });

  it('given as a flag beats its variable, also when it is false', () => {
    expect(valuesOf(['--read-only=false'], { KMS_TAGS_READ_ONLY: 'true' })['read-only']).toBe(false);
  });

  it.each(['1', '0', 'yes', 'no', 'on', 'TRUE', 'True', 'false.'])('is not %j', (text) => {
    expect(messageOf([`--read-only=${text}`])).toBe('--read-only must be true or false');
    expect(messageOf([], { KMS_TAGS_READ_ONLY: text })).toBe('KMS_TAGS_READ_ONLY must be true or false');
    expect(messageOf(['--read-only', text])).toMatch(/^unknown flag or argument/);
  });
});

describe('a start-up error', () => {
  it.each([
    [['serve'], 'unknown command; expected http, emulator, demo, or nothing for stdio'],
    [['stdio'], 'unknown command; expected http, emulator, demo, or nothing for stdio'],
    [['HTTP'], 'unknown command; expected http, emulator, demo, or nothing for stdio'],
    [['--regoin', 'cn-hangzhou'], 'unknown flag or argument --regoin; see --help'],
    [['-r', 'cn-hangzhou'], 'unknown flag or argument -r; see --help'],
    [['--region', 'cn-hangzhou', 'http'], 'unknown flag or argument without dashes; see --help'],
    [['--'], 'unknown flag or argument without dashes; see --help'],
    [['--constructor=x'], 'unknown flag or argument --constructor; see --help'],
    [['--region'], '--region needs a value; one that begins with -- follows ='],
    [['--protect', '--read-only'], '--protect needs a value; one that begins with -- follows ='],
    [['--region', 'cn-hangzhou', '--region=cn-beijing'], '--region is given twice'],
    [['--port', '1'], '--port does not go with this command; see --help'],
    [['emulator', '--timeout', '1000'], '--timeout does not go with emulator; see --help'],
    [['demo', '--region', 'cn-hangzhou'], '--region does not go with demo; see --help'],
    [['--region', ''], '--region must be a region ID such as cn-hangzhou'],
    [['--region', 'CN'], '--region must be a region ID such as cn-hangzhou'],
    [['--network', 'private'], '--network must be public or vpc'],
    [['--signature', 'v2'], '--signature must be v3 or v1'],
    [['--confirm', 'never'], '--confirm must be host or always'],
    [['--timeout', '99'], '--timeout must be a whole number from 100 to 50000'],
    [['--timeout', '50001'], '--timeout must be a whole number from 100 to 50000'],
    [['--timeout', '1e3'], '--timeout must be a whole number from 100 to 50000'],
    [['--timeout', '-1'], '--timeout must be a whole number from 100 to 50000'],
    [['--profile', ' '], '--profile must not be empty'],
    [['--state-dir='], '--state-dir must not be empty'],
    [['--protect='], '--protect must be names separated by commas'],
    [['--protect', 'a,,b'], '--protect must be names separated by commas'],
    [['--protect', 'owner,cost-*-id'], '--protect may hold a * only at the end of a key'],
    [['--protect', '*owner'], '--protect may hold a * only at the end of a key'],
    [['http', '--port', '65536'], '--port must be a whole number from 0 to 65535'],
    [['http', '--host', 'not a host'], '--host must be a host name or an IP address'],
    [['http', '--host', 'http://127.0.0.1'], '--host must be a host name or an IP address'],
    [['http', '--host', '[::1]'], '--host must be a host name or an IP address'],
    [['http', '--host', '127.0.0.1:80'], '--host must be a host name or an IP address'],
    [['http', '--journal', 'http://redis'], '--journal must be a redis:// or rediss:// URL'],
    [['emulator', '--keys', 'many'], '--keys must be a whole number from 0 to 1000000'],
    [
      ['emulator', '--regions', 'cn-hangzhou,kms'],
      '--regions must be region IDs such as cn-hangzhou, each once, separated by commas',
    ],
    [
      ['emulator', '--regions', 'cn-hangzhou,cn-hangzhou'],
      '--regions must be region IDs such as cn-hangzhou, each once, separated by commas',
    ],
    [['emulator', '--quota', 'true'], '--quota must be on or off'],
  ])('%j', (argv, message) => {
    expect(messageOf(argv)).toBe(message);
  });

  it.each([
    [['--emulator', '--endpoint', 'https://kms.example.com'], {}, /--emulator and --endpoint contradict/],
    [['--emulator'], { KMS_TAGS_ENDPOINT: 'https://kms.example.com' }, /--emulator and --endpoint contradict/],
    [['--confirm', 'always', '--no-snapshot'], {}, /--confirm always and --no-snapshot contradict/],
    [
      ['--region', 'cn-beijing', '--endpoint', 'cn-hangzhou=https://a.example,cn-shanghai=https://b.example'],
      {},
      /^--endpoint serves cn-hangzhou, cn-shanghai, and --region says another region$/,
    ],
    [
      ['--region', 'cn-beijing', '--endpoint', 'https://kms.cn-hangzhou.aliyuncs.com'],
      {},
      /--endpoint serves cn-hangzhou/,
    ],
    [['emulator', '--region', 'cn-hangzhou', '--regions', 'cn-beijing'], {}, /--region and --regions contradict/],
    [['emulator', '--keys', '1', '--data', 'x'], {}, /--data and --keys contradict/],
    [
      ['http', '--oauth-issuer', 'https://id.example.com'],
      {},
      /--oauth-issuer and one of --oauth-resource and --oauth-audience go together/,
    ],
    [['http', '--host', '0.0.0.0'], {}, /--host is not loopback/],
    [['http', '--host', '::'], {}, /--host is not loopback/],
    [['http', '--host', 'tags.example.com'], {}, /--host is not loopback/],
    [['http', '--host', '127.0.0.1.example.com'], {}, /--host is not loopback/],
    [['http', '--allowed-hosts', 'tags.example.com'], {}, /--allowed-hosts is not loopback/],
    [['http', '--host', '0.0.0.0'], TOKENS, /list the names that clients use/],
  ])('%j contradicts itself or leaves a door open', (argv, env, message) => {
    expect(messageOf(argv, env)).toMatch(message);
  });

  it.each([
    ['http', '--host', '::1'],
    ['http', '--host', '127.0.0.5'],
    ['http', '--host', 'localhost'],
    ['--region', 'cn-hangzhou', '--endpoint', 'https://kms.cn-hangzhou.aliyuncs.com'],
    ['--region', 'cn-hangzhou', '--endpoint', 'http://127.0.0.1:9000'],
  ])('is none: %s %s %s', (...argv) => {
    expect(() => readConfig(argv, {})).not.toThrow();
  });

  it('never repeats a value', () => {
    const canary = 'Canary9Zq-Xw7Rk3';
    const attempts: readonly (readonly [readonly string[], Environment])[] = [
      [[canary], {}],
      [[`-p${canary}`], {}],
      [[`--no-such=${canary}`], {}],
      [[`--secret.${canary}`], {}],
      [[`--${canary}`], {}],
      [['--region', 'cn-hangzhou', canary], {}],
      [['--endpoint', `https://user:${canary}@kms.example.com`], {}],
      [['--endpoint', `https://kms.example.com/${canary}`], {}],
      [['--endpoint', `ftp://${canary}`], {}],
      [['--access-key-secret', canary], {}],
      [['http'], { KMS_TAGS_HTTP_TOKENS: canary }],
      [['http'], { KMS_TAGS_HTTP_TOKENS: `a=${canary}` }],
      [['http'], { KMS_TAGS_STATE_KEY: canary }],
      [['http'], { KMS_TAGS_JOURNAL: `postgres://:${canary}@x` }],
      [['http', '--oauth-issuer', `http://${canary}`], {}],
      [['http', '--allowed-hosts', `http://${canary}/`], {}],
      ...OPTION_NAMES.filter((name) => OPTIONS[name].env !== undefined && OPTIONS[name].metavar !== undefined).flatMap(
        (name) =>
          ['', 'http', 'emulator'].map(
            (command) => [commandLine(command), { [OPTIONS[name].env ?? '']: `\${${canary}}` }] as const,
          ),
      ),
    ];
    for (const [argv, env] of attempts) {
      const message = caught(() => readConfig(argv, env));
      expect(message).not.toContain('Canary9Zq');
      expect(message).not.toContain('Xw7Rk3');
    }
  });

  it('is all that ever comes of a command line that is not in order', () => {
    const word = fc.oneof(
      fc.constantFrom(...OPTION_NAMES.map((name) => `--${name}`), ...COMMANDS, '--', '-', '=', '--=', ''),
      fc.string(),
      fc.tuple(fc.constantFrom(...OPTION_NAMES), fc.string()).map(([name, text]) => `--${name}=${text}`),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), (argv) => {
        caught(() => readConfig(argv, {}));
      }),
      { numRuns: 500 },
    );
  });
});

/** The message of a `ConfigError`, or nothing when there is none; any other error is passed on. */
function caught(work: () => unknown): string {
  try {
    work();
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

describe('an endpoint', () => {
  it.each([
    ['https://kms.example.com', 'https://kms.example.com'],
    ['https://KMS.example.com:443/', 'https://kms.example.com'],
    ['https://kms.example.com:8443', 'https://kms.example.com:8443'],
    ['http://localhost:9000', 'http://localhost:9000'],
    ['http://127.0.0.1:9000/', 'http://127.0.0.1:9000'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
  ])('%s is used as %s', (text, endpoint) => {
    expect(valuesOf(['--endpoint', text]).endpoint).toEqual({ kind: 'one', url: endpoint });
    expect(valuesOf(['--sts-endpoint', text])['sts-endpoint']).toBe(endpoint);
  });

  it.each([
    ['http://kms.example.com', 'must be https (http is for loopback only)'],
    ['http://10.0.0.1', 'must be https (http is for loopback only)'],
    ['http://127.0.0.1.nip.io', 'must be https (http is for loopback only)'],
    ['http://localhost@evil.com', 'must not hold credentials'],
    ['https://user@kms.example.com', 'must not hold credentials'],
    ['https://:pass@kms.example.com', 'must not hold credentials'],
    ['https://kms.example.com/path', 'must be a URL without a path'],
    ['https://kms.example.com/?a=b', 'must be a URL without a path'],
    ['https://kms.example.com/#x', 'must be a URL without a path'],
    ['ftp://kms.example.com', 'must be https (http is for loopback only)'],
    ['javascript:alert(1)', 'must be https (http is for loopback only)'],
    ['kms.example.com', 'must be a URL such as https://kms.cn-hangzhou.aliyuncs.com'],
    ['https://', 'must be a URL such as https://kms.cn-hangzhou.aliyuncs.com'],
  ])('is not %s', (text, message) => {
    expect(messageOf(['--endpoint', text])).toBe(`--endpoint ${message}`);
  });
});

describe('an endpoint for each region', () => {
  it('is a list of REGION=URL, each for one region', () => {
    const text = 'cn-hangzhou=https://a.example, ap-southeast-1=http://127.0.0.1:9000/';
    expect(valuesOf(['--endpoint', text]).endpoint).toEqual({
      kind: 'by-region',
      urls: new Map([
        ['cn-hangzhou', 'https://a.example'],
        ['ap-southeast-1', 'http://127.0.0.1:9000'],
      ]),
    });
  });

  it.each([
    ['cn-hangzhou=', 'must be a URL such as https://kms.cn-hangzhou.aliyuncs.com'],
    ['=https://a.example', 'must be REGION=URL pairs such as cn-hangzhou=https://kms.example.com'],
    ['oss-cn-hangzhou=https://a.example', 'must be REGION=URL pairs such as cn-hangzhou=https://kms.example.com'],
    ['cn-hangzhou=https://a.example,', 'must be REGION=URL pairs such as cn-hangzhou=https://kms.example.com'],
    [
      'cn-hangzhou=https://a.example,https://b.example',
      'must be REGION=URL pairs such as cn-hangzhou=https://kms.example.com',
    ],
    ['cn-hangzhou=http://kms.example.com', 'must be https (http is for loopback only)'],
    ['cn-hangzhou=https://a.example/path', 'must be a URL without a path'],
    ['cn-hangzhou=https://a.example,cn-hangzhou=https://b.example', 'names cn-hangzhou twice'],
    ['cn-hangzhou=https://kms.cn-beijing.aliyuncs.com', 'gives cn-hangzhou an endpoint that serves cn-beijing'],
  ])('is not %s', (text, message) => {
    expect(messageOf(['--endpoint', text])).toBe(`--endpoint ${message}`);
  });
});

describe('what a server reads beside its options', () => {
  it.each([
    ['ALIBABA_CLOUD_ACCESS_KEY_ID', '${env:ALI_AK}'],
    ['ALIBABA_CLOUD_ACCESS_KEY_SECRET', '%ALI_SECRET%'],
    ['ALIBABA_CLOUD_SECURITY_TOKEN', '$(TOKEN)'],
    ['ALIBABA_CLOUD_CREDENTIALS_FILE', '${HOME}/credentials'],
    ['ALIBABA_CLOUD_OIDC_TOKEN_FILE', '{{ token }}'],
    ['ALIBABA_CLOUD_ECS_METADATA_DISABLED', '${NO_ECS}'],
    ['HTTPS_PROXY', '${PROXY}'],
    ['http_proxy', 'http://%PROXY_HOST%:3128'],
    ['ALL_PROXY', '$PROXY'],
    ['NO_PROXY', '${NO_PROXY},example.com'],
    ['XDG_STATE_HOME', '${HOME}/.local/state'],
    ['HOME', '%USERPROFILE%'],
  ])('is a start-up error when %s holds %s', (name, text) => {
    for (const command of ['', 'http']) {
      expect(messageOf(commandLine(command), { [name]: text })).toBe(
        `${name} holds an unresolved placeholder, such as \${…} or %…%`,
      );
    }
    for (const command of ['emulator', 'demo']) expect(() => readConfig([command], { [name]: text })).not.toThrow();
  });

  it.each([
    [['--state-dir', 'state'], {}, '--state-dir (KMS_TAGS_STATE_DIR) must be an absolute path, or begin with ~/'],
    [
      [],
      { KMS_TAGS_STATE_DIR: './state' },
      '--state-dir (KMS_TAGS_STATE_DIR) must be an absolute path, or begin with ~/',
    ],
    [[], { XDG_STATE_HOME: '.local/state' }, 'XDG_STATE_HOME must be an absolute path, or begin with ~/'],
    [
      [],
      { ALIBABA_CLOUD_CREDENTIALS_FILE: 'creds.ini' },
      'ALIBABA_CLOUD_CREDENTIALS_FILE must be an absolute path, or begin with ~/',
    ],
    [
      [],
      { ALIBABA_CLOUD_OIDC_TOKEN_FILE: './t' },
      'ALIBABA_CLOUD_OIDC_TOKEN_FILE must be an absolute path, or begin with ~/',
    ],
  ])('is a start-up error with a relative path: %j %j', (argv, env, message) => {
    expect(messageOf(argv, env)).toBe(message);
  });

  it.each([
    [['--state-dir', '~/kms-journal'], {}],
    [
      [],
      { XDG_STATE_HOME: '~/.state', ALIBABA_CLOUD_CREDENTIALS_FILE: '~/creds', ALIBABA_CLOUD_OIDC_TOKEN_FILE: '/t' },
    ],
    [['--state-dir', '/x'], { XDG_STATE_HOME: 'not looked at' }],
  ])('may begin with ~/: %j %j', (argv, env) => {
    expect(() => readConfig(argv, { HOME: '/home/u', ...env })).not.toThrow();
  });
});

describe('KMS_TAGS_PORT', () => {
  it.each(['tcp://10.96.12.34:80', 'udp://10.96.12.34:53', 'tcp://[fd00::1]:80'])(
    'is absent when it is %s, which Kubernetes injects for a Service named kms-tags',
    (text) => {
      expect(valuesOf(['http'], { KMS_TAGS_PORT: text }).port).toBeUndefined();
      expect(valuesOf(['http', '--port', '8080'], { KMS_TAGS_PORT: text }).port).toBe(8080);
      expect(messageOf(['http', '--port', text])).toMatch(/^--port must be a whole number/);
    },
  );

  it.each(['http://10.96.12.34:80', '3000x', 'tcp'])('is an error when it is %s', (text) => {
    expect(messageOf(['http'], { KMS_TAGS_PORT: text })).toMatch(/^KMS_TAGS_PORT must be a whole number/);
  });
});

describe('--journal', () => {
  it.each([
    ['redis://:100%zz@h', 'has a % in its user or password that begins no escape: write it %25'],
    ['redis://us%er@h', 'has a % in its user or password that begins no escape: write it %25'],
    ['redis://h/kms', 'must end with the number of a database, as in redis://host:6379/0'],
    ['redis://h/0/1', 'must end with the number of a database, as in redis://host:6379/0'],
    ['redis://h?db=1', 'must not have a query or a fragment'],
    ['redis://', 'must name a host: redis://host:6379/0'],
    ['redis:6379', 'must name a host: redis://host:6379/0'],
    ['redis://h:port', 'must be a redis:// or rediss:// URL'],
    ['h:6379', 'must be a redis:// or rediss:// URL'],
  ])('is refused when it is %s', (text, message) => {
    expect(messageOf(['http'], { KMS_TAGS_JOURNAL: text })).toBe(`KMS_TAGS_JOURNAL ${message}`);
  });

  it.each(['redis://h', 'redis://h/', 'redis://h:6379/15', 'rediss://user:p%40ss%25@h:6380/0', 'redis://[::1]:6379'])(
    'may be %s',
    (text) => {
      expect(valuesOf(['http', '--journal', text]).journal).toBe(text);
    },
  );
});

describe('--allowed-hosts and --allowed-origins', () => {
  it.each(['*', '*.example.com', 'tags.*', 'tags.example.com,*', 't*gs.example.com'])(
    'are refused with a wildcard: %s',
    (text) => {
      for (const flag of ['--allowed-hosts', '--allowed-origins']) {
        expect(messageOf(['http', flag, text], TOKENS)).toBe(
          `${flag} must be whole host names: wildcards are not supported`,
        );
      }
    },
  );
});

describe('help and version', () => {
  it.each([['--help'], ['-h'], ['http', '--help'], ['--no-such', '--help']])('%s %s asks for help', (...argv) => {
    expect(readConfig(argv, {})).toEqual({ command: 'help' });
  });

  it('--version asks for the version', () => {
    expect(readConfig(['--version'], {})).toEqual({ command: 'version' });
  });

  it('help names every option and every variable', () => {
    const text = helpText();
    for (const name of OPTION_NAMES) {
      const { env, flag } = OPTIONS[name];
      if (flag !== false) expect(text).toContain(`--${name}`);
      if (env !== undefined) expect(text).toContain(env);
    }
  });

  it('help does not say that the emulator reads variables, for it reads none', () => {
    const emulator = helpText().split('For emulator')[1] ?? '';
    expect(emulator).toContain('--port PORT');
    expect(emulator.split('Credentials:')[0]).not.toMatch(/KMS_TAGS_|ALIBABA_CLOUD_/);
  });
});

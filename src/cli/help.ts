import { COMMANDS, type Command, OPTION_NAMES, OPTIONS, type OptionName } from './options.js';

const WHAT: Readonly<Record<Command, string>> = {
  stdio: 'MCP over stdio, both protocol eras',
  http: 'MCP over Streamable HTTP, stateless, both eras',
  emulator: 'the KMS emulator on its own; prints one JSON line with its endpoint and keys',
  demo: 'a scripted conversation with the embedded emulator',
};

/** The text of `--help`. */
export function helpText(): string {
  const commands = COMMANDS.map((command) => {
    const words = command === 'stdio' ? 'alicloud-kms-tags-mcp' : `alicloud-kms-tags-mcp ${command}`;
    return `  ${words.padEnd(32)}${WHAT[command]}`;
  });
  const sections = [
    optionLines('Options of the server (stdio and http)', true, (on) => on.includes('stdio')),
    optionLines('More for http', true, (on) => on.includes('http') && !on.includes('stdio')),
    optionLines('For emulator, which reads no variables', false, (on) => on.includes('emulator')),
  ];
  return [
    'alicloud-kms-tags-mcp: lets an agent clean up tags of Alibaba Cloud KMS resources, with undo',
    '',
    ...commands,
    '',
    ...sections.flatMap((lines) => [...lines, '']),
    'Credentials: ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALIBABA_CLOUD_SECURITY_TOKEN, else',
    'OIDC, the aliyun CLI profile, the credentials file, an ECS RAM role or a credentials URI.',
    'Proxies: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY (http and https, no SOCKS) and NO_PROXY.',
    'A flag beats its environment variable. Booleans are true or false. Exit status 2: a start-up error.',
    '',
  ].join('\n');
}

function optionLines(
  title: string,
  readsVariables: boolean,
  belongs: (commands: readonly Command[]) => boolean,
): string[] {
  const names = OPTION_NAMES.filter((name) => belongs(OPTIONS[name].commands));
  return [`${title}:`, ...names.flatMap((name) => describe(name, readsVariables))];
}

function describe(name: OptionName, readsVariables: boolean): string[] {
  const { help, defaultText, env, metavar, flag } = OPTIONS[name];
  const notes = [
    ...(defaultText === undefined ? [] : [`default: ${defaultText}`]),
    ...(readsVariables && flag !== false && env !== undefined ? [env] : []),
  ];
  const usage = flag === false ? `${env} (environment only)` : `--${name}${metavar === undefined ? '' : ` ${metavar}`}`;
  const text = notes.length === 0 ? help : `${help} (${notes.join('; ')})`;
  return [`  ${usage}`, `      ${text}`];
}

// What is made from the code: each file, or part of a file, with its text.
import { readFileSync } from 'node:fs';
import { readmeTables } from '../emulator/readme-tables.js';
import manifest from '../package.json' with { type: 'json' };
import { OPTION_NAMES, OPTIONS, type OptionName } from '../src/cli/options.js';
import { VARIABLES } from '../src/cli/variables.js';
import { advertisedSchemas } from '../src/mcp/json-schema.js';
import { PROMPTS } from '../src/mcp/prompts/prompts.js';
import { TOOLS } from '../src/mcp/tools/index.js';

/** Path → text, for every generated file. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return {
    'src/mcp/advertised.json': json(advertisedSchemas()),
    'server.json': json(registryEntry()),
    'mcpb/manifest.json': json(mcpbManifest()),
    'README.md': withParts('README.md', {
      tools: toolTable(),
      prompts: promptTable(),
      options: optionTable(),
      variables: variableTable(),
      version: installBlocks(),
    }),
    'emulator/README.md': withParts('emulator/README.md', readmeTables()),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The text of a file with its generated parts replaced. */
function withParts(file: string, parts: Readonly<Record<string, string>>): string {
  let text = readFileSync(file, 'utf8');
  for (const [name, part] of Object.entries(parts)) {
    const [from, to] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [start, end] = [text.indexOf(from), text.indexOf(to)];
    if (start < 0 || end < start) throw new Error(`${file} lacks the marks of "${name}"`);
    text = `${text.slice(0, start + from.length)}\n${part}\n${text.slice(end)}`;
  }
  return text;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function toolTable(): string {
  const schemas = advertisedSchemas();
  const rows = TOOLS.map(({ name, description, writes }) => {
    const properties = Object.keys(Object(schemas[name]?.input['properties']));
    return row(
      `\`${name}\``,
      properties.map((property) => `\`${property}\``).join(', '),
      writes ? 'yes' : 'no',
      description,
    );
  });
  return [row('tool', 'input', 'changes', 'what it does'), row('---', '---', '---', '---'), ...rows].join('\n');
}

function promptTable(): string {
  const rows = PROMPTS.map(({ name, description, arguments: names }) =>
    row(`\`/${name}\``, names.map((argument) => `\`${argument}\``).join(', '), description),
  );
  return [row('prompt', 'arguments', 'what it does'), row('---', '---', '---'), ...rows].join('\n');
}

function optionTable(): string {
  const rows = OPTION_NAMES.map((name) => {
    const { env, flag, metavar, help, defaultText, commands, parse } = OPTIONS[name];
    const usage = flag === false ? '' : `\`--${name}${metavar === undefined ? '' : ` ${metavar}`}\``;
    const only = commands.some((command) => command === 'stdio') ? '' : ` *(${commands.join(', ')})*`;
    const accepts = parse.accepts ?? 'text that is not empty';
    return row(usage, env === undefined ? '' : `\`${env}\``, defaultText ?? '', `${help}${only}`, accepts);
  });
  const head = row('flag', 'environment', 'default', 'meaning', 'accepts, else status 2');
  return [head, row('---', '---', '---', '---', '---'), ...rows].join('\n');
}

function variableTable(): string {
  const rows = VARIABLES.map(({ names, accepts, otherwise }) =>
    row(names.map((name) => `\`${name}\``).join(', '), accepts, otherwise),
  );
  return [row('variable', 'accepts', 'any other value'), row('---', '---', '---'), ...rows].join('\n');
}

/** Blocks that name the version: pinned, so that nobody runs tomorrow what they did not try today. */
function installBlocks(): string {
  const spec = `${manifest.name}@${manifest.version}`;
  const env = { ALIBABA_CLOUD_REGION_ID: 'cn-hangzhou', ALIBABA_CLOUD_PROFILE: 'default' };
  const stdio = { command: 'npx', args: ['-y', spec], env };
  const block = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;
  const details = (title: string, ...body: readonly string[]): string =>
    [`<details><summary>${title}</summary>`, '', ...body, '', '</details>'].join('\n');
  const cursor = Buffer.from(JSON.stringify(stdio)).toString('base64');
  const vscode = encodeURIComponent(JSON.stringify({ name: 'alicloud-kms-tags', ...stdio }));
  return [
    '**Claude Desktop** (Settings → Developer → Edit config), and any host with the same form:',
    '',
    block('json', JSON.stringify({ mcpServers: { 'alicloud-kms-tags': stdio } }, null, 2)),
    '',
    `[Install in VS Code](https://insiders.vscode.dev/redirect?url=${encodeURIComponent(`vscode:mcp/install?${vscode}`)}) · [Install in Cursor](https://cursor.com/en/install-mcp?name=alicloud-kms-tags&config=${encodeURIComponent(cursor)})`,
    '',
    details(
      'Claude Code',
      block('sh', `claude mcp add alicloud-kms-tags --env ALIBABA_CLOUD_REGION_ID=cn-hangzhou -- npx -y ${spec}`),
    ),
    details(
      'VS Code (<code>.vscode/mcp.json</code>)',
      block('json', JSON.stringify({ servers: { 'alicloud-kms-tags': { type: 'stdio', ...stdio } } }, null, 2)),
    ),
    details(
      'Windows (the command is <code>cmd</code>)',
      block('json', JSON.stringify({ command: 'cmd', args: ['/c', 'npx', ...stdio.args], env }, null, 2)),
    ),
  ].join('\n');
}

/** Options that a host sets for a local server. */
const HOST_OPTIONS = OPTION_NAMES.filter((name) => OPTIONS[name].commands.some((command) => command === 'stdio'));

const CREDENTIALS = [
  { name: 'ALIBABA_CLOUD_ACCESS_KEY_ID', secret: false, help: 'AccessKey ID; leave out to use an aliyun CLI profile' },
  { name: 'ALIBABA_CLOUD_ACCESS_KEY_SECRET', secret: true, help: 'AccessKey secret' },
  { name: 'ALIBABA_CLOUD_SECURITY_TOKEN', secret: true, help: 'STS token, for temporary credentials' },
] as const;

function registryEntry() {
  const { name, version, mcpName, description } = manifest;
  if (description.length > 100) throw new Error('the registry takes a description of at most 100 characters');
  return {
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
    name: mcpName,
    title: 'Alibaba Cloud KMS tags',
    description,
    version,
    packages: [
      {
        registryType: 'npm',
        identifier: name,
        version,
        transport: { type: 'stdio' },
        environmentVariables: [
          ...CREDENTIALS.map(({ name: variable, secret, help }) => variableEntry(variable, help, secret)),
          ...HOST_OPTIONS.flatMap((option) => optionVariable(option)),
        ],
      },
    ],
  };
}

function optionVariable(name: OptionName) {
  const { env, help, defaultText, metavar } = OPTIONS[name];
  if (env === undefined) return [];
  const isBoolean = metavar === undefined;
  return [
    {
      ...variableEntry(env, help, false),
      ...(isBoolean ? { format: 'boolean', default: 'false' } : {}),
      ...(!isBoolean && defaultText !== undefined && !defaultText.includes(' ') ? { default: defaultText } : {}),
    },
  ];
}

function variableEntry(name: string, description: string, isSecret: boolean) {
  return { name, description, isRequired: false, isSecret };
}

/** What Claude Desktop asks for when the bundle is installed. An unset value arrives as `${user_config.…}`: absent. */
function mcpbManifest() {
  const { name, version, license } = manifest;
  const asked = [
    ...CREDENTIALS.map(({ name: variable, secret, help }) => ({ variable, help, type: 'string', secret })),
    ...HOST_OPTIONS.flatMap((option) => {
      const { env, help, metavar } = OPTIONS[option];
      const type =
        metavar === undefined ? 'boolean' : metavar === 'MS' ? 'number' : metavar === 'DIR' ? 'directory' : 'string';
      return env === undefined || option === 'endpoint' ? [] : [{ variable: env, help, type, secret: false }];
    }),
  ];
  return {
    manifest_version: '0.3',
    name,
    display_name: 'Alibaba Cloud KMS tags',
    version,
    description: manifest.description,
    author: { name: 'The alicloud-kms-tags-mcp maintainers' },
    license,
    server: {
      type: 'node',
      entry_point: 'dist/main.js',
      mcp_config: {
        command: 'node',
        // The host's own placeholder, not ours.
        args: [`\${__dirname}/dist/main.js`],
        env: Object.fromEntries(asked.map(({ variable }) => [variable, `\${user_config.${variable.toLowerCase()}}`])),
      },
    },
    tools: TOOLS.map((tool) => ({ name: tool.name, description: tool.description })),
    prompts: PROMPTS.map(({ name: prompt, description, arguments: names }) => ({
      name: prompt,
      description,
      arguments: [...names],
      text: description,
    })),
    user_config: Object.fromEntries(
      asked.map(({ variable, help, type, secret }) => [
        variable.toLowerCase(),
        {
          type,
          title: variable,
          description: help,
          required: false,
          ...(secret ? { sensitive: true } : {}),
          ...(type === 'boolean' ? { default: false } : {}),
        },
      ]),
    ),
    compatibility: { platforms: ['darwin', 'win32', 'linux'], runtimes: { node: manifest.engines.node } },
    privacy_policies: [],
  };
}

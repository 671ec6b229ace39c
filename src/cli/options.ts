import { isLoopback, isRegionId } from '../aliyun/kms/region.js';
import { type BearerToken, parseBearerTokens } from '../http/auth/bearer-tokens.js';
import { hostNameOf } from '../http/host-name.js';

/** The program's commands; `stdio` is what runs without one. */
export const COMMANDS = ['stdio', 'http', 'emulator', 'demo'] as const;
export type Command = (typeof COMMANDS)[number];

/** One option: the only place where its name, default and meaning stand. Help, README and manifests come from here. */
export interface Option<Value> {
  /** Environment variable; a flag beats it. Undefined: flag only. */
  readonly env?: string;
  /** False: environment only, because a command line is visible to other users of the machine. */
  readonly flag?: false;
  /** What stands for the value in help; undefined for a boolean. */
  readonly metavar?: string;
  readonly commands: readonly Command[];
  readonly help: string;
  /** How the default reads in help, when there is one. */
  readonly defaultText?: string;
  /** Never shown, stored by hosts as a secret. */
  readonly secret?: true;
  /** Throws an `Error` whose message continues "`--name` …". */
  readonly parse: (text: string) => Value;
  readonly fallback: Value;
}

const SERVER = ['stdio', 'http'] as const;

/** Every option, in the order in which help shows them. Names are the flags without dashes. */
export const OPTIONS = {
  region: option<string | undefined>({
    env: 'ALIBABA_CLOUD_REGION_ID',
    metavar: 'ID',
    commands: ['stdio', 'http', 'emulator'],
    help: 'region when a call names none; without either, a call fails with REGION_REQUIRED',
    parse: regionId,
    fallback: undefined,
  }),
  endpoint: option<string | undefined>({
    env: 'KMS_TAGS_ENDPOINT',
    metavar: 'URL',
    commands: SERVER,
    help: 'KMS endpoint; https only, but http on loopback',
    defaultText: 'from the region',
    parse: endpointUrl,
    fallback: undefined,
  }),
  network: option<'public' | 'vpc'>({
    env: 'ALIBABA_CLOUD_ENDPOINT_TYPE',
    metavar: 'public|vpc',
    commands: SERVER,
    help: 'kms.{region} or kms-vpc.{region}.aliyuncs.com',
    defaultText: 'public',
    parse: oneOf('public', 'vpc'),
    fallback: 'public',
  }),
  signature: option<'v3' | 'v1'>({
    env: 'KMS_TAGS_SIGNATURE',
    metavar: 'v3|v1',
    commands: SERVER,
    help: 'ACS3-HMAC-SHA256, or the older HMAC-SHA1 RPC signature',
    defaultText: 'v3',
    parse: oneOf('v3', 'v1'),
    fallback: 'v3',
  }),
  profile: option<string | undefined>({
    env: 'ALIBABA_CLOUD_PROFILE',
    metavar: 'NAME',
    commands: SERVER,
    help: 'profile of the aliyun CLI or of the credentials file',
    parse: nonEmpty,
    fallback: undefined,
  }),
  timeout: option<number>({
    env: 'KMS_TAGS_TIMEOUT',
    metavar: 'MS',
    commands: SERVER,
    help: 'one attempt, in milliseconds; a whole tool call stays under 55 s',
    defaultText: '10000',
    parse: wholeNumber(100, 50_000),
    fallback: 10_000,
  }),
  'read-only': option<boolean>({
    env: 'KMS_TAGS_READ_ONLY',
    commands: SERVER,
    help: 'write tools are not registered',
    parse: trueOrFalse,
    fallback: false,
  }),
  confirm: option<'host' | 'always'>({
    env: 'KMS_TAGS_CONFIRM',
    metavar: 'host|always',
    commands: SERVER,
    help: 'host: rely on the host to approve destructive tools; always: ask the person before each removal, and refuse where the client cannot ask',
    defaultText: 'host',
    parse: oneOf('host', 'always'),
    fallback: 'host',
  }),
  protect: option<readonly string[]>({
    env: 'KMS_TAGS_PROTECT',
    metavar: 'KEY,…',
    commands: SERVER,
    help: 'tag keys that are never removed or overwritten; a trailing * is allowed',
    parse: tagKeyPatterns,
    fallback: [],
  }),
  'no-snapshot': option<boolean>({
    env: 'KMS_TAGS_NO_SNAPSHOT',
    commands: SERVER,
    help: 'do not read tags before a change: one RPC a call, no undo',
    parse: trueOrFalse,
    fallback: false,
  }),
  'state-dir': option<string | undefined>({
    env: 'KMS_TAGS_STATE_DIR',
    metavar: 'DIR',
    commands: SERVER,
    help: 'where the change journal lives',
    defaultText: 'XDG state directory',
    parse: nonEmpty,
    fallback: undefined,
  }),
  emulator: option<boolean>({
    env: 'KMS_TAGS_EMULATOR',
    commands: SERVER,
    help: 'embedded KMS with sample data instead of Alibaba Cloud; needs no region and no credentials',
    parse: trueOrFalse,
    fallback: false,
  }),
  host: option<string>({
    env: 'KMS_TAGS_HOST',
    metavar: 'ADDRESS',
    commands: ['http'],
    help: 'address to listen on; a non-loopback address requires authentication',
    defaultText: '127.0.0.1',
    parse: hostName,
    fallback: '127.0.0.1',
  }),
  port: option<number | undefined>({
    env: 'KMS_TAGS_PORT',
    metavar: 'PORT',
    commands: ['http', 'emulator'],
    help: 'port to listen on; 0 takes a free one',
    defaultText: 'http 3000, emulator 0',
    parse: wholeNumber(0, 65_535),
    fallback: undefined,
  }),
  'allowed-hosts': option<readonly string[]>({
    env: 'KMS_TAGS_ALLOWED_HOSTS',
    metavar: 'HOST,…',
    commands: ['http'],
    help: 'host names that a request may carry in its Host header, without wildcards; required when --host is not loopback',
    defaultText: 'loopback names',
    parse: hostNames,
    fallback: [],
  }),
  'allowed-origins': option<readonly string[]>({
    env: 'KMS_TAGS_ALLOWED_ORIGINS',
    metavar: 'HOST,…',
    commands: ['http'],
    help: 'host names that a request may carry in its Origin header, without wildcards',
    defaultText: 'loopback names',
    parse: hostNames,
    fallback: [],
  }),
  'http-tokens': option<readonly BearerToken[]>({
    env: 'KMS_TAGS_HTTP_TOKENS',
    flag: false,
    metavar: 'NAME=TOKEN,…',
    commands: ['http'],
    help: 'bearer tokens of 24 characters or more, each with the name of its holder; NAME:read=TOKEN may only read, NAME:admin=TOKEN sees every change',
    secret: true,
    parse: parseBearerTokens,
    fallback: [],
  }),
  'oauth-issuer': option<string | undefined>({
    env: 'KMS_TAGS_OAUTH_ISSUER',
    metavar: 'URL',
    commands: ['http'],
    help: 'accept access tokens (JWT) of this OAuth 2.1 issuer; needs --oauth-resource or --oauth-audience',
    parse: endpointUrlWithPath,
    fallback: undefined,
  }),
  'oauth-resource': option<string | undefined>({
    env: 'KMS_TAGS_OAUTH_RESOURCE',
    metavar: 'URL',
    commands: ['http'],
    help: 'public URL of this server, such as https://tags.example.com/mcp: what clients read in its RFC 9728 metadata',
    defaultText: 'the audience, where it is a URL',
    parse: resourceUrl,
    fallback: undefined,
  }),
  'oauth-audience': option<string | undefined>({
    env: 'KMS_TAGS_OAUTH_AUDIENCE',
    metavar: 'VALUE',
    commands: ['http'],
    help: 'what the issuer writes into aud for this server: a URL, a GUID, or api://…',
    defaultText: 'the resource',
    parse: audience,
    fallback: undefined,
  }),
  'state-key': option<string | undefined>({
    env: 'KMS_TAGS_STATE_KEY',
    flag: false,
    metavar: 'KEY',
    commands: ['http'],
    help: 'key of 32 bytes or more that seals plans and confirmations; the same on every replica',
    defaultText: 'random, so that a restart voids open plans',
    secret: true,
    parse: stateKey,
    fallback: undefined,
  }),
  journal: option<string | undefined>({
    env: 'KMS_TAGS_JOURNAL',
    metavar: 'redis://…',
    commands: ['http'],
    help: 'keep the change journal in Redis, for several replicas',
    defaultText: 'files in the state directory',
    secret: true,
    parse: redisUrl,
    fallback: undefined,
  }),
  'log-level': option<'error' | 'info' | 'debug'>({
    env: 'KMS_TAGS_LOG_LEVEL',
    metavar: 'error|info|debug',
    commands: ['http'],
    help: 'what is logged on stderr, one JSON line a request at info',
    defaultText: 'info',
    parse: oneOf('error', 'info', 'debug'),
    fallback: 'info',
  }),
  'access-key-id': option<string>({
    metavar: 'ID',
    commands: ['emulator'],
    help: 'AccessKey ID that the emulator knows',
    defaultText: 'testid',
    parse: nonEmpty,
    fallback: 'testid',
  }),
  'access-key-secret': option<string>({
    metavar: 'SECRET',
    commands: ['emulator'],
    help: 'its secret',
    defaultText: 'testsecret',
    parse: nonEmpty,
    fallback: 'testsecret',
  }),
  'security-token': option<string | undefined>({
    metavar: 'TOKEN',
    commands: ['emulator'],
    help: 'STS token that requests must then carry',
    parse: nonEmpty,
    fallback: undefined,
  }),
  data: option<string | undefined>({
    metavar: 'FILE',
    commands: ['emulator'],
    help: 'JSON file with the account’s keys, secrets and certificates',
    defaultText: 'sample data',
    parse: nonEmpty,
    fallback: undefined,
  }),
  keys: option<number | undefined>({
    metavar: 'N',
    commands: ['emulator'],
    help: 'N keys key-000001 … instead, each with tags temp, env and mostly owner',
    parse: wholeNumber(0, 1_000_000),
    fallback: undefined,
  }),
  quota: option<boolean>({
    metavar: 'on|off',
    commands: ['emulator'],
    help: 'enforce the documented requests a second',
    defaultText: 'off',
    parse: (text) => oneOf('on', 'off')(text) === 'on',
    fallback: false,
  }),
  faults: option<string | undefined>({
    metavar: 'SPEC',
    commands: ['emulator'],
    help: 'kind:probability pairs with commas: throttle429, throttle400, error500, error503, slow, drop-before, drop-after, truncate, html; and seed:N',
    parse: nonEmpty,
    fallback: undefined,
  }),
} as const;

export type OptionName = keyof typeof OPTIONS;
/** Every option's value, defaults filled in. */
export type OptionValues = { readonly [Name in OptionName]: (typeof OPTIONS)[Name]['fallback'] };

export const OPTION_NAMES: readonly OptionName[] = Object.keys(OPTIONS).filter(isOptionName);

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

function option<Value>(definition: Option<Value>): Option<Value> {
  return definition;
}

function regionId(text: string): string {
  if (!isRegionId(text)) throw new Error('must be a region ID such as cn-hangzhou');
  return text;
}

function endpointUrl(text: string): string {
  const url = httpsUrl(text);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw new Error('must be a URL without a path');
  return url.origin;
}

function endpointUrlWithPath(text: string): string {
  httpsUrl(text);
  return text;
}

/** RFC 9728 section 1.2: no fragment. */
function resourceUrl(text: string): string {
  if (httpsUrl(text).hash !== '' || text.includes('#')) throw new Error('must be a URL without a fragment');
  return text;
}

function audience(text: string): string {
  const isId = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text) || /^api:\/\/[^\s#]+$/.test(text);
  if (isId) return text;
  if (!/^https?:/i.test(text)) throw new Error('must be a URL, a GUID, or api://…, as the issuer writes it into aud');
  return resourceUrl(text);
}

function httpsUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new Error('must be a URL such as https://kms.cn-hangzhou.aliyuncs.com');
  if (url.username !== '' || url.password !== '') throw new Error('must not hold credentials');
  const plainOnLoopback = url.protocol === 'http:' && isLoopback(url.origin);
  if (url.protocol !== 'https:' && !plainOnLoopback) throw new Error('must be https (http is for loopback only)');
  return url;
}

function redisUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'redis:' && url?.protocol !== 'rediss:') throw new Error('must be a redis:// or rediss:// URL');
  return text;
}

function stateKey(text: string): string {
  if (Buffer.byteLength(text) < 32) throw new Error('must be 32 bytes or longer');
  return text;
}

function oneOf<const Choice extends string>(...choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new Error(`must be ${choices.join(' or ')}`);
    return found;
  };
}

function trueOrFalse(text: string): boolean {
  return oneOf('true', 'false')(text) === 'true';
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) throw new Error(`must be a whole number from ${least} to ${most}`);
    return value;
  };
}

function nonEmpty(text: string): string {
  if (text.trim() === '') throw new Error('must not be empty');
  return text;
}

/** No tag key holds a star, so one in the middle would protect nothing. */
function tagKeyPatterns(text: string): readonly string[] {
  const patterns = commaList(text);
  if (patterns.some((pattern) => pattern.slice(0, -1).includes('*'))) {
    throw new Error('may hold a * only at the end of a key');
  }
  return patterns;
}

function hostName(text: string): string {
  const isName = /^[A-Za-z0-9_.-]+$/.test(text) || /^[0-9A-Fa-f:.]+$/.test(text);
  if (!isName || !URL.canParse(hostUrl(text))) throw new Error('must be a host name or an IP address');
  return text;
}

/** An IPv6 address goes into a URL in brackets. */
export function hostUrl(host: string): string {
  return `http://${host.includes(':') ? `[${host}]` : host}`;
}

function commaList(text: string): readonly string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.includes('')) throw new Error('must be names separated by commas');
  return items;
}

function hostNames(text: string): readonly string[] {
  return commaList(text).map((item) => {
    if (item.includes('*')) throw new Error('must be whole host names: wildcards are not supported');
    const host = item.includes(':') && !item.startsWith('[') ? `[${item}]` : item;
    // A port is not compared: whoever writes one would wait for a match that never comes.
    const name = host.includes(']:') ? undefined : hostNameOf(host);
    if (name === undefined) throw new Error('must be host names or IP addresses, without scheme and port');
    return name;
  });
}

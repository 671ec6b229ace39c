import type { KmsEndpoint } from '../aliyun/kms/region.js';
import type { BearerToken } from '../http/auth/bearer-tokens.js';
import {
  audience,
  bearerTokens,
  directory,
  endpointUrl,
  endpointUrlWithPath,
  hostName,
  hostNames,
  kmsEndpoint,
  nonEmpty,
  oneOf,
  onOrOff,
  type Parser,
  redisUrl,
  regionId,
  regionIds,
  resourceUrl,
  stateKey,
  tagKeyPatterns,
  trueOrFalse,
  wholeNumber,
} from './value-parsers.js';

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
  /** Values of the variable that others set for purposes of their own, and that count as absent. */
  readonly foreign?: RegExp;
  /** How the default reads in help, when there is one. */
  readonly defaultText?: string;
  /** Never shown, stored by hosts as a secret. */
  readonly secret?: true;
  readonly parse: Parser<Value>;
  readonly fallback: Value;
}

const SERVER = ['stdio', 'http'] as const;

/** Every option, in the order in which help shows them. Names are the flags without dashes. */
export const OPTIONS = {
  region: option<string | undefined>({
    env: 'ALIBABA_CLOUD_REGION_ID',
    metavar: 'ID',
    commands: ['stdio', 'http', 'emulator'],
    help: 'default region for calls without RegionId; without it such a call fails with REGION_REQUIRED',
    parse: regionId,
    fallback: undefined,
  }),
  endpoint: option<KmsEndpoint | undefined>({
    env: 'KMS_TAGS_ENDPOINT',
    metavar: 'URL or REGION=URL,…',
    commands: SERVER,
    help: 'KMS endpoint: one URL serves one region, a list serves the regions that it names',
    defaultText: 'from the region',
    parse: kmsEndpoint,
    fallback: undefined,
  }),
  'sts-endpoint': option<string | undefined>({
    env: 'KMS_TAGS_STS_ENDPOINT',
    metavar: 'URL',
    commands: SERVER,
    help: 'endpoint of the Security Token Service, for credentials that assume a role',
    defaultText: 'sts.aliyuncs.com, or the one that the profile names',
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
    defaultText: 'alicloud-kms-tags-mcp in XDG_STATE_HOME or ~/.local/state',
    parse: directory,
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
    // What Kubernetes injects for a Service named kms-tags, and Docker for a link of that name.
    foreign: /^(?:tcp|udp|sctp):\/\//,
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
    parse: bearerTokens,
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
    help: 'key that signs plans and confirmations; the same on every replica',
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
  regions: option<readonly string[] | undefined>({
    metavar: 'ID,…',
    commands: ['emulator'],
    help: 'regions of the account, each with an endpoint and resources of its own',
    defaultText: 'cn-hangzhou, or --region',
    parse: regionIds,
    fallback: undefined,
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
    parse: onOrOff,
    fallback: false,
  }),
  faults: option<string | undefined>({
    metavar: 'SPEC',
    commands: ['emulator'],
    help: 'kind:probability pairs with commas: throttle429, throttle400, error500, error503, slow, drop-before, drop-after, truncate, html, proxy403, proxy302, json403, throttle503, success-false, stale, repeat-token, wrong-count; and seed:N, slow-ms:N, stale-ms:N, retry-after-ms:N',
    parse: nonEmpty,
    fallback: undefined,
  }),
} as const;

export type OptionName = keyof typeof OPTIONS;
/** Every option's value, defaults filled in. */
export type OptionValues = { readonly [Name in OptionName]: (typeof OPTIONS)[Name]['fallback'] };
/** The same table, typed so that a name leads to the type of its value. */
export const DEFINITIONS: { readonly [Name in OptionName]: Option<OptionValues[Name]> } = OPTIONS;

export const OPTION_NAMES: readonly OptionName[] = Object.keys(OPTIONS).filter(isOptionName);

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

function option<Value>(definition: Option<Value>): Option<Value> {
  return definition;
}

import { isRegionId, type KmsEndpoint, regionOfEndpoint } from '../aliyun/kms/region.js';
import { isLoopback } from '../base/loopback.js';
import { parseBearerTokens } from '../http/auth/bearer-tokens.js';
import { hostNameOf } from '../http/host-name.js';

/** Reads a value. Throws an `Error` whose message continues "`--name` …" and never repeats the value. */
export interface Parser<Value> {
  (text: string): Value;
  /** What it takes, for the README, and for the error where that has no more to say: "must be …". */
  readonly accepts?: string;
}

/** A parser that says what it takes. Where `read` gives undefined, that is all of the error. */
function accepting<Value>(accepts: string, read: (text: string) => Value | undefined): Parser<Value> {
  const parse = (text: string): Value => {
    const value = read(text);
    if (value === undefined) throw new Error(`must be ${accepts}`);
    return value;
  };
  return Object.assign(parse, { accepts });
}

export const regionId = accepting('a region ID such as cn-hangzhou', (text) => (isRegionId(text) ? text : undefined));

export const nonEmpty: Parser<string> = (text) => {
  if (text.trim() === '') throw new Error('must not be empty');
  return text;
};

export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Parser<Choice> {
  return accepting(choices.join(' or '), (text) => choices.find((choice) => choice === text));
}

export const trueOrFalse = accepting('true or false', (text) =>
  text === 'true' ? true : text === 'false' ? false : undefined,
);

export const onOrOff = accepting('on or off', (text) => (text === 'on' ? true : text === 'off' ? false : undefined));

/** Made absolute where it is used, which is where the home directory is known. */
export const directory = accepting('an absolute path; ~/ is expanded', (text) => {
  if (text.trim() === '') throw new Error('must not be empty');
  return text;
});

export function wholeNumber(least: number, most: number): Parser<number> {
  return accepting(`a whole number from ${least} to ${most}`, (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  });
}

const HTTPS = 'https (http is for loopback only)';

/** Scheme, host and port. */
export const endpointUrl = accepting(`a URL without a path; ${HTTPS}`, (text) => {
  const url = httpsUrl(text);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw new Error('must be a URL without a path');
  return url.origin;
});

export const endpointUrlWithPath = accepting(`a URL; ${HTTPS}`, (text) => {
  httpsUrl(text);
  return text;
});

function httpsUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new Error('must be a URL such as https://kms.cn-hangzhou.aliyuncs.com');
  if (url.username !== '' || url.password !== '') throw new Error('must not hold credentials');
  const plainOnLoopback = url.protocol === 'http:' && isLoopback(url.origin);
  if (url.protocol !== 'https:' && !plainOnLoopback) throw new Error(`must be ${HTTPS}`);
  return url;
}

/** A URL, or `REGION=URL` pairs, told apart by a `=` before anything of a URL. */
export const kmsEndpoint = accepting<KmsEndpoint>(
  `a URL without a path, or REGION=URL pairs with commas between; ${HTTPS}`,
  (text) => {
    if (!/^[^:/]*=/.test(text)) return { kind: 'one', url: endpointUrl(text) };
    const urls = new Map<string, string>();
    for (const pair of text.split(',')) {
      const [, region = '', url = ''] = /^\s*([^=]*)=(.*?)\s*$/s.exec(pair) ?? [];
      if (!isRegionId(region)) throw new Error('must be REGION=URL pairs such as cn-hangzhou=https://kms.example.com');
      if (urls.has(region)) throw new Error(`names ${region} twice`);
      const origin = endpointUrl(url);
      const served = regionOfEndpoint(origin) ?? region;
      if (served !== region) throw new Error(`gives ${region} an endpoint that serves ${served}`);
      urls.set(region, origin);
    }
    return { kind: 'by-region', urls };
  },
);

/** As the Redis client reads it, which throws for a bad escape and for a path that is no number, and drops a query. */
export const redisUrl = accepting(
  'a redis:// or rediss:// URL: redis://user:password@host:6379/0, where % in a password is written %25',
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol !== 'redis:' && url?.protocol !== 'rediss:')
      throw new Error('must be a redis:// or rediss:// URL');
    if (url.hostname === '') throw new Error('must name a host: redis://host:6379/0');
    if (!isDecodable(url.username) || !isDecodable(url.password)) {
      throw new Error('has a % in its user or password that begins no escape: write it %25');
    }
    if (!/^\/?\d{0,5}$/.test(url.pathname))
      throw new Error('must end with the number of a database, as in redis://host:6379/0');
    if (url.search !== '' || url.hash !== '') throw new Error('must not have a query or a fragment');
    return text;
  },
);

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

export const stateKey = accepting('32 bytes or longer', (text) => (Buffer.byteLength(text) < 32 ? undefined : text));

export const bearerTokens = accepting(
  'NAME=TOKEN, NAME:read=TOKEN or NAME:admin=TOKEN, with commas between',
  parseBearerTokens,
);

const commaList = accepting('names separated by commas', (text): readonly string[] | undefined => {
  const items = text.split(',').map((item) => item.trim());
  return items.includes('') ? undefined : items;
});

/** No tag key holds a star, so one in the middle would protect nothing. */
export const tagKeyPatterns = accepting('tag keys separated by commas; a * only at the end of a key', (text) => {
  const patterns = commaList(text);
  if (patterns.some((pattern) => pattern.slice(0, -1).includes('*'))) {
    throw new Error('may hold a * only at the end of a key');
  }
  return patterns;
});

export const hostName = accepting('a host name or an IP address', (text) => {
  const isName = /^[A-Za-z0-9_.-]+$/.test(text) || /^[0-9A-Fa-f:.]+$/.test(text);
  return isName && URL.canParse(hostUrl(text)) ? text : undefined;
});

/** An IPv6 address goes into a URL in brackets. */
export function hostUrl(host: string): string {
  return `http://${host.includes(':') ? `[${host}]` : host}`;
}

export const hostNames = accepting('host names or IP addresses, without scheme and port, separated by commas', (text) =>
  commaList(text).map((item) => {
    if (item.includes('*')) throw new Error('must be whole host names: wildcards are not supported');
    const host = item.includes(':') && !item.startsWith('[') ? `[${item}]` : item;
    // A port is not compared: whoever writes one would wait for a match that never comes.
    const name = host.includes(']:') ? undefined : hostNameOf(host);
    if (name === undefined) throw new Error('must be host names or IP addresses, without scheme and port');
    return name;
  }),
);

export const regionIds = accepting('region IDs such as cn-hangzhou, each once, separated by commas', (text) => {
  const ids = text.split(',').map((id) => id.trim());
  return ids.every(isRegionId) && new Set(ids).size === ids.length ? ids : undefined;
});

/** RFC 9728 section 1.2: no fragment. */
export const resourceUrl = accepting('a URL without a fragment; https (http is for loopback only)', (text) => {
  const url = httpsUrl(text);
  return url.hash === '' && !text.includes('#') ? text : undefined;
});

/** What issuers write into `aud`: GUIDs and `api://` names are compared as they are, URLs as URLs. */
export const audience = accepting('a URL, a GUID, or api://…, as the issuer writes it into aud', (text) => {
  const isId = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text) || /^api:\/\/[^\s#]+$/.test(text);
  if (isId) return text;
  return /^https?:/i.test(text) ? resourceUrl(text) : undefined;
});

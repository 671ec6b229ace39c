import { type Environment, readVariable, SettingError } from '../base/setting.js';

/** How an origin is reached. */
export type Route =
  | { readonly kind: 'direct' }
  | {
      readonly kind: 'proxy';
      /** Scheme, host and port. */
      readonly origin: string;
      /** Host and port, for messages. */
      readonly shown: string;
      /** For the `proxy-authorization` header. */
      readonly authorization: string | undefined;
    }
  /** The proxy that is set cannot be used. `why` names the variable and never repeats its value. */
  | { readonly kind: 'refused'; readonly why: string };

/** Variables by scheme of the origin, the first that is set counts; lower case wins, as for curl. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  'https:': ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'http_proxy', 'HTTP_PROXY'],
  'http:': ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'],
};
const ONLY_HTTP = 'only http:// and https:// proxies work here';

/** The way to `origin` by the proxy variables. */
export function routeTo(origin: string, env: Environment): Route {
  const { protocol, hostname, port } = new URL(origin);
  try {
    const noProxy = readVariable(env, 'no_proxy') ?? readVariable(env, 'NO_PROXY') ?? '';
    if (isExcepted(noProxy, hostname, port === '' ? (protocol === 'https:' ? '443' : '80') : port)) {
      return { kind: 'direct' };
    }
    for (const name of VARIABLES[protocol] ?? []) {
      const value = readVariable(env, name);
      if (value !== undefined) return readProxy(name, value);
      // Set and empty: switched off, whatever the other spelling says.
      if (env[name] !== undefined && name === name.toLowerCase() && !name.startsWith('all')) return { kind: 'direct' };
    }
    return { kind: 'direct' };
  } catch (error) {
    if (error instanceof SettingError) return { kind: 'refused', why: error.message };
    throw error;
  }
}

/** `proxy.example.com:3128` means http, as it does to curl. */
function readProxy(name: string, value: string): Route {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '')
    return { kind: 'refused', why: `${name} is no URL of a proxy; ${ONLY_HTTP}` };
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { kind: 'refused', why: `${name} begins with ${url.protocol}//; ${ONLY_HTTP}` };
  }
  const { origin, host, username, password } = url;
  if (username === '' && password === '') return { kind: 'proxy', origin, shown: host, authorization: undefined };
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return { kind: 'proxy', origin, shown: host, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
  } catch {
    return { kind: 'refused', why: `${name} has a % in its user or password that begins no escape: write it %25` };
  }
}

/** The forms that undici, Node and curl agree on: a name, also for what is below it, `.name`, `*.name`, `name:port`, `*`. */
function isExcepted(noProxy: string, hostname: string, port: string): boolean {
  return noProxy.split(/[,\s]+/).some((entry) => {
    if (entry === '*') return true;
    const [, host = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    const name = host.replace(/^\*?\./, '');
    if (name === '' || (entryPort !== undefined && entryPort !== port)) return false;
    return hostname === name || hostname === `[${name}]` || hostname.endsWith(`.${name}`);
  });
}

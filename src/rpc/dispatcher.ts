// Imported on first use only: undici is half a megabyte, and a bundled CommonJS package needs a module of its own to
// keep its named exports.
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';

export interface DispatcherOptions {
  /** Where `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are read; lower case wins, as elsewhere. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A loopback endpoint is reached directly, whatever proxy is set. */
  readonly loopback: boolean;
}

/**
 * The connections of one endpoint: TLS 1.2 or newer, directly or through the proxy of the environment. Throws for a
 * proxy that is no URL.
 */
export function openDispatcher({ env, loopback }: DispatcherOptions): Dispatcher {
  const tls = { minVersion: 'TLSv1.2' } as const;
  // The attempt's own timer rules; undici's are coarser than a millisecond setting allows.
  const limits = { headersTimeout: 0, bodyTimeout: 0, connections: 64 };
  const httpProxy = proxyUrl(env['http_proxy'] ?? env['HTTP_PROXY']);
  const httpsProxy = proxyUrl(env['https_proxy'] ?? env['HTTPS_PROXY']);
  if (loopback || (httpProxy === '' && httpsProxy === '')) return new Agent({ ...limits, connect: tls });
  const noProxy = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
  return new EnvHttpProxyAgent({
    ...limits,
    connect: tls,
    requestTls: tls,
    proxyTls: tls,
    httpProxy,
    httpsProxy,
    noProxy,
  });
}

/** `proxy.example.com:3128` means http, as it does to curl. */
function proxyUrl(setting = ''): string {
  const text = setting.trim();
  return text === '' || text.includes('://') ? text : `http://${text}`;
}

// Imported on first use only: undici is half a megabyte, and a bundled CommonJS package needs a module of its own to
// keep its named exports.
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Route } from './proxy.js';

/** The connections of one origin: TLS 1.2 or newer, directly or through a proxy. */
export function openDispatcher(route: Exclude<Route, { kind: 'refused' }>): Dispatcher {
  const tls = { minVersion: 'TLSv1.2' } as const;
  // The attempt's own timer rules; undici's are coarser than a millisecond setting allows.
  const limits = { headersTimeout: 0, bodyTimeout: 0, connections: 64 };
  if (route.kind === 'direct') return new Agent({ ...limits, connect: tls });
  const { origin, authorization } = route;
  const token = authorization === undefined ? {} : { token: authorization };
  return new ProxyAgent({ ...limits, uri: origin, ...token, connect: tls, requestTls: tls, proxyTls: tls });
}

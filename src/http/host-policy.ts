import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { localhostAllowedHostnames, validateOriginHeader } from '@modelcontextprotocol/server';
import { hostNameOf } from './host-name.js';

const SENT_HEADERS =
  'authorization, content-type, accept, mcp-protocol-version, mcp-method, mcp-name, mcp-session-id, traceparent';

/** By which name this server may be reached, and from which web pages. Empty lists mean the loopback names. */
export interface HostPolicyOptions {
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

export interface HostPolicy {
  /** Why the request is refused, or undefined. `authority` is the host that its target names, if any. */
  refusal(request: IncomingMessage, authority: string | undefined): string | undefined;
  /** Headers that let a page of an allowed origin read the answer; none for the default list. */
  corsHeaders(request: IncomingMessage): OutgoingHttpHeaders;
}

/**
 * Guards against DNS rebinding and forged requests of web pages: `Host` must be a name of this server, `Origin`, where
 * there is one, a page that the operator listed. Ports are not compared.
 * https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
 */
export function hostPolicy({ allowedHosts, allowedOrigins }: HostPolicyOptions): HostPolicy {
  const hosts = allowedHosts.length === 0 ? localhostAllowedHostnames() : allowedHosts;
  const origins = allowedOrigins.length === 0 ? localhostAllowedHostnames() : [...allowedOrigins];
  const isOurs = (host: string): boolean => {
    const name = hostNameOf(host);
    return name !== undefined && hosts.includes(name);
  };
  return {
    refusal({ headers: { origin }, headersDistinct }, authority) {
      const named = headersDistinct['host'] ?? [];
      // A target that is a URL is read first (RFC 9112 section 3.2.2), and must not hide what Host says.
      if (named.length !== 1 || ![...named, ...(authority === undefined ? [] : [authority])].every(isOurs)) {
        return 'Host is not a name of this server; its operator can add it to --allowed-hosts';
      }
      if (!validateOriginHeader(origin, origins).ok) {
        return 'Origin is not allowed; the operator of this server can add it to --allowed-origins';
      }
      return undefined;
    },
    corsHeaders({ headers: { origin } }) {
      // Pages on this machine were not listed by anybody: they may not read answers, and so cannot send JSON either.
      if (allowedOrigins.length === 0 || origin === undefined || !validateOriginHeader(origin, origins).ok) return {};
      return {
        ...crossOrigin(origin, 'POST'),
        'access-control-expose-headers': 'www-authenticate, retry-after',
        vary: 'origin',
      };
    },
  };
}

/** Headers by which pages of `origin` may send requests and read their answers; for preflights, too. */
export function crossOrigin(origin: string, methods: string): OutgoingHttpHeaders {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': methods,
    'access-control-allow-headers': SENT_HEADERS,
    'access-control-max-age': '600',
  };
}

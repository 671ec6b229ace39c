import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { validateHostHeader, validateOriginHeader } from '@modelcontextprotocol/server';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];
const SENT_HEADERS =
  'authorization, content-type, accept, mcp-protocol-version, mcp-method, mcp-name, mcp-session-id, traceparent';

/** By which name this server may be reached, and from which web pages. Empty lists mean the loopback names. */
export interface HostPolicyOptions {
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

export interface HostPolicy {
  /** Why the request must not go on, or undefined. */
  refusal(request: IncomingMessage): string | undefined;
  /** Headers that let a page of an allowed origin read the answer; none for the default list. */
  corsHeaders(request: IncomingMessage): OutgoingHttpHeaders;
}

/**
 * Guards against DNS rebinding and forged requests of web pages: `Host` must be a name of this server, `Origin`, where
 * there is one, a page that the operator listed. Ports are not compared.
 * https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
 */
export function hostPolicy({ allowedHosts, allowedOrigins }: HostPolicyOptions): HostPolicy {
  const hosts = allowedHosts.length === 0 ? LOOPBACK_NAMES : [...allowedHosts];
  const origins = allowedOrigins.length === 0 ? LOOPBACK_NAMES : [...allowedOrigins];
  return {
    refusal({ headers, headersDistinct }) {
      if ((headersDistinct['host']?.length ?? 0) > 1 || !validateHostHeader(headers.host, hosts).ok) {
        return 'Host is not a name of this server; its operator can add it to --allowed-hosts';
      }
      if (!validateOriginHeader(headers.origin, origins).ok) {
        return 'Origin is not allowed; the operator of this server can add it to --allowed-origins';
      }
      return undefined;
    },
    corsHeaders({ headers: { origin } }) {
      // Pages on this machine were not listed by anybody: they may not read answers, and so cannot send JSON either.
      if (allowedOrigins.length === 0 || origin === undefined || !validateOriginHeader(origin, origins).ok) return {};
      return {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': SENT_HEADERS,
        'access-control-expose-headers': 'www-authenticate, retry-after',
        'access-control-max-age': '600',
        vary: 'origin',
      };
    },
  };
}

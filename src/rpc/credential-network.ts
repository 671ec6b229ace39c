import { isLoopback } from '../base/loopback.js';
import type { Environment } from '../base/setting.js';
import { type CredentialNetwork, NetworkFailure } from '../credentials/network.js';
import { rpcClient } from './rpc-client.js';
import { RpcError, type RpcFailure } from './rpc-error.js';
import type { SignatureVersion } from './signed-request.js';
import { type Transport, undiciTransport, type WireFailure } from './transport.js';

export interface CredentialNetworkOptions {
  readonly env: Environment;
  readonly userAgent: string;
  readonly signature: SignatureVersion;
}

/** For one attempt; a resolution as a whole has 8 s. */
const TIMEOUT_MS = 5_000;
const CALL_MS = 7_500;

/** The services that hand out credentials, reached as KMS is: its proxies, its certificates, its TLS. */
export function credentialNetwork({ env, userAgent, signature }: CredentialNetworkOptions): CredentialNetwork & {
  close(): Promise<void>;
} {
  const far = undiciTransport({ env, loopback: false });
  const near = undiciTransport({ env, loopback: true });
  const transportFor = (origin: string): Transport => (isOnThisMachine(origin) ? near : far);
  return {
    async exchange({ method, url, headers = {}, body }) {
      const { origin, host, pathname, search } = new URL(url);
      const sent = { host, accept: 'application/json', 'user-agent': userAgent, ...headers };
      const outcome = await transportFor(origin).send(
        {
          origin,
          path: `${pathname}${search}`,
          method,
          headers: Object.entries(sent).flat(),
          body,
          timeoutMs: TIMEOUT_MS,
        },
        undefined,
      );
      if (!outcome.ok) throw new NetworkFailure(explain(outcome.failure));
      const { status, body: bytes } = outcome.reply;
      return { status, body: bytes.toString() };
    },
    async call({ origin, version, action, parameters, credentials }) {
      const client = rpcClient({
        origin,
        version,
        signature,
        credentials: { current: () => credentials, get: async () => credentials, refresh: async () => credentials },
        transport: transportFor(origin),
        userAgent,
        timeoutMs: TIMEOUT_MS,
      });
      try {
        return (await client.call({ action, parameters }, { deadline: Date.now() + CALL_MS })).body;
      } catch (error) {
        if (error instanceof RpcError) throw callFailure(error.failure);
        throw error;
      }
    },
    async close() {
      await Promise.all([far.close(), near.close()]);
    },
  };
}

/** Loopback, and the link-local addresses of metadata services: no proxy is on that way. */
function isOnThisMachine(origin: string): boolean {
  return isLoopback(origin) || /^(?:169\.254\.\d+\.\d+|100\.100\.100\.200)$/.test(new URL(origin).hostname);
}

function callFailure(failure: RpcFailure): NetworkFailure {
  switch (failure.kind) {
    case 'service':
      return new NetworkFailure(`the answer was HTTP ${failure.httpStatus}`, failure.code);
    case 'unreachable':
    case 'no-reply':
      return new NetworkFailure(explain(failure));
    case 'unreadable':
      return new NetworkFailure(
        `the answer was not one of the service (HTTP ${failure.httpStatus}, ${failure.reason})`,
      );
    case 'cancelled':
    case 'deadline':
      return new NetworkFailure('no answer in time');
  }
}

/** The host is left out: in a profile, a secret may stand in its place. */
function explain({ reason, proxy, trouble }: Pick<WireFailure, 'reason' | 'proxy' | 'trouble'>): string {
  if (reason === 'timeout') return 'no answer in time';
  const way = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  const hint =
    trouble === 'certificate' ? '; NODE_EXTRA_CA_CERTS can name the CA of a proxy that signs certificates' : '';
  return `the service cannot be reached${way} (${reason})${hint}`;
}

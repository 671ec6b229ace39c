import { setTimeout as sleep } from 'node:timers/promises';
import { logSafe } from '../base/log-safe.js';
import type { ServerDeps } from '../mcp/call.js';
import { buildServer } from '../mcp/server.js';
import { authenticator, type Verifier } from './auth/authentication.js';
import type { ResourceMetadata } from './auth/resource-metadata.js';
import { type HostPolicyOptions, hostPolicy } from './host-policy.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import { listen } from './listener.js';
import type { Log } from './log.js';
import { mcpRoute } from './mcp-route.js';
import { routes } from './routes.js';

export interface HttpServerOptions extends HostPolicyOptions {
  readonly deps: ServerDeps;
  /** For the instructions, see `ServerSource`. */
  readonly profile: string | undefined;
  readonly host: string;
  readonly port: number;
  /** Ways to verify a caller; empty: no authentication. */
  readonly verifiers: readonly Verifier[];
  readonly metadata: ResourceMetadata | undefined;
  readonly log: Log;
  readonly limits?: Partial<Limits>;
}

export interface HttpServer {
  /** `http://127.0.0.1:3000` */
  readonly origin: string;
  /**
   * Ends without losing a request: `/readyz` fails at once, new connections are taken for a moment more, what is under
   * way is finished. Resolves with false when something had to be cut off after all.
   */
  drain(options?: { readonly lameDuck?: boolean }): Promise<boolean>;
}

/** Starts to serve MCP over HTTP. Rejects with the system's error when the address cannot be listened on. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { deps, host, port, verifiers, metadata, log } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  let ready = true;
  const onUnexpectedError = (error: unknown): void => log.error('unexpected error', logSafe(error));
  const { readOnly, defaultRegion } = deps;
  const source = {
    readOnly,
    defaultRegion,
    profile: options.profile,
    open: async () => ({ ...deps, onUnexpectedError }),
  };
  const mcp = mcpRoute({
    buildServer: (context, line) =>
      buildServer(source, context, (outcome) => {
        if (line) Object.assign(line, outcome);
      }),
    authenticate: authenticator(verifiers),
    metadataUrl: metadata?.url,
    limits,
    log,
  });
  const onRequest = routes({ hosts: hostPolicy(options), mcp, metadata, log, isReady: () => ready });
  const onUnreadable = (status: number, code: string): void => {
    log.request({ route: 'none', httpMethod: 'unreadable', status, refused: code }, 0);
  };
  const listener = await listen({ host, port, limits, onRequest, onUnreadable });
  let drained: Promise<boolean> | undefined;
  const drain = async (lameDuck: boolean): Promise<boolean> => {
    ready = false;
    await mcp.closeStreams();
    if (lameDuck) await sleep(limits.lameDuckMs);
    const complete = await listener.close(limits.answerMs);
    await mcp.close();
    return complete;
  };
  return {
    origin: listener.origin,
    drain({ lameDuck = true } = {}) {
      drained ??= drain(lameDuck);
      return drained;
    },
  };
}

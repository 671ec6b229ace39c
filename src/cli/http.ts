import { createApp } from '../app.js';
import { errorCode } from '../base/error-code.js';
import { logSafe } from '../base/log-safe.js';
import { type Environment, SettingError } from '../base/setting.js';
import type { Verifier } from '../http/auth/authentication.js';
import { bearerTokenVerifier } from '../http/auth/bearer-tokens.js';
import { type ResourceMetadata, resourceMetadata } from '../http/auth/resource-metadata.js';
import type { Limits } from '../http/limits.js';
import { jsonLog, type Log } from '../http/log.js';
import { type HttpServer, startHttpServer } from '../http/server.js';
import type { RedisJournalStore } from '../journal/redis-store.js';
import { ConfigError } from './config.js';
import type { OptionValues } from './options.js';

const DEFAULT_PORT = 3000;

/** What tests change: a process takes the defaults. */
export interface HttpTuning {
  readonly limits?: Partial<Limits>;
  /** See `AccessTokenOptions`. */
  readonly cooldownMs?: number;
}

/** An HTTP server with everything that belongs to it. */
export interface RunningHttp extends HttpServer {
  /** Closes what the server used. To be called after `drain`. */
  close(): Promise<void>;
}

/** Creates the server from its options and starts it. Rejects with the system's error, such as `EADDRINUSE`. */
export async function openHttpServer(
  values: OptionValues,
  env: Environment,
  log: Log,
  { limits = {}, cooldownMs }: HttpTuning = {},
): Promise<RunningHttp> {
  const journal = await journalOf(values, log);
  const app = await createApp(values, env, { store: journal });
  const { deps } = app;
  const close = async (): Promise<void> => {
    await app.close();
    await journal?.disconnect();
  };
  try {
    const { host, port = DEFAULT_PORT } = values;
    const server = await startHttpServer({
      deps,
      profile: values.profile,
      host,
      port,
      allowedHosts: values['allowed-hosts'],
      allowedOrigins: values['allowed-origins'],
      verifiers: await verifiersOf(values, env, cooldownMs),
      metadata: metadataOf(values),
      log,
      limits,
    });
    return { ...server, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Serves MCP over Streamable HTTP until the process is told to stop; then drains. Resolves with the exit status: 0, or
 * 1 when it cannot start or a request had to be cut off. All messages go to stderr, as JSON lines.
 */
export async function serveOverHttp(values: OptionValues, env: Environment): Promise<number> {
  const log = jsonLog(values['log-level'], (line) => process.stderr.write(line));
  const server = await openHttpServer(values, env, log).catch((error: unknown) => {
    if (error instanceof ConfigError || error instanceof SettingError) throw error;
    if (cannotListen(error)) log.error('cannot listen', { code: errorCode(error) });
    else log.error('cannot start', { code: errorCode(error), ...logSafe(error) });
  });
  if (server === undefined) return 1;
  log.event('listening', { url: `${server.origin}/mcp` });
  if (values.journal !== undefined && values['state-key'] === undefined) {
    // One replica with Redis is all right; several without a common key refuse each other's plans, seemingly at random.
    log.event('no state key', { hint: 'set KMS_TAGS_STATE_KEY: without it, replicas refuse the plans of one another' });
  }
  const signal = await stopSignal();
  log.event('draining', { signal });
  // At a terminal no load balancer has to notice the end; and a second Ctrl-C means now.
  const complete = await Promise.race([
    server.drain({ lameDuck: signal === 'SIGTERM' }),
    stopSignal().then(() => false),
  ]);
  await server.close();
  log.event('stopped', { complete });
  return complete ? 0 : 1;
}

async function journalOf({ journal }: OptionValues, log: Log): Promise<RedisJournalStore | undefined> {
  if (journal === undefined) return undefined;
  const { redisJournalStore } = await import('../journal/redis-store.js');
  return redisJournalStore(journal, { onTrouble: (code) => log.error('journal', { store: 'redis', code }) });
}

async function verifiersOf(
  values: OptionValues,
  env: Environment,
  cooldownMs: number | undefined,
): Promise<readonly Verifier[]> {
  const tokens = values['http-tokens'];
  const known = tokens.length === 0 ? [] : [bearerTokenVerifier(tokens)];
  const { 'oauth-issuer': issuer, 'oauth-resource': resource, 'oauth-audience': audience = resource } = values;
  if (issuer === undefined || audience === undefined) return known;
  const [{ accessTokenVerifier }, { issuerFetch }] = await Promise.all([
    import('../http/auth/access-tokens.js'),
    import('../http/auth/issuer-fetch.js'),
  ]);
  const tuning = cooldownMs === undefined ? {} : { cooldownMs };
  return [...known, accessTokenVerifier({ issuer, audience, fetchJson: issuerFetch(env), ...tuning })];
}

/** None without an issuer, and none where only an audience is given that is no URL: nobody knows where this server is. */
function metadataOf({
  'oauth-issuer': issuer,
  'oauth-audience': audience,
  'oauth-resource': resource = /^http/i.test(audience ?? '') ? audience : undefined,
}: OptionValues): ResourceMetadata | undefined {
  return issuer === undefined || resource === undefined ? undefined : resourceMetadata(resource, issuer);
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}

/** Whether the address was the trouble: it is in use, not ours, not permitted, or a name that nobody knows. */
function cannotListen(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && /^(?:listen|bind|getaddrinfo)/.test(String(error.syscall));
}

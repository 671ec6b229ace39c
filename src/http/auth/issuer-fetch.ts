import type { Dispatcher } from 'undici';
import { errorCode } from '../../base/error-code.js';
import { isLoopback } from '../../base/loopback.js';
import type { Environment } from '../../base/setting.js';
import { routeTo } from '../../rpc/proxy.js';

/** The issuer cannot be asked, or answers with something else than what was asked for. `message` is for the log. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';
}

/** GETs a JSON document of the issuer. Rejects with `IssuerError`. */
export type FetchJson = (url: string) => Promise<unknown>;

const LONGEST_BYTES = 256 * 1024;
const TIMEOUT_MS = 5_000;

/**
 * Reads documents as this server reads everything else: TLS 1.2 or newer, through the proxy of the environment, no
 * redirects (one would let the issuer's host send this server anywhere), and no more than 256 KiB in 5 s.
 */
export function issuerFetch(env: Environment): FetchJson {
  const dispatchers = new Map<string, Promise<Dispatcher>>();
  const dispatcherFor = (origin: string): Promise<Dispatcher> => {
    const known = dispatchers.get(origin);
    if (known !== undefined) return known;
    const route = isLoopback(origin) ? ({ kind: 'direct' } as const) : routeTo(origin, env);
    if (route.kind === 'refused') throw new IssuerError(route.why);
    const opened = import('../../rpc/dispatcher.js').then(({ openDispatcher }) => openDispatcher(route));
    dispatchers.set(origin, opened);
    return opened;
  };
  return async (url) => {
    const { origin, pathname, search, protocol } = new URL(url);
    if (protocol !== 'https:' && !isLoopback(origin)) throw new IssuerError('not https');
    const dispatcher = await dispatcherFor(origin);
    try {
      const { statusCode, body } = await dispatcher.request({
        origin,
        path: `${pathname}${search}`,
        method: 'GET',
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (statusCode !== 200) {
        await body.dump();
        throw new IssuerError(`HTTP ${statusCode}`);
      }
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of body) {
        if (!Buffer.isBuffer(chunk)) continue;
        bytes += chunk.length;
        if (bytes > LONGEST_BYTES) throw new IssuerError('too long');
        chunks.push(chunk);
      }
      const content: unknown = JSON.parse(Buffer.concat(chunks).toString());
      return content;
    } catch (error) {
      if (error instanceof IssuerError) throw error;
      throw new IssuerError(errorCode(error) ?? (error instanceof Error ? error.name : 'unknown'));
    }
  };
}

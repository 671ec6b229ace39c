// Imported on first use only, see `rpc/dispatcher.ts` for why a bundled CommonJS package has a module of its own.
import { createClient } from '@redis/client';
import { errorCode } from '../base/error-code.js';
import { RedisFailure } from './redis-failure.js';

export interface RedisConnection {
  /** One command; the reply as it comes. Rejects with `RedisFailure`, also when no reply comes in time. */
  send(command: readonly string[]): Promise<unknown>;
  close(): void;
}

export interface RedisOptions {
  /** For one command, connecting included, in milliseconds. */
  readonly timeoutMs: number;
  /** Told of a failure when it begins, not each time that it shows. */
  readonly onTrouble: (code: string) => void;
}

/** A cluster that changes its mind more often for one command is being rebuilt. */
const MOST_MOVES = 3;

/**
 * Connects now and again and again, with growing pauses; commands meanwhile wait as long as they may. Throws
 * `RedisFailure` for a URL that cannot be used.
 *
 * All our keys are in one slot, so of a Redis Cluster one node has them all: where another node answers `MOVED`, the
 * connection goes to the node that it names, with the same credentials, and back to the URL when that node fails.
 */
export function openRedis(url: string, { timeoutMs, onTrouble }: RedisOptions): RedisConnection {
  /** The last failure, until a command succeeds. */
  let trouble: string | undefined;
  const report = (code: string): void => {
    if (trouble !== code) onTrouble(code);
    trouble = code;
  };
  const waiting = new Set<() => void>();
  const connect = (target: string) => {
    const opened = clientFor(target, timeoutMs);
    opened.on('ready', () => {
      if (client !== opened) return;
      isGreeted = false;
      for (const go of waiting) go();
    });
    opened.on('error', (error: unknown) => {
      if (client !== opened) return;
      report(codeOf(error));
      if (target !== url) use(url);
    });
    opened.connect().catch(() => undefined);
    return opened;
  };
  let address = url;
  let isGreeted = false;
  let client = connect(url);
  const use = (target: string): void => {
    if (target === address) return;
    const left = client;
    address = target;
    client = connect(target);
    // A node that works may still have to answer others, who are told to move as well.
    if (left.isReady) left.close().catch(() => undefined);
    else left.destroy();
  };

  /** Redis hangs up on who sends a long command without a password; to a short one it says what is missing. */
  const greet = async (): Promise<void> => {
    if (isGreeted) return;
    const greeted = client;
    await greeted.ping();
    isGreeted = client === greeted;
  };

  return {
    send: (command) =>
      new Promise((resolve, reject) => {
        let moves = 0;
        let isOver = false;
        const fail = (error: RedisFailure): void => {
          isOver = true;
          waiting.delete(go);
          clearTimeout(timer);
          report(error.code);
          reject(error);
        };
        const timer = setTimeout(() => fail(new RedisFailure(trouble ?? 'ETIMEDOUT')), timeoutMs);
        const start = (): void => {
          if (client.isReady) go();
          else waiting.add(go);
        };
        const go = (): void => {
          waiting.delete(go);
          const sent = greet().then(() => (isOver ? undefined : client.sendCommand<unknown>([...command])));
          sent.then(
            (reply) => {
              clearTimeout(timer);
              trouble = undefined;
              resolve(reply);
            },
            (error: unknown) => {
              const target = movedTo(error, url);
              if (target === undefined || moves === MOST_MOVES) return fail(failureOf(error));
              moves += 1;
              use(target);
              start();
            },
          );
        };
        start();
      }),
    close: () => client.destroy(),
  };
}

function clientFor(url: string, timeoutMs: number) {
  try {
    return createClient({
      url,
      // Version 2 is what proxies and managed services without `HELLO` speak, too.
      RESP: 2,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      // A command that is kept and sent later would be carried out after its caller was told that it failed.
      disableOfflineQueue: true,
      socket: { connectTimeout: timeoutMs, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 2_000) },
    });
  } catch {
    throw new RedisFailure('ERR_INVALID_URL');
  }
}

/** `MOVED 3999 10.0.0.7:6381`: the URL of the node that has the keys. An empty host is the one that answered. */
function movedTo(error: unknown, url: string): string | undefined {
  const [, host = '', port = ''] = (error instanceof Error && /^MOVED \d+ (.*):(\d+)$/.exec(error.message)) || [];
  if (port === '' || !URL.canParse(url)) return undefined;
  const moved = new URL(url);
  if (host !== '') moved.hostname = host.includes(':') ? `[${host}]` : host;
  moved.port = port;
  return moved.href;
}

const CLIENT_CODES: Readonly<Record<string, string>> = {
  ConnectionTimeoutError: 'ETIMEDOUT',
  SocketTimeoutError: 'ETIMEDOUT',
  SocketClosedUnexpectedlyError: 'ECONNRESET',
  DisconnectsClientError: 'ECONNRESET',
  ClientOfflineError: 'ECONNRESET',
  ClientClosedError: 'ECONNABORTED',
};

function failureOf(error: unknown): RedisFailure {
  const reply = replyCode(error);
  return new RedisFailure(reply ?? codeOf(error), reply !== undefined);
}

/** Messages may hold an address or a command; the first word of an error reply is its code. */
function replyCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || errorCode(error) !== undefined) return undefined;
  return /^[A-Z]{2,20}(?= )/.exec(error.message)?.[0];
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return (
    errorCode(error) ??
    replyCode(error) ??
    CLIENT_CODES[error.name] ??
    CLIENT_CODES[error.constructor.name] ??
    'unknown'
  );
}

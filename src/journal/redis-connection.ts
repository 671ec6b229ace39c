// Imported on first use only, see `rpc/dispatcher.ts` for why a bundled CommonJS package has a module of its own.
import { createClient } from '@redis/client';

/** A command that Redis did not carry out, or not for certain. The message holds a code only: no URL, no password. */
export class RedisFailure extends Error {
  override readonly name = 'RedisFailure';
  /** The system's, such as `ECONNREFUSED`, or Redis's own, such as `NOAUTH` or `OOM`. */
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export interface RedisConnection {
  /** One command; the reply as it comes. Rejects with `RedisFailure`, also when no reply comes in time. */
  send(command: readonly string[]): Promise<unknown>;
  /** All of the commands at once or none of them. Rejects with `RedisFailure`. */
  sendAll(commands: readonly (readonly string[])[]): Promise<readonly unknown[]>;
  close(): void;
}

export interface RedisOptions {
  /** For one command, connecting included, in milliseconds. */
  readonly timeoutMs: number;
  /** Told of a failure when it begins, not each time that it shows. */
  readonly onTrouble: (code: string) => void;
}

/** Connects now and again and again, with growing pauses; commands meanwhile wait as long as they may. */
export function openRedis(url: string, { timeoutMs, onTrouble }: RedisOptions): RedisConnection {
  const client = createClient({
    url,
    // Version 2 is what proxies and managed services without `HELLO` speak, too.
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // A command that is kept and sent later would be carried out after its caller was told that it failed.
    disableOfflineQueue: true,
    socket: { connectTimeout: timeoutMs, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 2_000) },
  });
  /** The last failure, until a command succeeds. */
  let trouble: string | undefined;
  const report = (code: string): void => {
    if (trouble !== code) onTrouble(code);
    trouble = code;
  };
  const waiting = new Set<() => void>();
  client.on('ready', () => {
    for (const go of waiting) go();
  });
  client.on('error', (error: unknown) => report(codeOf(error)));
  client.connect().catch(() => undefined);

  const inTime = <Reply>(run: () => Promise<Reply>): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const fail = (code: string): void => {
        waiting.delete(go);
        clearTimeout(timer);
        report(code);
        reject(new RedisFailure(code));
      };
      const timer = setTimeout(() => fail(trouble ?? 'ETIMEDOUT'), timeoutMs);
      const go = (): void => {
        waiting.delete(go);
        run().then(
          (reply) => {
            clearTimeout(timer);
            trouble = undefined;
            resolve(reply);
          },
          (error: unknown) => fail(codeOf(error)),
        );
      };
      if (client.isReady) go();
      else waiting.add(go);
    });
  return {
    send: (command) => inTime<unknown>(() => client.sendCommand([...command])),
    sendAll: (commands) =>
      inTime<readonly unknown[]>(() => {
        const multi = client.multi();
        for (const command of commands) multi.addCommand([...command]);
        return multi.exec();
      }),
    close: () => client.destroy(),
  };
}

/** Messages may hold an address or a command; the first word of an error reply is its code. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return /^[A-Z]{2,20}(?= )/.exec(error.message)?.[0] ?? error.name;
}

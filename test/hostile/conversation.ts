import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** A program whose stdin and stdout are held by the test, byte by byte. */
export interface Conversation {
  /** Writes text as it is. Resolves when it is written, or the program no longer reads. */
  write(text: string | Buffer): Promise<void>;
  /** Writes one message a line. */
  say(message: unknown): Promise<void>;
  /** The message with this id, once it comes. Rejects after thirty seconds, or when the program ends first. */
  answer(id: number | string): Promise<Readonly<Record<string, unknown>>>;
  /** Ends stdin and waits for the end of the program. */
  end(): Promise<number | null>;
  /** All that came out so far. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program for one test. */
export function converse(args: readonly string[], env: Readonly<Record<string, string>> = {}): Conversation {
  const child = spawn(process.execPath, [...args], { env: { PATH: process.env['PATH'] ?? '', ...env } });
  let stdout = '';
  let stderr = '';
  let ended: number | null | undefined;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const look of waiting) look();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    wake();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined);
  child.on('close', (code) => {
    ended = code;
    wake();
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });

  function until<Value>(look: () => Value | undefined, what: string): Promise<Value> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        waiting.delete(tryOnce);
        clearTimeout(timer);
      };
      const fail = (why: string): void => {
        finish();
        reject(new Error(`${what}: ${why}; stderr: ${stderr.slice(-500)}`));
      };
      const timer = setTimeout(() => fail('not within thirty seconds'), 30_000);
      const tryOnce = (): void => {
        const value = look();
        if (value !== undefined) {
          finish();
          resolve(value);
        } else if (ended !== undefined) fail('the program ended');
      };
      waiting.add(tryOnce);
      tryOnce();
    });
  }

  const write = (text: string | Buffer): Promise<void> =>
    new Promise((resolve) => {
      child.stdin.write(text, () => resolve());
    });
  return {
    write,
    say: (message) => write(`${JSON.stringify(message)}\n`),
    answer: (id) => until(() => messagesOf(stdout).find((message) => message['id'] === id), `answer ${id}`),
    async end() {
      child.stdin.end();
      while (ended === undefined) await new Promise((resolve) => child.once('close', resolve));
      return ended;
    },
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
  };
}

/** The whole lines of an output, each of which must be a JSON-RPC message. Throws for any other. */
export function messagesOf(stdout: string): Readonly<Record<string, unknown>>[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const message: unknown = JSON.parse(line);
      if (typeof message !== 'object' || message === null || !('jsonrpc' in message) || message.jsonrpc !== '2.0') {
        throw new Error(`no JSON-RPC: ${line.slice(0, 200)}`);
      }
      return { ...message };
    });
}

export const INITIALIZE = {
  jsonrpc: '2.0',
  id: 'hello',
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
} as const;

export function toolCall(id: number | string, name: string, args: unknown): Readonly<Record<string, unknown>> {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
}

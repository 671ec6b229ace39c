import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A process that a test started, and that only the test ends. */
export interface RunningProcess {
  readonly child: ChildProcess;
  /** All that it said so far. */
  output(): string;
  /** Resolves with status and signal. */
  readonly exited: Promise<readonly unknown[]>;
  /** Ends it, by force if it does not go within five seconds. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts `program` with no environment but what is given. Rejects when it cannot be started. */
export async function startProcess(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProcess> {
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const exited = once(child, 'exit');
  await once(child, 'spawn');
  return {
    child,
    output: () => text,
    exited,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { startProcess } from './running-process.js';

export interface RunningRedis {
  readonly url: string;
  /** The URL without the password. */
  readonly anonymousUrl: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Far from loopback nobody gets in without it; here it shows whether it leaks. */
export const REDIS_PASSWORD = 'redis-pass-0123456789';

/** A real Redis on loopback that writes every change to disk before it confirms it; `at` is a port, `more` settings. */
export async function runningRedis(at?: number, more: readonly string[] = []): Promise<RunningRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'kms-tags-redis-'));
  const port = at ?? (await freePort());
  const settings = ['--dir', directory, '--appendonly', 'yes', '--appendfsync', 'always', '--save', '', ...more];
  const process = await startProcess('redis-server', [
    ...['--bind', '127.0.0.1', '--port', String(port), '--requirepass', REDIS_PASSWORD],
    ...settings,
  ]);
  while (!process.output().includes('Ready to accept connections')) {
    if (process.child.exitCode !== null) throw new Error(`redis-server did not start:\n${process.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url: `redis://:${REDIS_PASSWORD}@127.0.0.1:${port}/0`,
    anonymousUrl: `redis://127.0.0.1:${port}/0`,
    port,
    pid: process.child.pid ?? 0,
    async stop() {
      await process.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

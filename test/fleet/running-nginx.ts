import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { startProcess } from './running-process.js';

export interface RunningNginx {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  output(): string;
  stop(): Promise<void>;
}

/** A real nginx with `deploy/nginx.conf`, in which only the addresses are replaced. */
export async function runningNginx(replicaPorts: readonly number[]): Promise<RunningNginx> {
  const directory = await mkdtemp(join(tmpdir(), 'kms-tags-nginx-'));
  const port = await freePort();
  const deployed = await readFile(new URL('../../deploy/nginx.conf', import.meta.url), 'utf8');
  const site = replicaPorts
    .reduce((text, replica, index) => text.replace(`kms-tags-${index}:3000`, `127.0.0.1:${replica}`), deployed)
    .replace('listen 8080', `listen 127.0.0.1:${port}`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${kind};`);
  const config = [
    'daemon off;',
    'worker_processes 1;',
    `pid ${directory}/nginx.pid;`,
    'events { worker_connections 1024; }',
    `http { access_log off; ${temporary.join(' ')}`,
    site,
    '}',
  ];
  await writeFile(join(directory, 'nginx.conf'), config.join('\n'));
  const nginx = await startProcess('nginx', ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr']);
  const origin = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    if (nginx.child.exitCode !== null || tries > 200) throw new Error(`nginx did not start:\n${nginx.output()}`);
    if (
      await fetch(`${origin}/healthz`)
        .then((reply) => reply.ok)
        .catch(() => false)
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    origin,
    output: nginx.output,
    async stop() {
      await nginx.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

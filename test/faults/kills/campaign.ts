import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Emulator } from '../../../emulator/index.js';
import { runningRedis } from '../../fleet/running-redis.js';
import { seeded } from '../seeded.js';
import { type BatchReport, runBatch } from './batch.js';
import { httpVictim, stdioVictim } from './victim.js';

// npm run test:kills -- [--kills 200] [--batch 40] [--seed 1] [--store files|redis|both]
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    batch: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string', default: 'both' },
  },
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function withFiles(emulator: Emulator) {
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kms-tags-kills-'));
  return {
    start: () => stdioVictim(emulator, directory),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

async function withRedis(emulator: Emulator) {
  const redis = await runningRedis();
  return { start: () => httpVictim(emulator, redis.url), close: () => redis.stop() };
}

/** Kills so many programs, batch by batch, since each batch waits for its leases. */
async function campaign(name: string, open: Parameters<typeof runBatch>[2]): Promise<boolean> {
  const startedAt = performance.now();
  const random = seeded(Number(values.seed));
  const reports: BatchReport[] = [];
  const total = (): number => reports.reduce((sum, { kills }) => sum + kills, 0);
  while (total() < Number(values.kills)) {
    const report = await runBatch(Number(values.batch), random, open);
    reports.push(report);
    for (const line of report.wrong) print(`  ${line}`);
  }
  const midway = reports.reduce((sum, report) => sum + report.midway, 0);
  const wrong = reports.reduce((sum, report) => sum + report.wrong.length, 0);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  print(`${name}: ${total()} kills, ${midway} of them with a part of the tags changed; ${wrong} wrong; ${seconds} s.`);
  return wrong === 0;
}

const hasRedis = (process.env['PATH'] ?? '')
  .split(delimiter)
  .some((folder) => existsSync(join(folder, 'redis-server')));
const results: boolean[] = [];
if (values.store !== 'redis') results.push(await campaign('files', withFiles));
if (values.store !== 'files' && hasRedis) results.push(await campaign('Redis', withRedis));
if (values.store !== 'files' && !hasRedis) print('Redis: skipped, since there is no redis-server on the PATH.');
process.exitCode = results.every(Boolean) ? 0 : 1;

// Runs one bench, or all of them, each in a process of its own.
//   npm run bench [-- name [arguments]]
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const BENCHES = ['start-up', 'signed-call', 'footprint', 'bulk', 'http'];
const [name, ...rest] = process.argv.slice(2);
const chosen = name === undefined ? BENCHES.filter((bench) => existsSync(`bench/${bench}.ts`)) : [name];
for (const bench of chosen) {
  console.log(`\n## ${bench}\n`);
  const { status } = spawnSync(process.execPath, ['scripts/run-ts.js', `bench/${bench}.ts`, ...rest], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { inParallel } from '../../src/base/parallel.js';
import { playSequence } from './sequence.js';
import { addTo, emptyTally, faultsOf, isBad, type Tally } from './tally.js';

// npm run test:faults -- [--calls 100000] [--seed 1] [--workers 2] [--fail-fast]
// npm run test:faults -- --replay SEED    plays one sequence again, and tells its story
const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    replay: { type: 'string' },
    'fail-fast': { type: 'boolean', default: false },
    worker: { type: 'boolean', default: false },
  },
});

/** Sequences that a worker plays before it asks for more. */
const BATCH = 12;
/** Sequences of a worker at once: while one waits for its journal, another goes on. */
const AT_ONCE = 3;
const FAULTS_SHOWN = 50;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function replay(seed: number): Promise<boolean> {
  const report = await playSequence(seed);
  for (const line of report.story) print(line);
  for (const line of faultsOf(report)) print(`WRONG: ${line}`);
  print(isBad(report) ? `Seed ${seed} is wrong.` : `Every report of seed ${seed} was right, and nothing was lost.`);
  return !isBad(report);
}

/** A process that plays the sequences it is told to play. */
function work(): void {
  process.on('message', async (message) => {
    const { first } = z.object({ first: z.number() }).parse(message);
    const seeds = Array.from({ length: BATCH }, (_, index) => first + index);
    await inParallel(seeds, AT_ONCE, async (seed) => {
      const { story, ...report } = await playSequence(seed);
      process.send?.({ report });
    });
    process.send?.({ done: true });
  });
}

const fromWorker = z.union([
  z.object({ done: z.literal(true) }),
  z.object({
    report: z.object({
      seed: z.number(),
      calls: z.number(),
      calmCalls: z.number(),
      requests: z.number(),
      wrong: z.array(z.string()),
      lost: z.array(z.string()),
    }),
  }),
]);

/** Plays sequences in several processes until there were enough calls. */
async function campaign(calls: number, firstSeed: number, workers: number): Promise<Tally> {
  const tally = emptyTally();
  let next = firstSeed;
  const runWorker = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['--worker']);
      const more = (): void => {
        const isOver = tally.calls >= calls || (values['fail-fast'] && tally.seeds.length > 0);
        if (isOver) return void child.disconnect();
        child.send({ first: next });
        next += BATCH;
      };
      child.on('message', (message) => {
        const told = fromWorker.parse(message);
        if ('done' in told) return more();
        addTo(tally, told.report);
        if (!isBad(told.report) || tally.seeds.length > FAULTS_SHOWN) return;
        print(`seed ${told.report.seed}:\n  ${faultsOf(told.report).join('\n  ')}`);
      });
      child.on('error', reject);
      child.on('exit', (status) => (status === 0 ? resolve() : reject(new Error(`a worker ended with ${status}`))));
      more();
    });
  const ticker = setInterval(() => print(progressOf(tally)), 30_000);
  await Promise.all(Array.from({ length: workers }, runWorker)).finally(() => clearInterval(ticker));
  return tally;
}

function progressOf({ calls, sequences, wrong, lost }: Tally): string {
  return `${calls} calls in ${sequences} sequences so far: ${wrong} wrong reports, ${lost} values lost`;
}

async function main(): Promise<boolean> {
  if (values.replay !== undefined) return replay(Number(values.replay));
  const startedAt = performance.now();
  const tally = await campaign(Number(values.calls), Number(values.seed), Number(values.workers));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  print(
    `${tally.calls} calls with faults and ${tally.calmCalls} to undo them, in ${tally.sequences} sequences from seed ` +
      `${values.seed} on: ${tally.requests} requests, ${tally.wrong} wrong reports, ${tally.lost} values lost, ${seconds} s.`,
  );
  if (tally.seeds.length > 0) print(`Play one again with --replay: ${tally.seeds.slice(0, 50).join(' ')}`);
  return tally.seeds.length === 0;
}

if (values.worker) work();
else process.exitCode = (await main()) ? 0 : 1;

import { parseArgs } from 'node:util';
import { playSequence, type SequenceReport } from './sequence.js';

// npm run test:faults -- [--sequences 10000] [--first 1] [--minutes 10]
// npm run test:faults -- --seed N    plays one again, and tells its steps
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    sequences: { type: 'string', default: '10000' },
    first: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
  },
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function play(seed: number): Promise<SequenceReport> {
  try {
    return await playSequence(seed);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { seed, calls: 0, attempts: 0, complaints: [`it broke off: ${text}`], steps: [] };
  }
}

async function campaign(first: number, count: number, minutes: number): Promise<boolean> {
  const startedAt = performance.now();
  const wrong: SequenceReport[] = [];
  let played = 0;
  let calls = 0;
  let attempts = 0;
  const seconds = (): number => (performance.now() - startedAt) / 1000;
  for (let seed = first; seed < first + count && seconds() < minutes * 60; seed += 1) {
    const report = await play(seed);
    played += 1;
    calls += report.calls;
    attempts += report.attempts;
    if (report.complaints.length > 0) {
      wrong.push(report);
      print(`seed ${seed}:\n  ${report.complaints.join('\n  ')}`);
    }
    if (played % 1000 === 0) print(`${played} sequences, ${wrong.length} wrong, ${seconds().toFixed(0)} s`);
  }
  const rate = (played / seconds()).toFixed(1);
  print(
    `${played} of ${count} sequences in ${seconds().toFixed(1)} s (${rate} a second): ${calls} steps, ${attempts} requests.`,
  );
  print(
    wrong.length === 0
      ? 'Every report was right.'
      : `Wrong: ${wrong.length}. Play one again with --seed ${wrong
          .map(({ seed }) => seed)
          .slice(0, 20)
          .join(', ')}`,
  );
  return wrong.length === 0 && played === count;
}

if (values.seed === undefined) {
  const isRight = await campaign(Number(values.first), Number(values.sequences), Number(values.minutes));
  process.exitCode = isRight ? 0 : 1;
} else {
  const { steps, complaints } = await play(Number(values.seed));
  print(steps.join('\n'));
  print(complaints.length === 0 ? 'Every report was right.' : complaints.join('\n'));
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canariesIn } from '../credentials/canary.js';
import { newPlay, type Play } from './play.js';
import { undoEverything } from './restore.js';
import { openScene } from './scene.js';
import { seeded } from './seeded.js';
import { randomStep } from './steps.js';

/** What came of one sequence. */
export interface SequenceReport {
  readonly seed: number;
  /** Calls in the weather. */
  readonly calls: number;
  /** Calls in the calm after it, which undo everything. */
  readonly calmCalls: number;
  /** Requests that reached the gate. */
  readonly requests: number;
  /** Reports that say what is not so. */
  readonly wrong: readonly string[];
  /** Values that undo did not bring back. */
  readonly lost: readonly string[];
  readonly story: readonly string[];
}

/** Plays one sequence of calls in random weather, then undoes everything in calm; the same seed plays the same one. */
export async function playSequence(seed: number): Promise<SequenceReport> {
  const random = seeded(seed);
  const scene = await openScene(seed, random);
  const play = newPlay(scene);
  let lost: readonly string[] = [];
  try {
    const count = 8 + random.below(9);
    while (play.calls.faulted < count) await randomStep(play);
    play.calmDown();
    lost = await undoEverything(play);
    const { bugs, stateDirectory } = scene.bench;
    if (canariesIn(await textIn(stateDirectory)).length > 0) play.wrong.push('the journal holds a secret');
    for (const bug of bugs) play.wrong.push(`unexpected error: ${bug instanceof Error ? bug.stack : String(bug)}`);
  } catch (error) {
    play.wrong.push(`it broke off: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    await scene.close();
  }
  return report(seed, play, lost);
}

function report(seed: number, { calls, wrong, story }: Play, lost: readonly string[]): SequenceReport {
  return { seed, calls: calls.faulted, calmCalls: calls.calm, requests: calls.requests, wrong, lost, story };
}

/** All files below a directory, but for those that go meanwhile. */
async function textIn(directory: string): Promise<string> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))).join('\n');
}

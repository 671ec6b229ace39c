import { canariesIn } from '../credentials/canary.js';
import { type Answer, textOf, type Workbench } from '../support/workbench.js';
import { type Difference, differences, type Place, type State, stateOf } from './account.js';
import type { Seeded } from './seeded.js';
import type { Witness } from './witness.js';

/** A change that a call made, as the emulator saw it. */
export interface MadeChange {
  readonly before: State;
  readonly made: readonly Difference[];
  /** The report left open what happened to some of it. */
  readonly uncertain: boolean;
  readonly isError: boolean;
}

/** What a sequence has so far. */
export interface Scene {
  readonly random: Seeded;
  readonly bench: Workbench;
  readonly places: readonly Place[];
  readonly witness: Witness;
  /** By ChangeId, oldest first. */
  readonly changes: Map<string, MadeChange>;
}

/** One call with what was there before and after it. */
export interface Seen {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly answer: Answer;
  readonly before: State;
  readonly after: State;
  readonly made: readonly Difference[];
  /** It said that nothing was changed. */
  readonly saysNothing: boolean;
  /** It said that it does not know. */
  readonly saysUnknown: boolean;
  /** Some request to write may have been carried out without its answer arriving. */
  readonly mayBeUnknown: boolean;
}

/** Calls a tool, and remembers the change that it made. */
export async function callAndSee(scene: Scene, tool: string, args: Readonly<Record<string, unknown>>): Promise<Seen> {
  const { bench, places, witness } = scene;
  const before = stateOf(bench.emulator, places);
  witness.forget();
  const answer = await bench.call(tool, args);
  const after = stateOf(bench.emulator, places);
  const made = differences(before, after);
  const counted = (field: string): boolean => Number(answer.structured[field] ?? 0) > 0;
  const saysUnknown = answer.text.includes('is not known') || counted('Unknown');
  const id = typeof answer.structured['ChangeId'] === 'string' ? textOf(answer, 'ChangeId') : idIn(answer.text);
  if (id !== undefined && id !== args['ChangeId']) {
    const uncertain = saysUnknown || counted('Failed');
    scene.changes.set(id, { before, made, uncertain, isError: answer.isError });
  }
  return {
    tool,
    args,
    answer,
    before,
    after,
    made,
    saysNothing: answer.text.includes('Nothing was changed'),
    saysUnknown,
    mayBeUnknown: witness.doubtfulWrites > 0,
  };
}

function idIn(text: string): string | undefined {
  return /ChangeId (\d{8}T\d{9}Z-[0-9a-f]{8})/.exec(text)?.[1];
}

/** What holds for every answer of every tool. */
export function* commonComplaints(seen: Seen): Generator<string> {
  const { answer, made, saysNothing, saysUnknown, mayBeUnknown } = seen;
  if (saysNothing && made.length > 0) yield `it says that nothing was changed, and ${made.length} tags were`;
  if (canariesIn(answer.text + JSON.stringify(answer.structured)).length > 0) yield 'it tells a secret';
  if (saysUnknown && !mayBeUnknown) yield 'it says that it does not know, and every answer had arrived';
  if (!answer.isError) return;
  if (!/^[A-Za-z][\w.]*: /.test(answer.text)) yield 'an error that does not begin with a code';
  if (/^INTERNAL_ERROR/.test(answer.text)) yield 'an internal error';
  if (!saysNothing && !saysUnknown) yield 'an error that does not say what is still true';
}

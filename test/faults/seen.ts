import { canariesIn } from '../credentials/canary.js';
import { type Answer, numberOf } from '../support/workbench.js';
import { type Place, type State, stateOf, tagsAt, valueIn } from './account.js';
import type { Entry } from './ledger.js';
import type { Scene } from './scene.js';
import type { Weather } from './weather.js';
import type { Watch } from './wire.js';

export type Args = Readonly<Record<string, unknown>>;

/** One call with all that the account and the wire saw of it. */
export interface Seen {
  readonly tool: string;
  readonly args: Args;
  readonly answer: Answer;
  /** The account when the call began. */
  readonly start: State;
  /** Places in the ledger: what happened during the call. */
  readonly from: number;
  readonly until: number;
  /** Tags that the server's requests changed. */
  readonly writes: readonly Entry[];
  /** Tags that a colleague changed during the call. */
  readonly meddling: readonly Entry[];
  readonly watch: Watch;
  readonly says: Says;
  /** Reads showed what was there, and nobody else changed anything meanwhile. */
  readonly isClean: boolean;
  /** The server had no access key that is one: not even STS tells whose changes it makes. */
  readonly isKeyless: boolean;
  /** Requests took so long that time may have run out. */
  readonly isSlow: boolean;
}

/** What a report says, in words or numbers. */
export interface Says {
  readonly nothing: boolean;
  readonly unknown: boolean;
  /** Some of what failed was changed in part. */
  readonly partly: boolean;
  readonly changeId: string | undefined;
}

export async function callAndSee(
  scene: Scene,
  number: number,
  weather: Weather,
  tool: string,
  args: Args,
): Promise<Seen> {
  const { bench, places, ledger, wire } = scene;
  const start = stateOf(bench.emulator, places);
  const from = ledger.entries.length;
  wire.begin(number, weather);
  const answer = await bench.call(tool, args);
  await scene.settle();
  const { watch } = wire;
  const during = ledger.entries.slice(from);
  const meddling = during.filter(({ who }) => who === 'colleague');
  return {
    tool,
    args,
    answer,
    start,
    from,
    until: ledger.entries.length,
    writes: during.filter(({ who }) => who === 'server'),
    meddling,
    watch,
    says: readSays(answer),
    isKeyless: scene.keyring?.isBehind() === true,
    isSlow: weather.msPerRequest > 1_000,
    isClean: watch.staleReads === 0 && meddling.length === 0,
  };
}

function readSays(answer: Answer): Says {
  const { text, structured } = answer;
  const changeId = structured['ChangeId'];
  return {
    nothing: text.includes('Nothing was changed'),
    unknown: text.includes('is not known') || numberOf(answer, 'Unknown') > 0,
    partly: text.includes('in part'),
    changeId: typeof changeId === 'string' ? changeId : /ChangeId (\d{8}T\d{9}Z-[0-9a-f]{8})/.exec(text)?.[1],
  };
}

/** What holds for every answer of every tool. */
export function* commonComplaints({ answer, says, writes, watch, tool, isClean, isSlow }: Seen): Generator<string> {
  if (says.nothing && writes.length > 0) yield `it says that nothing was changed, and ${writes.length} tags were`;
  if (canariesIn(answer.text + JSON.stringify(answer.structured)).length > 0) yield 'it tells a secret';
  // With little time, or somebody else's hand in it, reading back tells nothing.
  const isSure = isClean && !isSlow && watch.doubtfulWrites + watch.faultyReads === 0;
  if (says.unknown && isSure) yield 'it says that it does not know, and every answer had arrived';
  for (const place of watch.blindRemovals) yield `it removed tags of ${place} before it had seen the new ones there`;
  if (/CHANGE_RUNNING/.test(answer.text)) yield 'it takes a change of its own for one that still goes on';
  if (!answer.isError) return;
  if (!/^[A-Za-z][\w.]*: /.test(answer.text)) yield 'an error that does not begin with a code';
  if (/^INTERNAL_ERROR/.test(answer.text)) yield 'an internal error';
  if (!says.nothing && !says.unknown && !(says.partly && says.changeId !== undefined)) {
    yield 'an error that does not say what is still true';
  }
  if (says.nothing && says.unknown) yield 'it says both that nothing was changed and that it does not know';
  if (!WRITERS.has(tool) && says.unknown) yield 'a read says that it does not know whether something was changed';
}

const WRITERS = new Set(['untag_resource', 'tag_resource', 'apply_plan', 'undo_change']);

export function* readComplaints({ writes }: Seen): Generator<string> {
  if (writes.length > 0) yield 'a read changed something';
}

/** Values that a tag had, or was shown with, at some moment of a call. */
export function valuesDuring(scene: Scene, seen: Seen, place: string, key: string): ReadonlySet<string | undefined> {
  // A read that lags shows what was there before: anything that ever was.
  if (seen.watch.staleReads > 0) return scene.ledger.everAt(place, key);
  const values = new Set([valueIn(seen.start.get(place), key)]);
  for (const entry of scene.ledger.entries.slice(seen.from, seen.until)) {
    if (entry.place === place && entry.key === key) values.add(entry.to);
  }
  return values;
}

export function valueNow({ bench }: Scene, place: Place, key: string): string | undefined {
  return valueIn(tagsAt(bench.emulator, place), key);
}

/** Whether a colleague changed this tag during the call. */
export function isMeddledWith({ meddling }: Seen, place: string, key: string): boolean {
  return meddling.some((entry) => entry.place === place && entry.key === key);
}

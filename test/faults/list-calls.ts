import * as z from 'zod';
import { numberOf } from '../support/workbench.js';
import { type Place, TAG_VALUES } from './account.js';
import type { Change } from './changes.js';
import { type Condition, doesMeet, randomCondition } from './plan-calls.js';
import type { Scene } from './scene.js';
import type { Args, Seen } from './seen.js';
import { isSame, tagsIn } from './single-calls.js';

export interface FindCall {
  readonly args: Args;
  readonly expects: (seen: Seen) => readonly Place[];
}

export function findCall(scene: Scene): FindCall {
  const { random, regionIds, places } = scene;
  const ResourceType = random.pick(['key', 'secret'] as const);
  const RegionId = regionIds.length > 1 && random.chance(0.5) ? '*' : random.pick(regionIds);
  const Where: readonly Condition[] = random.chance(0.6) ? [randomCondition(scene)] : [];
  const Text = random.chance(0.1) ? random.pick(TAG_VALUES.filter((value) => value !== '')) : undefined;
  const PageSize = random.chance(0.3) ? 1 + random.below(4) : 100;
  const args = { ResourceType, RegionId, PageSize, ...(Where.length > 0 && { Where }), ...(Text && { Text }) };
  const has = ({ id, type }: Place, tags: Readonly<Record<string, string>>): boolean =>
    Text === undefined ||
    [id, ...(type === 'key' ? [`alias/${id}`] : []), ...Object.entries(tags).flat()].some((part) =>
      part.toLowerCase().includes(Text.toLowerCase()),
    );
  return {
    args,
    expects: ({ start }) =>
      places
        .filter(({ type, regionId }) => type === ResourceType && (RegionId === '*' || regionId === RegionId))
        .filter((place) => doesMeet(start.get(place.name), Where) && has(place, start.get(place.name) ?? {})),
  };
}

const rows = z.array(z.object({ ResourceId: z.string(), RegionId: z.string(), Tags: z.unknown() }));

/** What is wrong with a list that was read page by page; the first page was read from KMS, the others remembered. */
export function* findComplaints(call: FindCall, pages: readonly Seen[]): Generator<string> {
  const [first] = pages;
  if (first === undefined || pages.some(({ answer }) => answer.isError) || !first.isClean) return;
  if (first.answer.structured['UnreadRegions'] !== undefined) return;
  // Another reading may have come between.
  if (pages.slice(1).some(({ watch }) => watch.requests > 0)) return;
  const told = pages.flatMap(({ answer }) => rows.parse(answer.structured['Resources']));
  const expected = call.expects(first);
  if (told.length !== expected.length) yield `it finds ${told.length} of ${expected.length}`;
  if (numberOf(first.answer, 'Matching') !== expected.length) {
    yield `it says that ${numberOf(first.answer, 'Matching')} match, and ${expected.length} do`;
  }
  for (const { name, id, regionId } of expected) {
    const row = told.find(({ ResourceId, RegionId }) => ResourceId === id && RegionId === regionId);
    if (!isSame(tagsIn(row?.Tags), new Map(Object.entries(first.start.get(name) ?? {})))) {
      yield `it finds ${name} with other tags`;
    }
  }
}

const changeRows = z.array(z.object({ ChangeId: z.string(), State: z.string() }));
const itemRows = z.array(
  z.object({
    ResourceId: z.string(),
    RegionId: z.string(),
    TagKey: z.string(),
    Before: z.string().optional(),
    After: z.string().optional(),
  }),
);

/** What is wrong with a list of changes. */
export function* historyComplaints(changes: readonly Change[], { answer }: Seen): Generator<string> {
  if (answer.isError) return void (yield 'the journal cannot be read');
  const told = new Map(changeRows.parse(answer.structured['Changes']).map(({ ChangeId, State }) => [ChangeId, State]));
  for (const change of changes) yield* stateComplaints(change, told.get(change.changeId));
  const known = new Set(changes.map(({ changeId }) => changeId));
  for (const [id, state] of told) {
    if (!known.has(id) && state !== 'nothing_done') yield `${id} is listed as ${state}, and no answer named it`;
  }
}

function* stateComplaints({ changeId, seen }: Change, state: string | undefined): Generator<string> {
  const { answer, writes } = seen;
  const isOpen = answer.isError || ['Failed', 'Unknown', 'NotAttempted'].some((field) => numberOf(answer, field) > 0);
  if (state === undefined && !seen.isKeyless) yield `change ${changeId} is not listed`;
  if (state === 'nothing_done' && writes.length > 0) yield `${changeId} is listed as nothing done`;
  if (state === 'done' && isOpen) yield `${changeId} is listed as done`;
  if (state === 'running' || state === 'interrupted') yield `${changeId} is listed as ${state}`;
}

/** What is wrong with the details of one change. */
export function* detailComplaints(scene: Scene, change: Change, { answer }: Seen): Generator<string> {
  if (answer.isError) return void (yield 'a change cannot be read');
  if (answer.structured['NextToken'] !== undefined) return;
  const items = itemRows.parse(answer.structured['Items']);
  for (const { place: name, key, to } of change.seen.writes) {
    const place = scene.placeOf.get(name);
    const item = items.find(
      ({ ResourceId, RegionId, TagKey }) => ResourceId === place?.id && RegionId === place.regionId && TagKey === key,
    );
    if (item === undefined) yield `the change does not list ${key} of ${name}`;
    else if (item.After !== to) yield `the change lists another value for ${key} of ${name}`;
    else if (!change.mayHaveFound(name, key, item.Before) && !answer.text.includes('earlier value unknown')) {
      yield `the change lists a value before that ${key} of ${name} never had`;
    }
  }
}

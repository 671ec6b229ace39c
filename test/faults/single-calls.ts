import * as z from 'zod';
import {
  canBeSet,
  LONG_VALUE,
  type Place,
  PROTECTED_KEY,
  SYSTEM_KEY,
  TAG_KEYS,
  TAG_VALUES,
  valueIn,
} from './account.js';
import { PARAMETER } from './request.js';
import type { Scene } from './scene.js';
import type { Seeded } from './seeded.js';
import { type Args, isMeddledWith, type Seen, valueNow, valuesDuring } from './seen.js';

/** A call of one resource, and what it wants there. */
export interface SingleCall {
  readonly tool: 'untag_resource' | 'tag_resource' | 'list_resource_tags';
  readonly args: Args;
  readonly place: Place;
  /** Undefined for absent. */
  readonly wanted: ReadonlyMap<string, string | undefined>;
}

/** A resource that is there, or now and then one that is not. */
function target({ random, places, regionIds }: Scene): { readonly place: Place; readonly args: Args } {
  const nowhere = {
    name: 'nowhere',
    regionId: regionIds[0] ?? '',
    type: random.pick(['key', 'secret'] as const),
    id: 'nowhere',
  };
  const place = random.chance(0.04) ? nowhere : random.pick(places);
  const id = place.type === 'key' && place.id !== 'nowhere' && random.chance(0.1) ? `alias/${place.id}` : place.id;
  return { place, args: { [PARAMETER[place.type]]: id, RegionId: place.regionId } };
}

function someKeys(random: Seeded): string[] {
  const odd = random.next();
  if (odd < 0.02) return [PROTECTED_KEY];
  if (odd < 0.04) return [SYSTEM_KEY, random.pick(TAG_KEYS)];
  return random.some(TAG_KEYS, 1);
}

/** A value to set; now and then one that KMS refuses. */
export function someValue(random: Seeded): string {
  return random.chance(0.02) ? 'two words' : random.chance(0.03) ? LONG_VALUE : random.pick(TAG_VALUES);
}

export function untagCall(scene: Scene): SingleCall {
  const { place, args } = target(scene);
  const keys = someKeys(scene.random);
  const wanted = new Map(keys.map((key) => [key, undefined]));
  return { tool: 'untag_resource', place, args: { ...args, TagKeys: keys }, wanted };
}

export function tagCall(scene: Scene): SingleCall {
  const { random } = scene;
  const { place, args } = target(scene);
  const wanted = new Map(someKeys(random).map((key) => [key, someValue(random)]));
  const Tags = [...wanted].map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
  return { tool: 'tag_resource', place, args: { ...args, Tags }, wanted };
}

export function listCall(scene: Scene): SingleCall {
  return { tool: 'list_resource_tags', ...target(scene), wanted: new Map() };
}

export function* listComplaints({ place }: SingleCall, { answer, isClean, start }: Seen): Generator<string> {
  if (answer.isError || !isClean) return;
  const told = tagsIn(answer.structured['Tags']);
  if (!isSame(told, new Map(Object.entries(start.get(place.name) ?? {})))) yield 'it lists other tags than there are';
}

/** What is wrong with the report of `untag_resource` or `tag_resource`. */
export function* writeComplaints(scene: Scene, call: SingleCall, seen: Seen): Generator<string> {
  const { place, wanted, tool } = call;
  const { answer, writes, says } = seen;
  const isMeant = writes.every(
    ({ place: where, key, to }) => where === place.name && wanted.has(key) && wanted.get(key) === to,
  );
  if (!isMeant) yield 'it changed something else';
  if (answer.isError) return;
  if (says.changeId === undefined) yield 'a change without ChangeId';
  for (const [key, value] of wanted) {
    if (valueNow(scene, place, key) === value || isMeddledWith(seen, place.name, key)) continue;
    yield `it says done, and ${key} is not as wanted`;
  }
  const told = tagsIn(answer.structured[tool === 'untag_resource' ? 'RemovedTags' : 'OverwrittenTags']);
  if (answer.structured[tool === 'untag_resource' ? 'RemovedTags' : 'OverwrittenTags'] === undefined) {
    if (!answer.text.includes('Earlier values are unknown')) yield 'it does not tell the old values';
    return;
  }
  for (const [key, value] of told) {
    if (!valuesDuring(scene, seen, place.name, key).has(value)) yield `it tells an old value of ${key} that never was`;
    if (!canBeSet(key, value) && !saysLost(seen, key)) yield `it does not say that ${key} cannot be restored`;
  }
  if (!seen.isClean) return;
  const gone = [...wanted].flatMap(([key, value]): [string, string][] => {
    const old = valueIn(seen.start.get(place.name), key);
    return old === undefined || old === value ? [] : [[key, old]];
  });
  if (!isSame(told, new Map(gone))) yield 'it tells other old values than there were';
}

/** Whether an answer names a tag as one that undo cannot restore. */
export function saysLost({ answer }: Seen, key: string): boolean {
  return answer.text.includes('annot be restored') && answer.text.includes(JSON.stringify(key));
}

/** Tags in a structured result. */
export function tagsIn(told: unknown): ReadonlyMap<string, string> {
  return new Map((tagList.safeParse(told).data ?? []).map(({ TagKey, TagValue }) => [TagKey, TagValue]));
}

const tagList = z.array(z.object({ TagKey: z.string(), TagValue: z.string() }));

export function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

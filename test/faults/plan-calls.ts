import { numberOf } from '../support/workbench.js';
import {
  canBeSet,
  type Place,
  PROTECTED_KEY,
  SYSTEM_KEY,
  TAG_KEYS,
  TAG_VALUES,
  type TagMap,
  valueIn,
} from './account.js';
import type { Scene } from './scene.js';
import { type Args, readComplaints, type Seen, valuesDuring } from './seen.js';
import { someValue } from './single-calls.js';

export interface Operations {
  readonly remove: readonly string[];
  readonly set: readonly (readonly [string, string])[];
  readonly rename: readonly (readonly [string, string])[];
}

export interface Condition {
  readonly TagKey: string;
  readonly TagValue?: string;
  readonly Not?: true;
}

/** A plan that was asked for. */
export interface PlanCall {
  readonly args: Args;
  readonly type: 'key' | 'secret';
  /** Without those that the server leaves out. */
  readonly operations: Operations;
  /** Those that the plan depends on. */
  readonly keys: readonly string[];
  /** Places that the request means, given the tags of each. */
  select(tagsOf: (place: Place) => TagMap | undefined): readonly Place[];
  /** Names of resources that are not there. */
  readonly missing: number;
}

export function planCall(scene: Scene): PlanCall {
  const { random, places, regionIds } = scene;
  const type = random.pick(['key', 'key', 'secret'] as const);
  const asked = randomOperations(scene);
  const isFree = (key: string): boolean => key !== PROTECTED_KEY && key !== SYSTEM_KEY;
  const operations = {
    remove: asked.remove.filter(isFree),
    set: asked.set.filter(([key]) => isFree(key)),
    rename: asked.rename,
  };
  const wanted = {
    ...(asked.remove.length === 0 ? {} : { RemoveTagKeys: asked.remove }),
    ...(asked.set.length === 0 ? {} : { SetTags: asked.set.map(([TagKey, TagValue]) => ({ TagKey, TagValue })) }),
    ...(asked.rename.length === 0 ? {} : { RenameTagKeys: asked.rename.map(([From, To]) => ({ From, To })) }),
  };
  const keys = [...operations.remove, ...operations.set.map(([key]) => key), ...operations.rename.flat()];
  if (random.chance(0.5)) {
    const regionId = random.pick(regionIds);
    const all = places.filter((place) => place.type === type && place.regionId === regionId);
    const chosen = random.some(all, 1);
    const missing = random.chance(0.1) ? 1 : 0;
    const named = chosen.map(({ id }) => (type === 'key' && random.chance(0.03) ? `alias/${id}` : id));
    const ResourceIds = [...named, ...(missing === 0 ? [] : ['nowhere'])];
    const args = { ResourceType: type, ResourceIds, RegionId: regionId, ...wanted };
    return { args, type, operations, keys, select: () => chosen, missing };
  }
  const RegionId = regionIds.length > 1 && random.chance(0.6) ? '*' : random.pick(regionIds);
  const Where = Array.from({ length: 1 + random.below(2) }, () => randomCondition(scene));
  const all = places.filter((place) => place.type === type && (RegionId === '*' || place.regionId === RegionId));
  return {
    args: { ResourceType: type, Where, RegionId, ...wanted },
    type,
    operations,
    keys: [...new Set([...keys, ...Where.map(({ TagKey }) => TagKey)])],
    select: (tagsOf) => all.filter((place) => doesMeet(tagsOf(place), Where)),
    missing: 0,
  };
}

function randomOperations({ random }: Scene): Operations {
  const remove: string[] = [];
  const set: [string, string][] = [];
  const rename: [string, string][] = [];
  const left = [...TAG_KEYS].sort(() => random.next() - 0.5);
  const take = (): string => left.pop() ?? 'none';
  const kinds = random.chance(0.65) ? 1 : 2 + random.below(2);
  for (let count = 0; count < kinds; count += 1) {
    const kind = random.pick(['remove', 'set', 'rename'] as const);
    if (kind === 'remove') remove.push(take());
    if (kind === 'set') set.push([take(), someValue(random)]);
    if (kind === 'rename') rename.push([take(), take()]);
  }
  if (random.chance(0.03)) remove.push(random.pick([PROTECTED_KEY, SYSTEM_KEY]));
  return { remove, set, rename };
}

export function randomCondition({ random }: Scene): Condition {
  const TagKey = random.pick(TAG_KEYS);
  const value = random.chance(0.4) ? { TagValue: random.pick(TAG_VALUES) } : {};
  return { TagKey, ...value, ...(random.chance(0.3) ? { Not: true as const } : {}) };
}

export function doesMeet(tags: TagMap | undefined, conditions: readonly Condition[]): boolean {
  return conditions.every(({ TagKey, TagValue, Not }) => {
    const value = valueIn(tags, TagKey);
    const holds = value !== undefined && (TagValue === undefined || value === TagValue);
    return holds !== (Not === true);
  });
}

/** What operations come to: the wanted value of each key that changes, or why the resource is left out. */
function effectOn(
  tags: TagMap,
  { remove, set, rename }: Operations,
): ReadonlyMap<string, string | undefined> | 'left out' {
  const after = new Map<string, string | undefined>();
  for (const key of remove) if (valueIn(tags, key) !== undefined) after.set(key, undefined);
  for (const [key, value] of set) if (valueIn(tags, key) !== value) after.set(key, value);
  for (const [from, to] of rename) {
    const value = valueIn(tags, from);
    const there = valueIn(tags, to);
    if (value === undefined) continue;
    if (there !== undefined && there !== value) return 'left out';
    if (there === undefined && !canBeSet(to, value)) return 'left out';
    if (there === undefined) after.set(to, value);
    after.set(from, undefined);
  }
  const added = [...after].filter(([key, value]) => value !== undefined && valueIn(tags, key) === undefined).length;
  const own = Object.keys(tags).filter((key) => !key.startsWith('acs:') && !key.startsWith('aliyun')).length;
  return added > 0 && own + added > 10 ? 'left out' : after;
}

export function* planComplaints(call: PlanCall, seen: Seen): Generator<string> {
  yield* readComplaints(seen);
  const { answer, start, isClean, watch } = seen;
  if (answer.isError || !isClean) return;
  const tagsOf = ({ name }: Place): TagMap | undefined => start.get(name);
  const unread = answer.structured['UnreadRegions'] !== undefined;
  const refused = watch.faultyReads > 0;
  const selected = call.select(tagsOf);
  const effects = selected.map((place) => effectOn(tagsOf(place) ?? {}, call.operations));
  const concerned = effects.filter((effect) => effect !== 'left out' && effect.size > 0).length;
  // A resource that KMS refused to speak of, or a region, is named and not counted.
  const isExact = !unread && !refused;
  for (const [field, count] of [
    ['Selected', selected.length],
    ['Concerned', concerned],
  ] as const) {
    const told = numberOf(answer, field);
    if (isExact ? told !== count : told > count) yield `the plan says ${field} ${told}, and it is ${count}`;
  }
  if (!isExact) return;
  const lost = selected.flatMap((place, index) => {
    const effect = effects[index];
    if (effect === undefined || effect === 'left out') return [];
    return [...effect.keys()].filter((key) => {
      const value = valueIn(tagsOf(place), key);
      return value !== undefined && !canBeSet(key, value);
    });
  });
  if (numberOf(answer, 'NotRestorable') !== lost.length) {
    yield `the plan says that ${numberOf(answer, 'NotRestorable')} tags cannot be restored, and it is ${lost.length}`;
  }
}

/** A plan that can be applied, with what it may have seen. */
export interface OpenPlan {
  readonly planId: string;
  readonly sentence: string;
  readonly call: PlanCall;
  readonly seen: Seen;
  /** Resources in it. */
  readonly resources: number;
  /** It names values that undo cannot restore. */
  readonly saysLost: boolean;
}

export function openPlanOf(call: PlanCall, seen: Seen): OpenPlan | undefined {
  const { PlanId: planId, Change: sentence } = seen.answer.structured;
  if (typeof planId !== 'string' || typeof sentence !== 'string') return undefined;
  const resources = numberOf(seen.answer, 'Concerned');
  return { planId, sentence, call, seen, resources, saysLost: numberOf(seen.answer, 'NotRestorable') > 0 };
}

/** Whether the plan can have seen this tag with this value. */
export function couldSee(
  scene: Scene,
  { seen }: OpenPlan,
  place: string,
  key: string,
  value: string | undefined,
): boolean {
  return valuesDuring(scene, seen, place, key).has(value);
}

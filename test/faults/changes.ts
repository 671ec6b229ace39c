import { canBeSet, type Place } from './account.js';
import { couldSee, type OpenPlan } from './plan-calls.js';
import type { Scene } from './scene.js';
import { type Seen, valuesDuring } from './seen.js';
import { type SingleCall, saysLost } from './single-calls.js';

type Value = string | undefined;

/** A change as the judge saw it made. */
export interface Change {
  readonly changeId: string;
  readonly seen: Seen;
  /** Ids and tag keys that an undo of a part can name. */
  readonly ids: readonly string[];
  readonly keys: readonly string[];
  includes(place: string, key: string): boolean;
  /** Whether it can have brought this tag to this value. */
  mayHaveLeft(place: string, key: string, value: Value): boolean;
  /** Whether this tag can have had this value before it. */
  mayHaveFound(place: string, key: string, value: Value): boolean;
  /** Whether its report, or its plan, said that this value cannot be restored. */
  saysLost(key: string, value: Value): boolean;
}

export function singleChange(scene: Scene, call: SingleCall, seen: Seen, changeId: string): Change {
  const { place, wanted } = call;
  const isHere = (name: string, key: string): boolean => name === place.name && wanted.has(key);
  return {
    changeId,
    seen,
    ids: [place.id],
    keys: [...wanted.keys()],
    includes: isHere,
    mayHaveLeft: (name, key, value) => isHere(name, key) && wanted.get(key) === value,
    mayHaveFound: (name, key, value) => valuesDuring(scene, seen, name, key).has(value),
    saysLost: (key, value) =>
      seen.answer.text.includes('arlier values are unknown') ||
      (value !== undefined && !canBeSet(key, value) && saysLost(seen, key)),
  };
}

export function appliedChange(
  scene: Scene,
  plan: OpenPlan,
  seen: Seen,
  changeId: string,
  isWanted: (place: string, key: string, value: Value) => boolean,
): Change {
  const { operations, type } = plan.call;
  const keys = [...operations.remove, ...operations.set.map(([key]) => key), ...operations.rename.flat()];
  const typeOf = (name: string): Place['type'] | undefined => scene.placeOf.get(name)?.type;
  return {
    changeId,
    seen,
    ids: [...new Set(seen.writes.map(({ place }) => scene.placeOf.get(place)?.id ?? ''))],
    keys,
    includes: (name, key) => typeOf(name) === type && keys.includes(key),
    mayHaveLeft: isWanted,
    mayHaveFound: (name, key, value) => couldSee(scene, plan, name, key, value),
    saysLost: (key, value) => value !== undefined && !canBeSet(key, value) && plan.saysLost,
  };
}

/** An undo is a change, too. */
export function undoOf(scene: Scene, change: Change, scope: Scope, seen: Seen, changeId: string): Change {
  return {
    changeId,
    seen,
    ids: change.ids.filter((id) => scope.ids === undefined || scope.ids.has(id)),
    keys: change.keys.filter((key) => scope.keys === undefined || scope.keys.has(key)),
    includes: (place, key) => change.includes(place, key) && isWithin(scene, scope, place, key),
    mayHaveLeft: change.mayHaveFound,
    mayHaveFound: (place, key, value) => valuesDuring(scene, seen, place, key).has(value),
    // What an undo takes away was set by the change before.
    saysLost: change.saysLost,
  };
}

/** What of a change is to be undone; undefined: all. */
export interface Scope {
  readonly ids: ReadonlySet<string> | undefined;
  readonly keys: ReadonlySet<string> | undefined;
}

export const WHOLE: Scope = { ids: undefined, keys: undefined };

export function isWithin(scene: Scene, { ids, keys }: Scope, place: string, key: string): boolean {
  const id = scene.placeOf.get(place)?.id ?? '';
  return (ids === undefined || ids.has(id)) && (keys === undefined || keys.has(key));
}

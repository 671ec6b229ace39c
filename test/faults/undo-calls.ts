import { numberOf } from '../support/workbench.js';
import { type Change, isWithin, type Scope, WHOLE } from './changes.js';
import type { Scene } from './scene.js';
import { type Args, isMeddledWith, type Seen, valueNow } from './seen.js';

export interface UndoCall {
  readonly args: Args;
  /** Undefined: there is no such change. */
  readonly change: Change | undefined;
  readonly scope: Scope;
}

export function undoCall({ random }: Scene, changes: readonly Change[]): UndoCall {
  if (changes.length === 0 || random.chance(0.02)) {
    return { args: { ChangeId: '20260101T000000000Z-00000000' }, change: undefined, scope: WHOLE };
  }
  const change = random.chance(0.5) ? (changes.at(-1) ?? random.pick(changes)) : random.pick(changes);
  const { changeId, ids, keys } = change;
  const ResourceIds = random.chance(0.25) && ids.length > 0 ? random.some(ids, 1) : undefined;
  const TagKeys = random.chance(0.25) && keys.length > 0 ? random.some(keys, 1) : undefined;
  return {
    args: { ChangeId: changeId, ...(ResourceIds && { ResourceIds }), ...(TagKeys && { TagKeys }) },
    change,
    scope: { ids: ResourceIds && new Set(ResourceIds), keys: TagKeys && new Set(TagKeys) },
  };
}

/** What is wrong with the report of `undo_change`. */
export function* undoComplaints(scene: Scene, { change, scope }: UndoCall, seen: Seen): Generator<string> {
  const { answer, writes, watch, says, meddling } = seen;
  if (change === undefined) {
    if (writes.length > 0) yield 'undo of nothing changed something';
    return;
  }
  const isIn = (place: string, key: string): boolean =>
    change.includes(place, key) && isWithin(scene, scope, place, key);
  for (const { place, key, from, to } of writes) {
    if (!isIn(place, key)) yield `undo changed something else: ${key} of ${place}`;
    else if (!change.mayHaveFound(place, key, to)) yield `undo made ${key} of ${place} what it never was`;
    else if (watch.staleReads > 0 || isMeddledWith(seen, place, key)) continue;
    else if (!change.mayHaveLeft(place, key, from)) yield `undo wrote over what came to ${key} of ${place} later`;
  }
  if (answer.structured['Status'] === undefined) {
    if (!answer.isError) yield 'a report without Status';
    return;
  }

  const count = (field: string): number => numberOf(answer, field);
  let asBefore = 0;
  const named = new Map([...watch.acted].map(([place, keys]) => [place, new Set(keys)]));
  for (const { place, key } of meddling) named.set(place, new Set([...(named.get(place) ?? []), key]));
  for (const [name, keys] of named) {
    const place = scene.placeOf.get(name);
    for (const key of keys) {
      if (place === undefined || !isIn(name, key)) continue;
      const is = valueNow(scene, place, key);
      if (isMeddledWith(seen, name, key) || change.mayHaveFound(name, key, is)) asBefore += 1;
    }
  }
  if (count('Restored') > asBefore)
    yield `it says that ${count('Restored')} were restored, and ${asBefore} are as before`;
  if (count('Verified') > count('Restored')) yield 'more were read back than restored';
  const changed = new Set(writes.map(({ place, key }) => `${place} ${key}`)).size;
  const failed = says.partly ? count('Failed') : 0;
  if (changed > count('Restored') + count('Unknown') + failed) {
    yield `${changed} were changed, and it says ${count('Restored')} restored and ${count('Unknown')} unknown`;
  }
  if (writes.length > 0 && says.changeId === undefined) yield 'a change without ChangeId';
  if (answer.structured['Status'] === 'nothing_done' && writes.length > 0) yield 'it says that nothing was done';
  if (answer.structured['Status'] === 'done' && seen.isClean) yield* notBack(scene, change, isIn);
}

/** Tags that a change made, and that are not as before although its undo says that it is done. */
function* notBack(scene: Scene, change: Change, isIn: (place: string, key: string) => boolean): Generator<string> {
  for (const { place: name, key } of change.seen.writes) {
    const place = scene.placeOf.get(name);
    if (place === undefined || !isIn(name, key)) continue;
    if (!change.mayHaveFound(name, key, valueNow(scene, place, key)))
      yield `it says done, and ${key} of ${name} is not back`;
  }
}

import * as z from 'zod';
import { addedUp, numberOf } from '../support/workbench.js';
import { type Place, valueIn } from './account.js';
import { couldSee, type OpenPlan } from './plan-calls.js';
import type { Scene } from './scene.js';
import { isMeddledWith, type Seen, valueNow } from './seen.js';

const failures = z.array(z.object({ ResourceId: z.string(), Code: z.string() })).default([]);

/** What is wrong with the report of `apply_plan`. */
export function* applyComplaints(scene: Scene, plan: OpenPlan, seen: Seen): Generator<string> {
  const { answer, writes, says, watch, meddling } = seen;
  const { type, args } = plan.call;
  const isMeant = ({ regionId, type: kind }: Place): boolean =>
    kind === type && (args['RegionId'] === '*' || args['RegionId'] === regionId);
  const places = scene.places.filter(isMeant);
  const names = new Set(places.map(({ name }) => name));

  for (const { place, key, to } of writes) {
    if (!names.has(place) || !isWanted(scene, plan, place, key, to))
      yield `it changed something else: ${key} of ${place}`;
  }
  yield* overwritten(scene, plan, seen);
  yield* gapsIn(scene, plan, seen);
  if (answer.structured['Status'] === undefined) {
    if (!answer.isError) yield 'a report without Status';
    return;
  }

  const count = (field: string): number => numberOf(answer, field);
  const touched = new Set(meddling.map(({ place }) => place));
  const changedByUs = new Set(writes.map(({ place }) => place));
  const asWanted = places.filter(
    (place) => (watch.acted.has(place.name) || touched.has(place.name)) && isAsWanted(scene, plan, seen, place),
  ).length;
  const withheld = withheldIn(seen);
  if (count('Verified') > asWanted)
    yield `it says that ${count('Verified')} were read back, and ${asWanted} are as wanted`;
  if (count('Changed') - withheld > asWanted)
    yield `it says that ${count('Changed')} were changed, and ${asWanted} are as wanted`;
  if (count('Verified') > count('Changed')) yield 'more were read back than changed';
  const failed = says.partly ? count('Failed') : 0;
  if (changedByUs.size > count('Changed') + count('Unknown') + failed) {
    yield `${changedByUs.size} were changed, and it says ${count('Changed')} changed and ${count('Unknown')} unknown`;
  }
  if (addedUp(answer) !== plan.resources) yield `the counts come to ${addedUp(answer)} of ${plan.resources}`;
  for (const { ResourceId } of failures.parse(answer.structured['Failures'])) {
    const one = places.filter(({ id }) => id === ResourceId);
    if (!says.partly && one.length > 0 && one.every(({ name }) => changedByUs.has(name))) {
      yield `it says that ${ResourceId} failed, and it was changed`;
    }
  }
  const status = answer.structured['Status'];
  if (status === 'done' && (asWanted < plan.resources || count('Changed') !== plan.resources)) {
    yield 'it says done, and some are not as wanted';
  }
  if (status === 'nothing_done' && writes.length > 0) yield 'it says that nothing was done';
  if (writes.length > 0 && says.changeId === undefined) yield 'a change without ChangeId';
  yield* leftAlone(scene, plan, seen, places);
}

/** Resources whose old tags were left, as the report says, because the new ones do not show yet. */
function withheldIn({ answer }: Seen): number {
  return Number(/([\d,]+)(?: \w+)? whose old tags were left/.exec(answer.text)?.[1]?.replaceAll(',', '') ?? 0);
}

/** Whether a plan can want this value for this tag. */
export function isWanted(scene: Scene, plan: OpenPlan, place: string, key: string, value: string | undefined): boolean {
  const { remove, set, rename } = plan.call.operations;
  if (remove.includes(key) || rename.some(([from]) => from === key)) return value === undefined;
  if (set.some(([one, wanted]) => one === key && wanted === value)) return true;
  return rename.some(([from, to]) => to === key && value !== undefined && couldSee(scene, plan, place, from, value));
}

function isAsWanted(scene: Scene, plan: OpenPlan, seen: Seen, place: Place): boolean {
  const { remove, set, rename } = plan.call.operations;
  const is = (key: string, holds: (value: string | undefined) => boolean): boolean =>
    isMeddledWith(seen, place.name, key) || holds(valueNow(scene, place, key)) || wasShown(key, holds);
  // Where reads lag behind, a tag may have passed for one that is as wanted already, in the plan and just before the write.
  const wasShown = (key: string, holds: (value: string | undefined) => boolean): boolean =>
    seen.watch.staleReads > 0 &&
    !seen.watch.acted.get(place.name)?.has(key) &&
    [...scene.ledger.everAt(place.name, key)].some(holds);
  return (
    remove.every((key) => is(key, (value) => value === undefined)) &&
    set.every(([key, wanted]) => is(key, (value) => value === wanted)) &&
    rename.every(
      ([from, to]) =>
        is(from, (value) => value === undefined) &&
        // Nothing to move where the old key was not there.
        (couldSee(scene, plan, place.name, from, undefined) ||
          is(to, (value) => value !== undefined && couldSee(scene, plan, place.name, from, value))),
    )
  );
}

/** Values that came after the plan and before this call must not be written over. */
function* overwritten(scene: Scene, plan: OpenPlan, seen: Seen): Generator<string> {
  if (seen.watch.staleReads > 0) return;
  for (const place of new Set(seen.writes.map((entry) => entry.place))) {
    const isOther = plan.call.keys.some((key) => {
      const value = valueIn(seen.start.get(place), key);
      return !isMeddledWith(seen, place, key) && !couldSee(scene, plan, place, key, value);
    });
    if (isOther) yield `it wrote over what came to ${place} after the plan`;
  }
}

/** A value that is renamed must be under one of its keys at any moment. */
function* gapsIn(scene: Scene, plan: OpenPlan, seen: Seen): Generator<string> {
  if (seen.watch.staleReads + plan.seen.watch.staleReads > 0) return;
  const now = new Map<string, string | undefined>();
  for (const { place, key, from, to } of scene.ledger.entries.slice(seen.from, seen.until)) {
    now.set(`${place} ${key}`, to);
    const [, target] = plan.call.operations.rename.find(([source]) => source === key) ?? [];
    if (target === undefined || to !== undefined || isMeddledWith(seen, place, target)) continue;
    const known = `${place} ${target}`;
    const there = now.has(known) ? now.get(known) : valueIn(seen.start.get(place), target);
    if (there !== from && !isMeddledWith(seen, place, key))
      yield `it removed ${key} of ${place} before ${target} had its value`;
  }
}

/** Those that it left alone as changed since the plan must have changed since. */
function* leftAlone(scene: Scene, plan: OpenPlan, seen: Seen, places: readonly Place[]): Generator<string> {
  if (seen.watch.staleReads + plan.seen.watch.staleReads > 0) return;
  const since = [...scene.ledger.entries.slice(plan.seen.from, seen.from), ...seen.meddling];
  const others = new Set(since.filter(({ key }) => plan.call.keys.includes(key)).map(({ place }) => place));
  const changed = places.filter(({ name }) => others.has(name)).length;
  const told = numberOf(seen.answer, 'ChangedSincePlan');
  if (told > changed) yield `it says that ${told} changed since the plan, and ${changed} did`;
}

import { addedUp, numberOf } from '../support/workbench.js';
import {
  type Difference,
  nameOf,
  PROTECTED_KEY,
  type State,
  SYSTEM_KEY,
  TAG_KEYS,
  TAG_VALUES,
  valueIn,
} from './account.js';
import { callAndSee, commonComplaints, type Scene, type Seen } from './scene.js';
import { someKeys } from './single-calls.js';

interface Wanted {
  readonly args: Readonly<Record<string, unknown>>;
  readonly type: 'key' | 'secret';
  /** Those that the request may name. */
  readonly keys: readonly string[];
  /** Ids in the selection, of which some may not exist. */
  select(state: State): readonly string[];
}

function wanted({ random, places }: Scene): Wanted {
  const type = random.pick(['key', 'key', 'secret'] as const);
  const TagKeys = someKeys(random);
  const keys = TagKeys.filter((key) => key !== PROTECTED_KEY && key !== SYSTEM_KEY);
  const all = places.filter((place) => place.type === type).map(({ id }) => id);
  if (random.chance(0.5)) {
    const ResourceIds = [...random.some(all, 1), ...(random.chance(0.2) ? ['nowhere', 'nowhere'] : [])];
    return { args: { ResourceType: type, TagKeys, ResourceIds }, type, keys, select: () => [...new Set(ResourceIds)] };
  }
  const WithTagKey = random.pick(TAG_KEYS);
  const WithTagValue = random.chance(0.3) ? random.pick(TAG_VALUES.filter((value) => value !== '')) : undefined;
  const args = { ResourceType: type, TagKeys, WithTagKey, ...(WithTagValue === undefined ? {} : { WithTagValue }) };
  const select = (state: State): readonly string[] =>
    all.filter((id) => {
      const value = valueIn(state.get(`${type} ${id}`) ?? {}, WithTagKey);
      return value !== undefined && (WithTagValue === undefined || value === WithTagValue);
    });
  return { args, type, keys, select };
}

function carriers({ type, keys, select }: Wanted, state: State): string[] {
  return select(state).filter((id) => {
    const tags = state.get(`${type} ${id}`) ?? {};
    return keys.some((key) => valueIn(tags, key) !== undefined);
  });
}

/** Plans, lets something happen, applies; and goes on with what is left. `meanwhile` changes the weather. */
export async function untagMany(scene: Scene, meanwhile: () => Promise<void>): Promise<string[]> {
  const { random, bench, places } = scene;
  const want = wanted(scene);
  const plan = await callAndSee(scene, 'untag_resources', want.args);
  const complaints = [...commonComplaints(plan), ...planComplaints(plan, want)];
  let token = plan.answer.structured['PlanToken'];
  for (let round = 0; round < 3 && typeof token === 'string'; round += 1) {
    if (random.chance(0.15)) {
      const { type, id } = random.pick(places);
      bench.emulator.setTag(type, id, random.pick(TAG_KEYS), 'meanwhile');
    }
    await meanwhile();
    const run = await callAndSee(scene, 'untag_resources', { ...want.args, PlanToken: token });
    complaints.push(...commonComplaints(run), ...runComplaints(run, want, round > 0));
    token = run.answer.structured['PlanToken'];
  }
  return complaints;
}

function* planComplaints({ answer, before, made, saysUnknown }: Seen, want: Wanted): Generator<string> {
  if (made.length > 0) yield 'a plan changed something';
  if (saysUnknown) yield 'a plan says that it does not know';
  if (answer.isError) return;
  const selected = want.select(before);
  const carrying = carriers(want, before);
  const missing = selected.filter((id) => id === 'nowhere').length;
  const expected = {
    Selected: selected.length,
    Carrying: carrying.length,
    NotFound: missing,
    AbsentAlready: selected.length - carrying.length - missing,
  };
  for (const [field, count] of Object.entries(expected)) {
    if (numberOf(answer, field) !== count)
      yield `the plan says ${field} ${numberOf(answer, field)}, and it is ${count}`;
  }
}

function* runComplaints(seen: Seen, want: Wanted, isRest: boolean): Generator<string> {
  const { answer, before, after, made } = seen;
  const carrying = new Set(carriers(want, before).map((id) => nameOf({ type: want.type, id })));
  const isMeant = ({ place, key, to }: Difference): boolean =>
    carrying.has(place) && want.keys.includes(key) && to === undefined;
  if (!made.every(isMeant)) yield 'it changed something else';
  if (answer.structured['Status'] === undefined) return;
  const isClean = (place: string): boolean =>
    want.keys.every((key) => valueIn(after.get(place) ?? {}, key) === undefined);
  const gone = [...carrying].filter(isClean).length;
  const removed = numberOf(answer, 'Removed');
  const unknown = numberOf(answer, 'Unknown');
  if (removed > gone) yield `it says that ${removed} were removed, and ${gone} were`;
  if (removed + unknown < gone)
    yield `it says that ${removed} were removed and ${unknown} are unknown, and ${gone} were`;
  if (addedUp(answer) !== numberOf(answer, 'Selected')) yield 'the counts do not add up';
  if (!isRest && numberOf(answer, 'Selected') !== want.select(before).length) yield 'some are left out of the counts';
  if (answer.structured['Status'] === 'done' && gone !== carrying.size) yield 'it says done, and some are not';
  if (answer.structured['Status'] === 'nothing_done' && made.length > 0) yield 'it says that nothing was done';
}

export async function undo(scene: Scene): Promise<string[]> {
  const { random, changes } = scene;
  const ids = [...changes.keys()];
  const ChangeId = ids.length === 0 || random.chance(0.03) ? '20260101T000000000Z-00000000' : random.pick(ids);
  const change = changes.get(ChangeId);
  const seen = await callAndSee(scene, 'undo_change', { ChangeId });
  const complaints = [...commonComplaints(seen)];
  const { answer, made, after } = seen;
  if (change === undefined) {
    if (made.length > 0) complaints.push('undo of nothing changed something');
    return complaints;
  }
  const takesBack = ({ place, key, to }: Difference): boolean =>
    change.made.some((one) => one.place === place && one.key === key && one.from === to) ||
    (change.uncertain && valueIn(change.before.get(place) ?? {}, key) === to);
  if (!made.every(takesBack)) complaints.push('undo did more than take the change back');
  if (answer.isError || answer.structured['Status'] === undefined) return complaints;
  const restored = numberOf(answer, 'Restored');
  const isExact = ['Unknown', 'Failed'].every((field) => numberOf(answer, field) === 0);
  if (restored > made.length) complaints.push(`it says ${restored} were restored, and ${made.length} were`);
  if (isExact && restored !== made.length)
    complaints.push(`it says ${restored} were restored, and ${made.length} were`);
  if (answer.structured['Status'] === 'done' && numberOf(answer, 'Skipped') === 0) {
    for (const { place, key, from } of change.made) {
      if (valueIn(after.get(place) ?? {}, key) !== from)
        complaints.push(`it says done, and ${key} of ${place} is not back`);
    }
  }
  return complaints;
}

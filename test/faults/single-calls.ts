import {
  type Difference,
  nameOf,
  type Place,
  PROTECTED_KEY,
  SYSTEM_KEY,
  TAG_KEYS,
  TAG_VALUES,
  valueIn,
} from './account.js';
import { callAndSee, commonComplaints, type Scene, type Seen } from './scene.js';
import type { Seeded } from './seeded.js';

const TARGET = { key: 'KeyId', secret: 'SecretName', certificate: 'CertificateId' } as const;

/** A resource that is there, or now and then one that is not. */
function target({ random, places }: Scene): { readonly place: Place; readonly args: Readonly<Record<string, string>> } {
  const place = random.chance(0.06)
    ? { type: random.pick(['key', 'secret'] as const), id: 'nowhere' }
    : random.pick(places);
  return { place, args: { [TARGET[place.type]]: place.id } };
}

export function someKeys(random: Seeded): string[] {
  const odd = random.next();
  if (odd < 0.03) return [PROTECTED_KEY];
  if (odd < 0.06) return [SYSTEM_KEY, random.pick(TAG_KEYS)];
  return random.some(TAG_KEYS, 1);
}

export async function untagOne(scene: Scene): Promise<string[]> {
  const { place, args } = target(scene);
  const keys = someKeys(scene.random);
  const seen = await callAndSee(scene, 'untag_resource', { ...args, TagKeys: keys });
  return [...commonComplaints(seen), ...writeComplaints(seen, place, new Map(keys.map((key) => [key, undefined])))];
}

export async function tagOne(scene: Scene): Promise<string[]> {
  const { random } = scene;
  const { place, args } = target(scene);
  const wanted = new Map(someKeys(random).map((key) => [key, random.pick(TAG_VALUES)]));
  const Tags = [...wanted].map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
  const seen = await callAndSee(scene, 'tag_resource', { ...args, Tags });
  return [...commonComplaints(seen), ...writeComplaints(seen, place, wanted)];
}

export async function listOne(scene: Scene): Promise<string[]> {
  const { place, args } = target(scene);
  const seen = await callAndSee(scene, 'list_resource_tags', args);
  const complaints = [...commonComplaints(seen), ...readComplaints(seen)];
  if (seen.answer.isError) return complaints;
  const expected = Object.entries(seen.before.get(nameOf(place)) ?? {});
  if (!sameTags(seen.answer.structured['Tags'], expected)) complaints.push('it lists other tags than there are');
  return complaints;
}

/** What a read must not do. */
export function* readComplaints({ made, saysUnknown }: Seen): Generator<string> {
  if (made.length > 0) yield 'a read changed something';
  if (saysUnknown) yield 'a read says that it does not know whether something was changed';
}

function* writeComplaints(
  seen: Seen,
  place: Place,
  wanted: ReadonlyMap<string, string | undefined>,
): Generator<string> {
  const { answer, before, after, made, saysNothing, saysUnknown } = seen;
  const name = nameOf(place);
  const isMeant = ({ place: where, key, to }: Difference): boolean =>
    where === name && wanted.has(key) && wanted.get(key) === to;
  if (!made.every(isMeant)) yield 'it changed something else';
  if (saysNothing && saysUnknown) yield 'it says both that nothing was changed and that it does not know';
  if (answer.isError) return;
  const was = before.get(name) ?? {};
  const is = after.get(name) ?? {};
  for (const [key, value] of wanted) if (valueIn(is, key) !== value) yield `it says done, and ${key} is not as wanted`;
  const gone = [...wanted].flatMap(([key, value]): [string, string][] => {
    const old = valueIn(was, key);
    return old === undefined || old === value ? [] : [[key, old]];
  });
  const told = answer.structured[seen.tool === 'untag_resource' ? 'RemovedTags' : 'OverwrittenTags'];
  if (told !== undefined && !sameTags(told, gone)) yield 'it tells other old values than there were';
  if (told === undefined && answer.structured['Note'] === undefined) yield 'it does not tell the old values';
}

/** Whether a list of tags in a result is these tags. */
export function sameTags(told: unknown, expected: readonly (readonly [string, string])[]): boolean {
  if (!Array.isArray(told)) return false;
  const text = (pairs: readonly unknown[]): string => JSON.stringify(pairs.map((pair) => JSON.stringify(pair)).sort());
  return text(told) === text(expected.map(([TagKey, TagValue]) => ({ TagKey, TagValue })));
}

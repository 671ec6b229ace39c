import * as z from 'zod';
import { TAG_KEYS, TAG_VALUES, valueIn } from './account.js';
import { callAndSee, commonComplaints, type Scene } from './scene.js';
import { readComplaints, sameTags } from './single-calls.js';

const found = z.array(z.object({ ResourceId: z.string(), Tags: z.array(z.unknown()) }));
const changes = z.array(z.object({ ChangeId: z.string(), State: z.string() }));

export async function find(scene: Scene): Promise<string[]> {
  const { random } = scene;
  const type = random.pick(['key', 'secret'] as const);
  const filter = {
    ...(random.chance(0.5) ? { TagKey: random.pick(TAG_KEYS) } : {}),
    ...(random.chance(0.2) ? { TagValue: random.pick(TAG_VALUES.filter((value) => value !== '')) } : {}),
    ...(random.chance(0.3) ? { MissingTagKey: random.pick(TAG_KEYS) } : {}),
  };
  const seen = await callAndSee(scene, 'find_resources', { ResourceType: type, PageSize: 100, ...filter });
  const complaints = [...commonComplaints(seen), ...readComplaints(seen)];
  if (seen.answer.isError) return complaints;
  const { TagKey, TagValue, MissingTagKey } = filter;
  const expected = scene.places
    .filter((place) => place.type === type)
    .map(({ id }) => ({ id, tags: seen.before.get(`${type} ${id}`) ?? {} }))
    .filter(({ tags }) => TagKey === undefined || valueIn(tags, TagKey) !== undefined)
    .filter(({ tags }) => MissingTagKey === undefined || valueIn(tags, MissingTagKey) === undefined)
    .filter(({ tags }) => {
      const candidates = TagKey === undefined ? Object.values(tags) : [valueIn(tags, TagKey)];
      return TagValue === undefined || candidates.includes(TagValue);
    });
  const told = found.parse(seen.answer.structured['Resources']);
  if (told.length !== expected.length) complaints.push(`it finds ${told.length} of ${expected.length}`);
  for (const { id, tags } of expected) {
    const row = told.find(({ ResourceId }) => ResourceId === id);
    if (!sameTags(row?.Tags, Object.entries(tags))) complaints.push(`it finds ${id} with other tags`);
  }
  return complaints;
}

export async function listChanges(scene: Scene): Promise<string[]> {
  const seen = await callAndSee(scene, 'list_changes', { Limit: 100 });
  const complaints = [...commonComplaints(seen), ...readComplaints(seen)];
  if (seen.answer.isError) return [...complaints, 'the journal cannot be read'];
  const told = changes.parse(seen.answer.structured['Changes']);
  const states = new Map(told.map(({ ChangeId, State }) => [ChangeId, State]));
  for (const [id, { made, uncertain, isError }] of scene.changes) {
    const state = states.get(id);
    if (state === undefined) complaints.push(`change ${id} is not listed`);
    if (state === 'nothing_done' && made.length > 0) complaints.push(`${id} is listed as nothing done`);
    if (state === 'done' && (isError || uncertain)) complaints.push(`${id} is listed as done`);
    if (state === 'running' || state === 'interrupted') complaints.push(`${id} is listed as ${state}`);
  }
  // What was refused has a change of its own, of which no answer spoke.
  const silent = told.filter(({ ChangeId }) => !scene.changes.has(ChangeId));
  for (const { ChangeId, State } of silent) {
    if (State !== 'nothing_done') complaints.push(`${ChangeId} is listed as ${State}, and no answer named it`);
  }
  return complaints;
}

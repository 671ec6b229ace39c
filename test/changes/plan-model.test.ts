import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberOf, openWorkbench, textOf, type Workbench } from '../support/workbench.js';

/** Random accounts and plans; a campaign sets more. fast-check prints the seed of a failure. */
const RUNS = Number(process.env['KMS_TAGS_PLANS'] ?? 60);

// The model below is written from the contract alone: it knows nothing of the code that it judges.

type TagMap = ReadonlyMap<string, string>;

interface Condition {
  readonly TagKey: string;
  readonly TagValue?: string;
  readonly Not?: boolean;
}

interface Plan {
  readonly remove: readonly string[];
  readonly set: readonly { readonly TagKey: string; readonly TagValue: string }[];
  readonly rename: readonly { readonly From: string; readonly To: string }[];
}

const KEYS = ['a', 'b', 'c', 'Env', 'env', 'owner', 'x y', 'ключ', '__proto__', 'toString', 'a,b', '"q"'] as const;
const NEW_KEYS = ['n1', 'n2', 'n3', 'team', 'constructor'] as const;
const VALUES = [
  '',
  '1',
  '2',
  'prod',
  'Prod',
  'x y',
  'é',
  '🔑',
  '"',
  '\u202ex',
  'v'.repeat(128),
  'w'.repeat(200),
] as const;
const SYSTEM_KEY = 'acs:rds:instance';
const PLAIN = /^[A-Za-z0-9/_\-.+=@:]*$/;

/** What KMS would take as a new tag. */
function isPlain(key: string, value: string): boolean {
  return PLAIN.test(key) && PLAIN.test(value);
}

function meets(tags: TagMap, conditions: readonly Condition[]): boolean {
  for (const { TagKey, TagValue, Not = false } of conditions) {
    const holds = TagValue === undefined ? tags.has(TagKey) : tags.get(TagKey) === TagValue;
    if (holds === Not) return false;
  }
  return true;
}

/** A resource's tags after the plan; undefined where the plan leaves it out. */
function applied(tags: TagMap, plan: Plan, isProtected: (key: string) => boolean): TagMap | undefined {
  const result = new Map(tags);
  let adds = false;
  for (const key of plan.remove) if (!isProtected(key)) result.delete(key);
  for (const { TagKey, TagValue } of plan.set) {
    if (isProtected(TagKey)) continue;
    adds ||= !tags.has(TagKey);
    result.set(TagKey, TagValue);
  }
  for (const { From, To } of plan.rename) {
    const value = tags.get(From);
    if (value === undefined || isProtected(From) || isProtected(To)) continue;
    if (tags.has(To) && tags.get(To) !== value) return undefined;
    if (!tags.has(To) && !isPlain(To, value)) return undefined;
    adds ||= !tags.has(To);
    result.set(To, value);
    result.delete(From);
  }
  // Old and new stand side by side for a moment, and ten is all that KMS allows.
  const together = [...new Set([...tags.keys(), ...result.keys()])].filter((key) => key !== SYSTEM_KEY);
  return adds && together.length > 10 ? undefined : result;
}

function sorted(tags: Iterable<readonly [string, string]>): string {
  return JSON.stringify([...tags].sort(([one], [other]) => (one < other ? -1 : 1)));
}

const tagMap = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom(...KEYS, ...NEW_KEYS), { maxLength: 10, size: 'max' }),
    fc.array(fc.constantFrom(...VALUES), { minLength: 10, maxLength: 10 }),
    fc.boolean(),
  )
  .map(([keys, values, hasSystemTag]): TagMap => {
    const pairs = keys.map((key, index): [string, string] => [key, values[index] ?? '']);
    return new Map(hasSystemTag ? [...pairs, [SYSTEM_KEY, 'rm-1']] : pairs);
  });

const condition: fc.Arbitrary<Condition> = fc
  .tuple(
    fc.constantFrom(...KEYS, SYSTEM_KEY, 'nowhere'),
    fc.option(fc.constantFrom(...VALUES), { nil: undefined }),
    fc.boolean(),
  )
  .map(([TagKey, TagValue, Not]) => ({ TagKey, ...(TagValue === undefined ? {} : { TagValue }), Not }));

/** Operations on different keys; what is to be set can be set. */
const plan: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.shuffledSubarray([...KEYS, ...NEW_KEYS, SYSTEM_KEY], { minLength: 1, maxLength: 8 }),
    fc.array(fc.constantFrom('remove', 'set', 'rename'), { minLength: 8, maxLength: 8 }),
    fc.constantFrom(...VALUES.filter((value) => isPlain('', value))),
  )
  .map(([keys, kinds, TagValue]) => {
    const remove: string[] = [];
    const set: Plan['set'][number][] = [];
    const rename: Plan['rename'][number][] = [];
    const left = [...keys];
    for (const kind of kinds) {
      const key = left.shift();
      if (key === undefined) break;
      const To = kind === 'rename' ? left.shift() : undefined;
      if (To !== undefined) rename.push({ From: key, To });
      else if (kind === 'set' && isPlain(key, '')) set.push({ TagKey: key, TagValue });
      else remove.push(key);
    }
    return { remove, set, rename };
  });

const scene = fc.record({
  type: fc.constantFrom('key' as const, 'secret' as const),
  account: fc.array(tagMap, { minLength: 1, maxLength: 60 }),
  plan,
  protect: fc.constantFrom([], ['owner'], ['n*', 'b'], ['e*']),
  selection: fc.oneof(
    fc.array(condition, { minLength: 1, maxLength: 3 }).map((Where) => ({ Where })),
    fc.array(fc.nat({ max: 65 }), { minLength: 1, maxLength: 40 }).map((numbers) => ({ numbers })),
  ),
});

type Scene = typeof scene extends fc.Arbitrary<infer Value> ? Value : never;

async function judge({ type, account, plan: asked, protect, selection }: Scene): Promise<void> {
  const idOf = (number: number): string => `r/${number}`;
  const rows = account.map((tags, index) => ({ id: idOf(index), Tags: Object.fromEntries(tags) }));
  const keys = rows.map(({ id, Tags }) => ({ KeyId: id, Tags }));
  const secrets = rows.map(({ id, Tags }) => ({ SecretName: id, Tags }));
  const bench = await openWorkbench({ emulator: { data: type === 'key' ? { keys } : { secrets } }, protect });
  try {
    await judgeOn(bench, { type, account, plan: asked, protect, selection }, idOf);
    expect(bench.bugs).toEqual([]);
  } finally {
    await bench.close();
  }
}

async function judgeOn(bench: Workbench, scene: Scene, idOf: (number: number) => string): Promise<void> {
  const { type, account, plan: asked, protect, selection } = scene;
  const isProtected = (key: string): boolean =>
    key === SYSTEM_KEY ||
    protect.some((pattern) => (pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern));
  const isSelected = (index: number, tags: TagMap): boolean =>
    'Where' in selection ? meets(tags, selection.Where) : selection.numbers.includes(index);
  const expected = account.map((tags, index) =>
    isSelected(index, tags) ? (applied(tags, asked, isProtected) ?? tags) : tags,
  );
  const isChanged = (index: number): boolean => sorted(account[index] ?? []) !== sorted(expected[index] ?? []);
  const changed = account.filter((_, index) => isChanged(index)).length;
  const selected = account.filter((tags, index) => isSelected(index, tags)).length;
  const stateNow = (): string[] =>
    account.map((_, index) => sorted(Object.entries(bench.emulator.tagsOf(type, idOf(index)) ?? {})));

  const answer = await bench.call('plan_change', {
    ResourceType: type,
    ...(asked.remove.length === 0 ? {} : { RemoveTagKeys: asked.remove }),
    ...(asked.set.length === 0 ? {} : { SetTags: asked.set }),
    ...(asked.rename.length === 0 ? {} : { RenameTagKeys: asked.rename }),
    ...('Where' in selection ? selection : { ResourceIds: selection.numbers.map(idOf) }),
  });
  expect(stateNow()).toEqual(account.map(sorted));
  if (answer.isError) {
    // All that was asked for is protected.
    expect(answer.text).toMatch(/^PROTECTED_TAG: /);
    expect(changed).toBe(0);
    return;
  }
  expect(answer.structured).toMatchObject({ Selected: selected, Concerned: changed });
  /** What goes or is overwritten and could not be set again stays as the plan made it. */
  const undone = account.map((tags, index) => {
    const after = expected[index] ?? tags;
    const back = new Map(tags);
    for (const [key, value] of tags) {
      if (after.get(key) === value || isPlain(key, value)) continue;
      const made = after.get(key);
      if (made === undefined) back.delete(key);
      else back.set(key, made);
    }
    return back;
  });
  const lost = account.reduce(
    (sum, tags, index) => sum + [...tags].filter(([key, value]) => undone[index]?.get(key) !== value).length,
    0,
  );
  expect(numberOf(answer, 'NotRestorable')).toBe(lost);
  if (changed === 0) {
    expect(answer.structured['PlanId']).toBeUndefined();
    return;
  }

  const run = await bench.call('apply_plan', { PlanId: textOf(answer, 'PlanId'), Change: textOf(answer, 'Change') });
  expect(stateNow()).toEqual(expected.map(sorted));
  expect(run.structured).toMatchObject({ Status: 'done', Changed: changed, Verified: changed, Unverified: 0 });

  const undo = await bench.call('undo_change', { ChangeId: textOf(run, 'ChangeId') });
  expect(stateNow()).toEqual(undone.map(sorted));
  expect(undo.structured).toMatchObject({ Failed: 0, Unknown: 0, NotAttempted: 0, Unverified: 0, Skipped: lost });
  if (lost === 0) expect(undo.structured).toMatchObject({ Status: 'done' });
}

describe('random plans on random accounts', () => {
  it(`do exactly what they say, and undo restores all but what they named, for ${RUNS} of them`, async () => {
    await fc.assert(fc.asyncProperty(scene, judge), { numRuns: RUNS, endOnFailure: false });
  }, 120_000);
});

import {
  ALWAYS,
  ANY,
  both,
  type Course,
  courseOfValue,
  type Doubt,
  isCertain,
  isSame,
  NEVER,
  SAME,
  STARTS,
  STOPS,
} from './course.js';
import type { TagChange } from './finding.js';
import { OPERATORS } from './operators.js';
import type { Condition, Statement } from './statement.js';

/** What becomes of a statement's conditions with a change of tags. Decided only when one bit is set. */
export type Becoming =
  | { readonly kind: 'unaffected' }
  | { readonly kind: 'stops matching' }
  | { readonly kind: 'starts matching' }
  | { readonly kind: 'cannot tell'; readonly doubts: readonly Doubt[] };

/** A tag that a condition key or a variable names. */
interface TagName {
  readonly tagKey: string;
  /** That KMS reads the tag under this name is documented for `kms:tag/`, spelled just so, and for nothing else. */
  readonly doubt: Doubt | undefined;
}

/** A condition of a statement on a tag of the resource, or with a variable that stands for one. */
export interface TagCondition {
  readonly condition: Condition;
  readonly tag: TagName | undefined;
  /** Tag keys that its values read by a variable: `${kms:tag/env}`. */
  readonly variables: readonly string[];
}

/**
 * The tag that a condition key reads. A tag key may itself hold `:` and `/`, so everything after the first `kms:tag/`
 * is the key. `acs:RequestTag/` is not among them: it reads the request, not the resource.
 */
function tagNameOf(conditionKey: string): TagName | undefined {
  const [, prefix, tagKey] = /^(kms:tag|acs:ResourceTag)\/(.+)$/is.exec(conditionKey) ?? [];
  if (prefix === undefined || tagKey === undefined) return undefined;
  if (prefix.toLowerCase() === 'acs:resourcetag') return { tagKey, doubt: 'acs:ResourceTag' };
  return { tagKey, doubt: prefix === 'kms:tag' ? undefined : 'letter case of the condition key' };
}

/** Tag keys that a text reads by a variable, which may have a default: `${kms:tag/env, 'none'}`. */
function tagVariables(text: string): readonly string[] {
  return [...text.matchAll(/\$\{([^}]*)\}/g)].flatMap(([, inside = '']) => {
    const name = tagNameOf((inside.split(',')[0] ?? '').trim());
    return name === undefined ? [] : [name.tagKey];
  });
}

/** The conditions of a statement that read tags, and the tag keys that its resource patterns read by a variable. */
export function tagConditionsOf({ conditions, resources }: Statement): {
  readonly conditions: readonly TagCondition[];
  readonly resourceVariables: readonly string[];
} {
  const found = conditions.map((condition): TagCondition => {
    const variables = condition.values.flatMap(tagVariables);
    return { condition, tag: tagNameOf(condition.key), variables };
  });
  return {
    conditions: found.filter(({ tag, variables }) => tag !== undefined || variables.length > 0),
    resourceVariables: resources.patterns.flatMap(tagVariables),
  };
}

/** Changes of one resource, found by tag key and by tag key whatever its case. */
export interface ChangeIndex {
  readonly exact: ReadonlyMap<string, TagChange>;
  readonly folded: ReadonlyMap<string, readonly TagChange[]>;
}

export function changeIndex(changes: readonly TagChange[]): ChangeIndex {
  const folded = new Map<string, TagChange[]>();
  for (const change of changes) {
    const key = change.tagKey.toLowerCase();
    folded.set(key, [...(folded.get(key) ?? []), change]);
  }
  return { exact: new Map(changes.map((change) => [change.tagKey, change])), folded };
}

/** Whether a condition reads one of the changed tags, at least ignoring case. */
export function isConcerned({ tag, variables }: TagCondition, { folded }: Pick<ChangeIndex, 'folded'>): boolean {
  return [...(tag === undefined ? [] : [tag.tagKey]), ...variables].some((key) => folded.has(key.toLowerCase()));
}

/**
 * What becomes of `conditions` (all must hold) with these changes. A condition that stays as it is, whichever way that
 * is, decides nothing: it is listed, like conditions on anything else, and not evaluated.
 */
export function becomingOf(conditions: readonly TagCondition[], changes: ChangeIndex): Becoming {
  let course: Course = ALWAYS;
  const doubts = new Set<Doubt>();
  for (const condition of conditions) {
    const own = courseOf(condition, changes, doubts);
    if (own === NEVER) return { kind: 'unaffected' };
    if (!isSame(own)) course = both(course, own);
  }
  if (isSame(course)) return { kind: 'unaffected' };
  if (course === STOPS) return { kind: 'stops matching' };
  if (course === STARTS) return { kind: 'starts matching' };
  return { kind: 'cannot tell', doubts: [...doubts] };
}

/** Adds to `doubts` why the course is open, if it is. */
function courseOf({ condition, tag, variables }: TagCondition, changes: ChangeIndex, doubts: Set<Doubt>): Course {
  if (variables.some((key) => changes.folded.has(key.toLowerCase()))) {
    doubts.add('policy variable');
    return ANY;
  }
  const alike = tag === undefined ? undefined : changes.folded.get(tag.tagKey.toLowerCase());
  if (tag === undefined || alike === undefined) return SAME;

  const found = new Set<Doubt>();
  const exact = changes.exact.get(tag.tagKey);
  let course = exact === undefined ? SAME : courseOfValue(condition, exact.before, exact.after, found);
  if (exact === undefined || alike.length > 1) {
    // Read without regard to case, the tags that changed are one tag; with two values, it could have either.
    const befores = alike.flatMap(({ before }) => before ?? []);
    const afters = alike.flatMap(({ after }) => after ?? []);
    const isOneTag = befores.length <= 1 && afters.length <= 1;
    course |= isOneTag ? courseOfValue(condition, befores[0], afters[0], found) : ANY;
    found.add('letter case of the condition key');
  }
  if (tag.doubt !== undefined) {
    // Read as a key that KMS does not know, it is absent before and after.
    course |= OPERATORS.get(condition.operator)?.negated === false ? NEVER : SAME;
    found.add(tag.doubt);
  }
  if (!isSame(course) && !isCertain(course)) for (const doubt of found) doubts.add(doubt);
  return course;
}

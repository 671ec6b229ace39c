import {
  ALWAYS,
  ANY,
  both,
  type Course,
  courseOfValue,
  type Doubt,
  doubtsOfValue,
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
  /** In lower case. */
  readonly folded: string;
  /** That KMS reads the tag under this name is documented for `kms:tag/`, spelled just so, and for nothing else. */
  readonly doubt: Doubt | undefined;
}

/** A condition of a statement on a tag of the resource, or with a variable that stands for one. */
export interface TagCondition {
  readonly condition: Condition;
  readonly tag: TagName | undefined;
  /** Tag keys that its values read by a variable, `${kms:tag/env}`, in lower case. */
  readonly variables: readonly string[];
}

/**
 * The tag that a condition key reads. A tag key may itself hold `:` and `/`, so everything after the first `kms:tag/`
 * is the key. `acs:RequestTag/` is not among them: it reads the request, not the resource.
 */
function tagNameOf(conditionKey: string): TagName | undefined {
  const [, prefix, tagKey] = /^(kms:tag|acs:ResourceTag)\/(.+)$/is.exec(conditionKey) ?? [];
  if (prefix === undefined || tagKey === undefined) return undefined;
  const folded = tagKey.toLowerCase();
  if (prefix.toLowerCase() === 'acs:resourcetag') return { tagKey, folded, doubt: 'acs:ResourceTag' };
  return { tagKey, folded, doubt: prefix === 'kms:tag' ? undefined : 'letter case of the condition key' };
}

/** Tag keys that a text reads by a variable, in lower case. A variable may have a default: `${kms:tag/env, 'none'}`. */
function tagVariables(text: string): readonly string[] {
  return [...text.matchAll(/\$\{([^}]*)\}/g)].flatMap(([, inside = '']) => {
    const name = tagNameOf((inside.split(',')[0] ?? '').trim());
    return name === undefined ? [] : [name.folded];
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

/** Whether a statement reads one of these tags, whose keys are given in lower case. */
export function mentionsTags(statement: Statement, folded: TagKeys): boolean {
  const { conditions, resourceVariables } = tagConditionsOf(statement);
  return conditions.some((one) => isConcerned(one, folded)) || resourceVariables.some((key) => folded.has(key));
}

/** Keys of changed tags, in lower case. */
export type TagKeys = Pick<ReadonlySet<string>, 'has'>;

/** Whether a condition reads one of the changed tags, at least ignoring case. */
export function isConcerned({ tag, variables }: TagCondition, folded: TagKeys): boolean {
  return (tag !== undefined && folded.has(tag.folded)) || variables.some((key) => folded.has(key));
}

/**
 * What becomes of `conditions` (all must hold) with these changes. A condition that stays as it is, whichever way that
 * is, decides nothing: it is listed, like conditions on anything else, and not evaluated.
 */
export function becomingOf(conditions: readonly TagCondition[], changes: ChangeIndex): Becoming {
  let course: Course = ALWAYS;
  for (const condition of conditions) {
    const own = courseOf(condition, changes);
    if (own === NEVER) return { kind: 'unaffected' };
    if (!isSame(own)) course = both(course, own);
  }
  if (isSame(course)) return { kind: 'unaffected' };
  if (course === STOPS) return { kind: 'stops matching' };
  if (course === STARTS) return { kind: 'starts matching' };
  const open = conditions.filter((condition) => {
    const own = courseOf(condition, changes);
    return !isSame(own) && !isCertain(own);
  });
  return { kind: 'cannot tell', doubts: open.flatMap((condition) => doubtsOf(condition, changes)) };
}

function courseOf({ condition, tag, variables }: TagCondition, changes: ChangeIndex): Course {
  if (variables.some((key) => changes.folded.has(key))) return ANY;
  const alike = tag === undefined ? undefined : changes.folded.get(tag.folded);
  if (tag === undefined || alike === undefined) return SAME;
  const exact = changes.exact.get(tag.tagKey);
  let course = exact === undefined ? SAME : courseOfValue(condition, exact.before, exact.after);
  if (exact === undefined || alike.length > 1) {
    const one = asOneTag(alike);
    course |= one === undefined ? ANY : courseOfValue(condition, one.before, one.after);
  }
  // Read as a key that KMS does not know, it is absent before and after.
  if (tag.doubt !== undefined) course |= OPERATORS.get(condition.operator)?.negated === false ? NEVER : SAME;
  return course;
}

/** Read without regard to case, the tags that changed are one tag; undefined when it could have either of two values. */
function asOneTag(alike: readonly TagChange[]): Omit<TagChange, 'tagKey'> | undefined {
  const [before, ...otherBefore] = alike.flatMap((change) => change.before ?? []);
  const [after, ...otherAfter] = alike.flatMap((change) => change.after ?? []);
  return otherBefore.length > 0 || otherAfter.length > 0 ? undefined : { before, after };
}

function doubtsOf({ condition, tag, variables }: TagCondition, changes: ChangeIndex): readonly Doubt[] {
  if (variables.some((key) => changes.folded.has(key))) return ['policy variable'];
  const alike = (tag === undefined ? undefined : changes.folded.get(tag.folded)) ?? [];
  const exact = alike.find(({ tagKey }) => tagKey === tag?.tagKey);
  const one = exact ?? asOneTag(alike);
  return [
    ...(one === undefined ? [] : doubtsOfValue(condition, one.before, one.after)),
    ...(exact === undefined || alike.length > 1 ? (['letter case of the condition key'] as const) : []),
    ...(tag?.doubt === undefined ? [] : [tag.doubt]),
  ];
}

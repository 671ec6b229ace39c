import type { ResourceType } from '../aliyun/kms/kms-client.js';
import type { AffectedResource, Finding, FindingDoubt, FindingKind } from './finding.js';
import { isAboutKeysOnly, tagOperationsOf } from './operations.js';
import { resourceMatcher } from './resource-pattern.js';
import type { PolicySource } from './source.js';
import type { Statement } from './statement.js';
import { becomingOf, type ChangeIndex, isConcerned, type TagKeys, tagConditionsOf } from './tag-condition.js';

/** Resources of one type and region whose tags change alike. */
export interface AlikeResources {
  readonly type: ResourceType;
  readonly regionId: string;
  readonly changes: ChangeIndex;
  readonly resources: readonly AffectedResource[];
}

/** Resources named with a finding. */
const MOST_EXAMPLES = 3;

const KINDS = {
  'stops matching': { Allow: 'would stop granting', Deny: 'would stop blocking' },
  'starts matching': { Allow: 'would start granting', Deny: 'would start blocking' },
} as const;

/** What a policy can be about. */
export interface Scope {
  readonly groups: readonly AlikeResources[];
  /** The resources of all groups. */
  readonly everything: readonly AffectedResource[];
}

/** How many times more a change of tags, or a resource, may be held against a statement. */
export interface Budget {
  left: number;
}

/**
 * What becomes of one statement: at most one finding of each kind, with the resources it is about. When `budget` is
 * spent, a concerned statement is not evaluated, and said to be so.
 */
export function statementFindings(
  source: PolicySource,
  statement: Statement,
  { groups, everything }: Scope,
  changed: TagKeys,
  accountId: string | undefined,
  budget: Budget,
): readonly Finding[] {
  const tags = tagConditionsOf(statement);
  const concerned = tags.conditions.filter((condition) => isConcerned(condition, changed));
  const isPatternConcerned = tags.resourceVariables.some((key) => changed.has(key));
  if (concerned.length === 0 && !isPatternConcerned) return [];

  const operations = tagOperationsOf(statement, source.kind);
  const matcher = resourceMatcher(statement.resources, accountId);
  const tallies = new Map<FindingKind, Tally>();
  const isAboutKeys = isAboutKeysOnly(statement);
  const isAffordable = budget.left >= groups.length;
  budget.left -= isAffordable ? groups.length : 0;
  if (!isAffordable) count(tallies, 'cannot tell', ['too much to evaluate'], everything);
  for (const { type, regionId, changes, resources } of isAffordable ? groups : []) {
    if (type !== 'key' && isAboutKeys) continue;
    const becoming = becomingOf(concerned, changes);
    if (becoming.kind === 'unaffected' && !isPatternConcerned) continue;
    const doubts: FindingDoubt[] = becoming.kind === 'cannot tell' ? [...becoming.doubts] : [];
    if (isPatternConcerned) doubts.push('policy variable');
    if (operations.length === 0) doubts.push('actions without documented effect');
    if (type !== 'key') doubts.push('tags of secrets and certificates');
    const certain = becoming.kind === 'stops matching' || becoming.kind === 'starts matching';
    const kind = certain && doubts.length === 0 ? KINDS[becoming.kind][statement.effect] : 'cannot tell';

    const ofAll = matcher.forAll({ type, regionId });
    if (ofAll === 'no') continue;
    if (ofAll === 'yes') {
      count(tallies, kind, doubts, resources);
      continue;
    }
    budget.left -= resources.length;
    if (budget.left < 0) {
      budget.left = 0;
      count(tallies, 'cannot tell', ['too much to evaluate'], resources);
      continue;
    }
    for (const resource of resources) {
      const match = matcher.forOne(resource);
      if (match === 'yes') count(tallies, kind, doubts, [resource]);
      if (match === 'maybe') count(tallies, 'cannot tell', [...doubts, 'resource pattern'], [resource]);
    }
  }

  const conditions = concerned.map(({ condition }) => condition);
  return [...tallies].map(([kind, tally]) => ({
    kind,
    doubts: [...tally.doubts],
    policy: policyOf(source),
    sid: statement.sid,
    effect: statement.effect,
    actions: statement.actions,
    operations,
    conditions,
    alsoRequires: statement.conditions.filter((condition) => !conditions.includes(condition)),
    attachedTo:
      source.kind === 'ram' ? source.attachedTo : statement.principals.map((name) => ({ type: 'principal', name })),
    resources: {
      count: tally.count,
      examples: tally.examples.map(({ type, id, regionId }) => ({ type, id, regionId })),
    },
  }));
}

export function policyOf(source: PolicySource): Finding['policy'] {
  const { kind, name } = source;
  return source.kind === 'ram' ? { kind, name } : { kind, name, regionId: source.regionId };
}

interface Tally {
  count: number;
  readonly examples: AffectedResource[];
  readonly doubts: Set<FindingDoubt>;
}

function count(
  tallies: Map<FindingKind, Tally>,
  kind: FindingKind,
  doubts: readonly FindingDoubt[],
  found: readonly AffectedResource[],
): void {
  if (found.length === 0) return;
  const tally = tallies.get(kind) ?? { count: 0, examples: [], doubts: new Set() };
  tallies.set(kind, tally);
  tally.count += found.length;
  tally.examples.push(...found.slice(0, MOST_EXAMPLES - tally.examples.length));
  for (const doubt of doubts) tally.doubts.add(doubt);
}

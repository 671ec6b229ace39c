import type { AffectedResource, Finding, FindingDoubt, FindingKind } from './finding.js';
import { isDestructive } from './operations.js';
import type { PolicySource } from './source.js';
import { type AlikeResources, policyOf, type Scope, statementFindings } from './statement-findings.js';
import { changeIndex } from './tag-condition.js';

export type FindingCounts = Readonly<Record<FindingKind, number>>;

/** What a change of tags would do to the statements that read them. */
export interface PolicyEffects {
  /** The worst first, at most ten. */
  readonly findings: readonly Finding[];
  /** Of all findings. */
  readonly counts: FindingCounts;
  /** Of those that are not shown. */
  readonly rest: FindingCounts;
  /** Policies that could not be read, or not wholly, and why. */
  readonly unreadable: readonly { readonly policy: Finding['policy']; readonly problem: string }[];
}

/**
 * Evaluations in one call, a second's work or two: 200 concerned statements times 10,000 keys that each have a value of
 * their own. With a few hundred different values, no account has policies enough to get there.
 */
const MAX_EVALUATIONS = 2_000_000;
/** Most findings that are shown. */
const MOST_FINDINGS = 10;

/**
 * What becomes of each statement when the tags of `resources` change as their `changes` say. Pure.
 *
 * Resources whose tags change alike are looked at as one, so the work grows with concerned statements times different
 * changes, and is bounded; single resources are matched only where a statement does not name them all by a wildcard.
 * `accountId` is undefined when it is not known: resource patterns then match whatever account they name.
 */
export function findPolicyEffects({
  sources,
  resources,
  accountId,
}: {
  readonly sources: readonly PolicySource[];
  readonly resources: readonly AffectedResource[];
  readonly accountId: string | undefined;
}): PolicyEffects {
  const groups = alikeGroups(resources);
  const changed = new Set(groups.flatMap(({ changes }) => [...changes.folded.keys()]));
  /** A key or secret policy is about its own resource alone. */
  const single = new Map(
    groups.flatMap((group) =>
      group.resources.map((one): [string, Scope] => [
        nameOf(one.regionId, one.type, one.id),
        { groups: [{ ...group, resources: [one] }], everything: [one] },
      ]),
    ),
  );
  const budget = { left: MAX_EVALUATIONS };
  const account: Scope = { groups, everything: groups.flatMap((group) => group.resources) };
  const findings = sources.flatMap((source) => {
    const scope =
      source.kind === 'ram' ? account : (single.get(nameOf(source.regionId, source.kind, source.name)) ?? NOTHING);
    return source.document.statements.flatMap((statement) =>
      statementFindings(source, statement, scope, changed, accountId, budget),
    );
  });
  const ranked = findings.map((finding) => ({ finding, rank: rankOf(finding) })).sort((a, b) => compareRanks(a, b));
  const worstFirst = ranked.map(({ finding }) => finding);
  return {
    findings: worstFirst.slice(0, MOST_FINDINGS),
    counts: countsOf(worstFirst),
    rest: countsOf(worstFirst.slice(MOST_FINDINGS)),
    unreadable: sources.flatMap((source) => {
      const { problem } = source.document;
      return problem === undefined ? [] : [{ policy: policyOf(source), problem }];
    }),
  };
}

function alikeGroups(resources: readonly AffectedResource[]): readonly AlikeResources[] {
  const groups = new Map<string, AffectedResource[]>();
  for (const resource of resources) {
    const changes = resource.changes.filter(({ before, after }) => before !== after);
    if (changes.length === 0) continue;
    const rows = changes.map(({ tagKey, before, after }) => JSON.stringify([tagKey, before ?? null, after ?? null]));
    const key = JSON.stringify([resource.type, resource.regionId, ...rows.sort()]);
    const alike = groups.get(key);
    if (alike === undefined) groups.set(key, [{ ...resource, changes }]);
    else alike.push(resource);
  }
  return [...groups.values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    return { type: first.type, regionId: first.regionId, changes: changeIndex(first.changes), resources: alike };
  });
}

const NOTHING: Scope = { groups: [], everything: [] };

/** The same for an id and for the ARN with that id. */
function nameOf(regionId: string, type: string, id: string): string {
  return JSON.stringify([type, regionId, id.replace(/^acs:.*?:(key|secret|certificate)\//, '')]);
}

/** Blocking that stops is the worst: it may open the way to destroy a key. */
const ORDER: Readonly<Record<FindingKind, number>> = {
  'would stop blocking': 0,
  'would start granting': 1,
  'would stop granting': 2,
  'would start blocking': 3,
  'cannot tell': 4,
};

/** What is documented to have no bearing, as far as the pages go, comes after everything else. */
const LAST: ReadonlySet<FindingDoubt> = new Set<FindingDoubt>([
  'actions without documented effect',
  'tags of secrets and certificates',
]);

function rankOf({ kind, doubts, operations, resources }: Finding): readonly number[] {
  const last = doubts.some((doubt) => LAST.has(doubt)) ? 1 : 0;
  return [last, ORDER[kind], isDestructive(operations) ? 0 : 1, -resources.count];
}

interface Ranked {
  readonly finding: Finding;
  readonly rank: readonly number[];
}

function compareRanks(a: Ranked, b: Ranked): number {
  for (const [index, rank] of a.rank.entries()) {
    const difference = rank - (b.rank[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.finding.policy.name < b.finding.policy.name ? -1 : a.finding.policy.name > b.finding.policy.name ? 1 : 0;
}

function countsOf(findings: readonly Finding[]): FindingCounts {
  const counts: Record<FindingKind, number> = {
    'would stop blocking': 0,
    'would start granting': 0,
    'would stop granting': 0,
    'would start blocking': 0,
    'cannot tell': 0,
  };
  for (const { kind } of findings) counts[kind] += 1;
  return counts;
}

import { alikePairs, isAlike } from './alike.js';
import type { Resource } from './resource.js';

/** How often a tag key is used. */
export interface KeyUsage {
  readonly key: string;
  /** Resources that carry it. */
  readonly resources: number;
  /** Resources that lack it. */
  readonly missing: number;
  /** Resources by value, most frequent first. */
  readonly values: ReadonlyMap<string, number>;
}

export interface TagSummary {
  readonly resources: number;
  readonly untagged: number;
  /** Most frequent first. */
  readonly keys: readonly KeyUsage[];
}

/** Two keys, or two values of one key, that look like spellings of one another. */
export interface Lookalike {
  /** Undefined: the two are keys. */
  readonly key: string | undefined;
  readonly a: string;
  readonly b: string;
  readonly resourcesA: number;
  readonly resourcesB: number;
}

/** Counts the tag keys and values of resources. */
export function summarizeTags(resources: readonly Resource[]): TagSummary {
  const keys = new Map<string, Map<string, number>>();
  let untagged = 0;
  for (const { tags } of resources) {
    const pairs = Object.entries(tags);
    if (pairs.length === 0) untagged += 1;
    for (const [key, value] of pairs) {
      const values = keys.get(key) ?? new Map<string, number>();
      values.set(value, (values.get(value) ?? 0) + 1);
      keys.set(key, values);
    }
  }
  const usages = [...keys].map(([key, counts]): KeyUsage => {
    const values = new Map([...counts].sort(byCount));
    const carriers = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return { key, resources: carriers, missing: resources.length - carriers, values };
  });
  return {
    resources: resources.length,
    untagged,
    keys: usages.sort((a, b) => b.resources - a.resources || (a.key < b.key ? -1 : 1)),
  };
}

/** What looks alike within one summary: keys first, then values. */
export function lookalikesOf({ keys }: TagSummary): readonly Lookalike[] {
  const counts = new Map(keys.map(({ key, resources }) => [key, resources]));
  return [
    ...alikePairs(counts).map((pair) => ({ key: undefined, ...pair })),
    ...keys.flatMap(({ key, values }) => alikePairs(values).map((pair) => ({ key, ...pair }))),
  ];
}

/** Keys of one kind of resource that look like keys that only the other kind uses. */
export function lookalikesBetween(first: TagSummary, second: TagSummary): readonly Lookalike[] {
  const firstKeys = new Map(first.keys.map(({ key, resources }) => [key, resources]));
  const secondKeys = new Map(second.keys.map(({ key, resources }) => [key, resources]));
  const onlyFirst = [...firstKeys].filter(([key]) => !secondKeys.has(key));
  const onlySecond = [...secondKeys].filter(([key]) => !firstKeys.has(key));
  return onlyFirst.flatMap(([a, resourcesA]) =>
    onlySecond.flatMap(([b, resourcesB]) => (isAlike(a, b) ? [{ key: undefined, a, b, resourcesA, resourcesB }] : [])),
  );
}

function byCount([a, countA]: readonly [string, number], [b, countB]: readonly [string, number]): number {
  return countB - countA || (a < b ? -1 : 1);
}

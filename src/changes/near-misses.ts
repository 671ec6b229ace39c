import type { Tags } from '../aliyun/kms/tag-record.js';
import { isAlike } from '../inventory/alike.js';
import { type Condition, meets } from '../inventory/conditions.js';
import type { Operations } from '../journal/plan.js';
import { keysOf } from './operations.js';

/** A tag that is not what was asked for, and looks like it. */
export interface NearMiss {
  readonly id: string;
  readonly key: string;
  readonly value: string;
}

/** Looks for other spellings of what a plan names: `Env=prod` or `env=Prod` where `env=prod` was asked for. */
export interface NearMissFinder {
  /** For a resource that is not part of the plan: the tag for which it nearly would be. */
  find(id: string, tags: Tags): NearMiss | undefined;
  /** For a resource of the plan: the tag for which a condition with `not` nearly keeps it out. */
  findPlanned(id: string, tags: Tags): NearMiss | undefined;
}

type Found = readonly [key: string, value: string] | undefined;

export function nearMissFinder(operations: Operations, conditions: readonly Condition[]): NearMissFinder {
  const named = new Set([...keysOf(operations), ...conditions.map(({ key }) => key)]);
  const touched = [...operations.remove, ...operations.rename.map(([from]) => from)];
  // A key that the plan names itself is no misspelling: "owner" when "Owner" is renamed to it.
  const isNearKey = (wanted: string, key: string): boolean => !named.has(key) && isAlike(wanted, key);

  /** The tag that nearly is what a condition is about. */
  const near = (tags: Tags, { key: wanted, value: asked }: Condition): Found =>
    Object.entries(tags).find(([key, value]) => {
      const isKey = key === wanted;
      const isValue = asked === undefined || value === asked;
      if (isKey && isValue) return false;
      return (isKey || isNearKey(wanted, key)) && (isValue || isAlike(asked, value));
    });

  const missed = (tags: Tags): Found => {
    const unmet = conditions.filter((condition) => !meets(tags, [condition]));
    const tagsNear = unmet.map((condition) => (condition.not === true ? undefined : near(tags, condition)));
    if (unmet.length > 0) return tagsNear.includes(undefined) ? undefined : tagsNear[0];
    return Object.entries(tags).find(([key]) => touched.some((wanted) => isNearKey(wanted, key)));
  };
  const planned = (tags: Tags): Found => {
    for (const condition of conditions) {
      const found = condition.not === true ? near(tags, condition) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return { find: remembered(missed), findPlanned: remembered(planned) };
}

/** Alike sets of tags are one object, see `tagTable`: thousands of resources are looked at once. */
function remembered(look: (tags: Tags) => Found) {
  const known = new Map<Tags, Found>();
  return (id: string, tags: Tags): NearMiss | undefined => {
    const found = known.has(tags) ? known.get(tags) : look(tags);
    if (known.size > MOST_REMEMBERED) known.clear();
    known.set(tags, found);
    return found === undefined ? undefined : { id, key: found[0], value: found[1] };
  };
}

const MOST_REMEMBERED = 10_000;

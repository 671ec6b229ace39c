import type { Tags } from '../aliyun/kms/tag-record.js';
import { isAlike } from '../inventory/alike.js';
import type { Condition } from '../inventory/conditions.js';

/** A tag that is not what was asked for, and looks like it. */
export interface NearMiss {
  readonly id: string;
  readonly key: string;
  readonly value: string;
}

/** Looked-alike pairs are remembered: tags repeat over thousands of resources. */
export interface NearMissFinder {
  /** The tag of a resource that was not selected, or not concerned, that nearly is one of those asked for. */
  find(id: string, tags: Tags): NearMiss | undefined;
}

/**
 * Looks for spellings of the keys that operations name and of the keys and values that conditions name:
 * `Env=prod` or `env=Prod` where `env=prod` was asked for.
 */
export function nearMissFinder(keys: readonly string[], conditions: readonly Condition[]): NearMissFinder {
  const wantedKeys = new Set([...keys, ...conditions.map(({ key }) => key)]);
  const wantedValues = conditions.filter(({ value }) => value !== undefined);
  const known = new Map<string, boolean>();
  const isNear = (key: string, value: string): boolean => {
    if (!wantedKeys.has(key)) return [...wantedKeys].some((wanted) => isAlike(wanted, key));
    return wantedValues.some(
      (wanted) => wanted.key === key && wanted.value !== value && isAlike(wanted.value ?? '', value),
    );
  };
  return {
    find(id, tags) {
      for (const [key, value] of Object.entries(tags)) {
        const name = JSON.stringify([key, value]);
        const near = known.get(name) ?? isNear(key, value);
        if (known.size > MOST_REMEMBERED) known.clear();
        known.set(name, near);
        if (near) return { id, key, value };
      }
      return undefined;
    },
  };
}

const MOST_REMEMBERED = 10_000;

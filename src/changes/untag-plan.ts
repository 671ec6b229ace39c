import type { BulkResourceType } from '../aliyun/kms/kms-client.js';
import { MAX_RESOURCES_PER_REQUEST, MAX_TAGS_PER_REQUEST } from '../aliyun/kms/limits.js';
import { QUOTAS } from '../aliyun/kms/quota.js';
import type { Carrier, View } from '../inventory/selection.js';
import { isSystemTag, type Protection } from './protection.js';

/** What a bulk removal would do, in figures whose number does not grow with the resources. */
export interface UntagPlan {
  readonly type: BulkResourceType;
  readonly selected: number;
  /** Resources that would be changed. */
  readonly carrying: number;
  readonly absent: number;
  readonly missing: number;
  readonly keyCounts: readonly { readonly key: string; readonly resources: number }[];
  /** Values that would go, most frequent first. */
  readonly values: readonly { readonly key: string; readonly value: string; readonly resources: number }[];
  readonly otherValues: number;
  readonly sample: readonly string[];
  readonly missingSample: readonly string[];
  /** Requests that applying takes: reading again, writing, reading back. */
  readonly requests: number;
  readonly seconds: number;
}

/** Values and ids that a plan shows; fewer values where they are long. */
const SHOWN_VALUES = 10;
const SHOWN_CHARACTERS = 1_200;
const SHOWN_IDS = 5;

/** The plan for a view of the selection. */
export function planUntag(type: BulkResourceType, tagKeys: readonly string[], view: View): UntagPlan {
  const keyCounts = new Map<string, number>();
  const values = new Map<string, { key: string; value: string; resources: number }>();
  for (const { tags } of view.carriers) {
    for (const [key, value] of Object.entries(tags)) {
      keyCounts.set(key, (keyCounts.get(key) ?? 0) + 1);
      const name = JSON.stringify([key, value]);
      const row = values.get(name) ?? { key, value, resources: 0 };
      row.resources += 1;
      values.set(name, row);
    }
  }
  const byFrequency = [...values.values()].sort((a, b) => b.resources - a.resources);
  const shown = countShown(byFrequency);
  const parts = Math.ceil(view.carriers.length / MAX_RESOURCES_PER_REQUEST);
  const writes = parts * Math.ceil(tagKeys.length / MAX_TAGS_PER_REQUEST);
  const writing = Math.max(writes / QUOTAS.write, parts / QUOTAS.read);
  return {
    type,
    selected: view.selected,
    carrying: view.carriers.length,
    absent: view.absent,
    missing: view.missing.length,
    keyCounts: tagKeys.map((key) => ({ key, resources: keyCounts.get(key) ?? 0 })),
    values: byFrequency.slice(0, shown),
    otherValues: byFrequency.length - shown,
    sample: view.carriers.slice(0, SHOWN_IDS).map((carrier: Carrier) => carrier.id),
    missingSample: view.missing.slice(0, SHOWN_IDS),
    requests: view.requests + writes + parts,
    seconds: Math.ceil(view.requests / QUOTAS.read + writing),
  };
}

/** Keys that a bulk removal may touch, and those that it leaves out with the reason. */
export function allowedKeys(
  tagKeys: readonly string[],
  protection: Protection,
): {
  readonly allowed: readonly string[];
  readonly protectedKeys: readonly string[];
  readonly systemKeys: readonly string[];
} {
  const protectedKeys = protection.protectedOf(tagKeys);
  const rest = tagKeys.filter((key) => !protectedKeys.includes(key));
  return { allowed: rest.filter((key) => !isSystemTag(key)), protectedKeys, systemKeys: rest.filter(isSystemTag) };
}

/** How many of `values` fit, at least one. */
function countShown(values: readonly { readonly key: string; readonly value: string }[]): number {
  let characters = 0;
  const first = values.slice(0, SHOWN_VALUES);
  const tooMany = first.findIndex(({ key, value }) => {
    characters += key.length + value.length;
    return characters > SHOWN_CHARACTERS;
  });
  return tooMany < 0 ? first.length : Math.max(1, tooMany);
}

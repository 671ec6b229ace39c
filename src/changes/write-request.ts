import { MAX_BULK_VALUE, MAX_TAGS_PER_REQUEST } from '../aliyun/kms/limits.js';
import { chunks } from '../base/parallel.js';
import type { TagStates } from '../journal/tag-states.js';

/** One resource as a part of a run writes it: the state that was read, and the one that is wanted, of the same keys. */
export interface WriteItem {
  readonly id: string;
  readonly before: TagStates;
  readonly after: TagStates;
}

/** One request of a run: the same for all its resources. */
export interface WriteRequest {
  readonly ids: readonly string[];
  readonly write:
    | { readonly kind: 'remove'; readonly keys: readonly string[] }
    /** `single`: by TagResource, for values that TagResources does not take. */
    | { readonly kind: 'set'; readonly pairs: readonly (readonly [string, string])[]; readonly single: boolean };
}

/** Requests that set what is to be set, alike resources together. */
export function setRequests(items: readonly WriteItem[]): readonly WriteRequest[] {
  const wanted = (item: WriteItem): [string, string][] =>
    Object.entries(item.after).flatMap(([key, value]): [string, string][] => (value === null ? [] : [[key, value]]));
  const isLong = ([, value]: readonly [string, string]): boolean => value.length > MAX_BULK_VALUE;
  const short = grouped(items, (item) => wanted(item).filter((pair) => !isLong(pair)));
  const long = grouped(items, (item) => wanted(item).filter(isLong));
  return [
    ...short.flatMap(({ ids, value }) =>
      chunks(value, MAX_TAGS_PER_REQUEST).map((pairs) => ({
        ids,
        write: { kind: 'set' as const, pairs, single: false },
      })),
    ),
    ...long.flatMap(({ ids, value: pairs }) =>
      ids.map((id) => ({ ids: [id], write: { kind: 'set' as const, pairs, single: true } })),
    ),
  ];
}

/** Requests that remove what is to be removed, alike resources together. */
export function removeRequests(items: readonly WriteItem[]): readonly WriteRequest[] {
  const unwanted = (item: WriteItem): string[] =>
    Object.entries(item.after).flatMap(([key, value]) => (value === null ? [key] : []));
  return grouped(items, unwanted).flatMap(({ ids, value }) =>
    chunks(value, MAX_TAGS_PER_REQUEST).map((keys) => ({ ids, write: { kind: 'remove' as const, keys } })),
  );
}

/** Items for which `valuesOf` is alike and not empty, together. */
function grouped<Value>(
  items: readonly WriteItem[],
  valuesOf: (item: WriteItem) => readonly Value[],
): { readonly ids: string[]; readonly value: readonly Value[] }[] {
  const groups = new Map<string, { ids: string[]; value: readonly Value[] }>();
  for (const item of items) {
    const value = valuesOf(item);
    if (value.length === 0) continue;
    const name = JSON.stringify(value);
    const group = groups.get(name) ?? { ids: [], value };
    group.ids.push(item.id);
    groups.set(name, group);
  }
  return [...groups.values()];
}

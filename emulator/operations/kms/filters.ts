import * as z from 'zod';
import type { Region } from '../../account/region.js';
import type { Resource } from '../../account/resource.js';
import { invalidParameter } from '../../refusal.js';
import type { OperationCall } from '../operation.js';
import { jsonParameter } from '../parameters.js';

/** What a resource shows to a filter key: one value, or several of which any may match. */
export type FilterFields<T> = Readonly<Record<string, (resource: T, region: Region) => string | readonly string[]>>;

const filtersSchema = z.array(z.object({ Key: z.string(), Values: z.array(z.string()).max(10).default([]) })).max(10);

/**
 * The resources that pass the `Filters` parameter, a JSON array of `{Key, Values}`: every key must match, by any
 * of its values; a key that is there again adds values. `TagKey` and `TagValue` together must match one tag.
 * The latest results are kept until something changes, so that pages do not filter a large region again and again.
 * Source: ListKeys and ListSecrets pages.
 */
export function createFilter<T extends Resource>(fields: FilterFields<T>) {
  const cache = new WeakMap<Region, { version: number; lists: Map<string, readonly T[]> }>();
  return (call: OperationCall, all: readonly T[]): readonly T[] => {
    const { region, parameters, now } = call;
    const text = parameters['Filters'] ?? '';
    if (text === '') {
      return all;
    }
    if (region.isStale(now)) {
      return all.filter(readPredicate(call, fields));
    }
    let kept = cache.get(region);
    if (kept === undefined || kept.version !== region.version || kept.lists.size > KEPT_LISTS) {
      kept = { version: region.version, lists: new Map() };
      cache.set(region, kept);
    }
    const list = kept.lists.get(text) ?? all.filter(readPredicate(call, fields));
    kept.lists.set(text, list);
    return list;
  };
}

const KEPT_LISTS = 8;

function readPredicate<T extends Resource>(
  { parameters, region, tagsOf }: OperationCall,
  fields: FilterFields<T>,
): (resource: T) => boolean {
  const wanted = new Map<string, Set<string>>();
  for (const { Key, Values } of jsonParameter(parameters, 'Filters', filtersSchema) ?? []) {
    if (Key !== 'TagKey' && Key !== 'TagValue' && !Object.hasOwn(fields, Key)) {
      throw invalidParameter('Filters');
    }
    const values = wanted.get(Key) ?? new Set<string>();
    wanted.set(Key, values);
    for (const value of Values) {
      values.add(value);
    }
  }
  // A key without values asks for nothing.
  const asked = [...wanted].filter(([, values]) => values.size > 0);
  const byField = asked.flatMap(([key, values]) => {
    const read = fields[key];
    return read === undefined ? [] : [{ read, values }];
  });
  const tagKeys = asked.find(([key]) => key === 'TagKey')?.[1];
  const tagValues = asked.find(([key]) => key === 'TagValue')?.[1];
  const hasTag = (resource: T) =>
    tagsOf(resource).some((tag) => (tagKeys?.has(tag.key) ?? true) && (tagValues?.has(tag.value) ?? true));
  const asksForTag = tagKeys !== undefined || tagValues !== undefined;
  return (resource) =>
    byField.every(({ read, values }) => [read(resource, region)].flat().some((value) => values.has(value))) &&
    (!asksForTag || hasTag(resource));
}

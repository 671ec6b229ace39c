import * as z from 'zod';
import type { Account, Resource } from '../account/account.js';
import { invalidParameter } from '../refusal.js';
import { jsonParameter, type Parameters } from './parameters.js';

/** What a resource shows to a filter key: one value. */
export type FilterFields<T> = Readonly<Record<string, (resource: T, account: Account) => string>>;

const filtersSchema = z.array(z.object({ Key: z.string(), Values: z.array(z.string()).max(10).default([]) })).max(10);

/**
 * The resources that pass the `Filters` parameter, a JSON array of `{Key, Values}`: every key must match, by any
 * of its values; a key that is there again adds values. `TagKey` and `TagValue` together must match one tag.
 * The latest results are kept until a tag changes, so that pages do not filter a large account again and again.
 * Source: ListKeys and ListSecrets pages.
 */
export function createFilter<T extends Resource>(fields: FilterFields<T>) {
  const cache = new WeakMap<Account, { version: number; lists: Map<string, readonly T[]> }>();
  return (account: Account, all: readonly T[], parameters: Parameters): readonly T[] => {
    const text = parameters['Filters'] ?? '';
    if (text === '') {
      return all;
    }
    let kept = cache.get(account);
    if (kept === undefined || kept.version !== account.version || kept.lists.size > KEPT_LISTS) {
      kept = { version: account.version, lists: new Map() };
      cache.set(account, kept);
    }
    const list = kept.lists.get(text) ?? all.filter(readPredicate(parameters, fields, account));
    kept.lists.set(text, list);
    return list;
  };
}

const KEPT_LISTS = 8;

function readPredicate<T extends Resource>(
  parameters: Parameters,
  fields: FilterFields<T>,
  account: Account,
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
    resource.tags.some((tag) => (tagKeys?.has(tag.key) ?? true) && (tagValues?.has(tag.value) ?? true));
  const asksForTag = tagKeys !== undefined || tagValues !== undefined;
  return (resource) =>
    byField.every(({ read, values }) => values.has(read(resource, account))) && (!asksForTag || hasTag(resource));
}

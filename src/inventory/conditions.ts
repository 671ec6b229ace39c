import type { Tags } from '../aliyun/kms/tag-record.js';
import type { Resource } from './resource.js';

/** One condition on a resource's tags. */
export interface Condition {
  readonly key: string;
  /** Undefined: any value. */
  readonly value?: string | undefined;
  /** Turned round: lacks the key, or does not have the value. */
  readonly not?: boolean | undefined;
}

/** Whether tags meet all conditions. Keys and values match exactly; case counts, as in KMS. */
export function meets(tags: Tags, conditions: readonly Condition[]): boolean {
  return conditions.every(({ key, value, not = false }) => {
    const is = Object.hasOwn(tags, key) && (value === undefined || tags[key] === value);
    return is !== not;
  });
}

/** Whether resources without any tag can meet the conditions: then a list of tags is not enough to find all. */
export function admitsUntagged(conditions: readonly Condition[]): boolean {
  return conditions.every(({ not = false }) => not);
}

/** Whether `name` is the resource's own: a key's alias, with or without `alias/`, a secret's name, or an id. */
export function isNamed({ id, names }: Resource, name: string): boolean {
  return id === name || names.includes(name) || names.includes(`alias/${name}`);
}

/** Whether `text` is part of the resource's id, names, tag keys or values; case does not count. */
export function contains({ id, names, tags }: Resource, text: string): boolean {
  const wanted = text.toLowerCase();
  return [id, ...names, ...Object.entries(tags).flat()].some((part) => part.toLowerCase().includes(wanted));
}

import { isSettable, isSystemTag, MAX_TAGS_PER_RESOURCE } from '../aliyun/kms/limits.js';
import type { Tags } from '../aliyun/kms/tag-record.js';
import { quote } from '../base/quote.js';
import type { Operations } from '../journal/plan.js';
import { type TagStates, tagStates } from '../journal/tag-states.js';
import type { Protection } from './protection.js';

/** What operations come to for one resource. */
export type Effect =
  /** Wanted state of the keys that change. */
  | { readonly kind: 'change'; readonly after: TagStates }
  | { readonly kind: 'none' }
  /** The resource is left alone; `why` continues its name. */
  | { readonly kind: 'left out'; readonly why: string };

/** Every key that operations name. */
export function keysOf({ remove, set, rename }: Operations): readonly string[] {
  return [...remove, ...set.map(([key]) => key), ...rename.flat()];
}

/**
 * What `operations` do to a resource with these tags. A rename never overwrites: where the new key has another value
 * already, the resource is left out. New tags are set before old ones go, so a resource needs room for both.
 */
export function effectOf(tags: Tags, { remove, set, rename }: Operations): Effect {
  const after: [key: string, value: string | null][] = [];
  for (const key of remove) if (Object.hasOwn(tags, key)) after.push([key, null]);
  for (const [key, value] of set) if (tags[key] !== value) after.push([key, value]);
  for (const [from, to] of rename) {
    const value = tags[from];
    if (value === undefined) continue;
    const there = tags[to];
    if (there !== undefined && there !== value) return leftOut(`has ${quote(to, 64)} already, with another value`);
    if (there === undefined && !isSettable(to, value)) {
      return leftOut(`has a value of ${quote(from, 64)} that KMS does not accept for a new tag`);
    }
    if (there === undefined) after.push([to, value]);
    after.push([from, null]);
  }
  if (after.length === 0) return { kind: 'none' };
  const added = after.filter(([key, value]) => value !== null && !Object.hasOwn(tags, key)).length;
  const present = Object.keys(tags).filter((key) => !isSystemTag(key)).length;
  if (added > 0 && present + added > MAX_TAGS_PER_RESOURCE) {
    return leftOut(`has ${present} tags, and KMS allows ${MAX_TAGS_PER_RESOURCE}`);
  }
  return { kind: 'change', after: tagStates(after) };
}

function leftOut(why: string): Effect {
  return { kind: 'left out', why };
}

/** A tag key that was asked for and that no request will name. */
export interface LeftOutKey {
  readonly key: string;
  readonly why: string;
}

/** Operations without those that touch protected tags or tags of the system. */
export function allowedOperations(
  { remove, set, rename }: Operations,
  protection: Protection,
): { readonly operations: Operations; readonly leftOut: readonly LeftOutKey[] } {
  const isProtected = (key: string): boolean => protection.protectedOf([key]).length > 0;
  const isFree = (key: string): boolean => !isProtected(key) && !isSystemTag(key);
  const operations = {
    remove: remove.filter(isFree),
    set: set.filter(([key]) => isFree(key)),
    rename: rename.filter((pair) => pair.every(isFree)),
  };
  const kept = new Set(keysOf(operations));
  const leftOut = [...new Set(keysOf({ remove, set, rename }))]
    .filter((key) => !kept.has(key))
    .filter((key) => !isFree(key));
  const why = (key: string): string => (isProtected(key) ? 'protected by the operator' : 'owned by Alibaba Cloud');
  return { operations, leftOut: leftOut.map((key) => ({ key, why: why(key) })) };
}

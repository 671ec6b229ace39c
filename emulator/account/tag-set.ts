export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** The tags of one resource, sorted by key in code-unit order, no key twice. Never changed in place. */
export type TagSet = readonly Tag[];

/** Gives the same object for the same key and value: a hundred thousand keys share a handful of tags. */
export type TagInterner = (key: string, value: string) => Tag;

export function createTagInterner(): TagInterner {
  const byKey = new Map<string, Map<string, Tag>>();
  return (key, value) => {
    const values = byKey.get(key) ?? new Map<string, Tag>();
    byKey.set(key, values);
    const tag = values.get(value) ?? { key, value };
    values.set(value, tag);
    return tag;
  };
}

/** `set` with `tags` added; a key that is there already takes the new value, of two the later. */
export function withTags(set: TagSet, tags: readonly Tag[]): TagSet {
  const byKey = new Map(set.map((tag) => [tag.key, tag]));
  for (const tag of tags) {
    byKey.set(tag.key, tag);
  }
  return [...byKey.values()].sort((left, right) => (left.key < right.key ? -1 : 1));
}

/** `set` without the tags of `keys`; keys that are not there do not matter. */
export function withoutTags(set: TagSet, keys: ReadonlySet<string>): TagSet {
  return set.filter((tag) => !keys.has(tag.key));
}

import type { TagRow } from '../aliyun/kms/kms-client.js';
import { type Tags, tagRecord } from '../aliyun/kms/tag-record.js';

/** Some tags of very many resources, in little memory: a hundred thousand take some ten megabytes. */
export interface TagTable {
  /** Keeps the tag if its key is wanted. */
  add(row: TagRow): void;
  /** Marks a resource as one of those in question, with tags or without. */
  select(resourceId: string): void;
  /** The selected ones, in no order. `tags` are shared by all that have alike ones; undefined for none. */
  selected(): Iterable<readonly [resourceId: string, tags: Tags | undefined]>;
  has(resourceId: string): boolean;
}

/** A set of tags that some resources have. */
interface Kind {
  readonly tags: Tags;
  /** What it becomes with one tag more, by key and value. */
  with?: Map<string, Map<string, number>>;
}

/** Only rows with one of `keys` are kept. */
export function tagTable(keys: readonly string[]): TagTable {
  const wanted = new Set(keys);
  const kinds: Kind[] = [];
  const numbers = new Map<string, number>();
  /** Twice the number of the kind, and one more for those that are selected: a number costs no object. */
  const byId = new Map<string, number>();

  function numberOf(tags: Tags): number {
    const name = JSON.stringify(Object.entries(tags));
    const known = numbers.get(name) ?? kinds.push({ tags }) - 1;
    numbers.set(name, known);
    return known;
  }
  const none = numberOf(tagRecord([]));

  function withTag(number: number, key: string, value: string): number {
    const kind = kinds[number];
    if (kind === undefined) return none;
    kind.with ??= new Map();
    const byValue = kind.with.get(key) ?? new Map<string, number>();
    kind.with.set(key, byValue);
    const pairs = (): [string, string][] => [
      ...Object.entries(kind.tags).filter(([name]) => name !== key),
      [key, value],
    ];
    const next = byValue.get(value) ?? numberOf(tagRecord(pairs().sort(([a], [b]) => (a < b ? -1 : 1))));
    byValue.set(value, next);
    return next;
  }

  return {
    add({ resourceId, key, value }) {
      if (!wanted.has(key)) return;
      const entry = byId.get(resourceId) ?? none * 2;
      byId.set(resourceId, withTag(entry >> 1, key, value) * 2 + (entry & 1));
    },
    select(resourceId) {
      byId.set(resourceId, (byId.get(resourceId) ?? none * 2) | 1);
    },
    *selected() {
      for (const [id, entry] of byId) {
        if ((entry & 1) === 0) continue;
        const number = entry >> 1;
        yield [id, number === none ? undefined : kinds[number]?.tags];
      }
    },
    has: (resourceId) => byId.has(resourceId),
  };
}

import type { TagRow } from '../aliyun/kms/kms-client.js';
import { type Tags, tagRecord } from '../aliyun/kms/tag-record.js';

/** Tags of very many resources. Alike sets of tags are one object: resources come in few kinds. */
export interface TagTable {
  add(rows: readonly TagRow[]): void;
  /** Resources that have tags, in the order of their first row. */
  readonly byId: ReadonlyMap<string, Tags>;
}

const NO_TAGS = tagRecord([]);
/** Kinds that are remembered; where every resource has tags of its own, sharing saves nothing. */
const MOST_KINDS = 10_000;

export function tagTable(): TagTable {
  const byId = new Map<string, Tags>();
  const kinds = new Map<string, Tags>();
  const add = ({ resourceId, key, value }: TagRow): void => {
    const others = Object.entries(byId.get(resourceId) ?? NO_TAGS).filter(([name]) => name !== key);
    const pairs = [...others, [key, value] as const].sort(([a], [b]) => (a < b ? -1 : 1));
    const name = JSON.stringify(pairs);
    const tags = kinds.get(name) ?? tagRecord(pairs);
    if (kinds.size < MOST_KINDS) kinds.set(name, tags);
    byId.set(resourceId, tags);
  };
  return {
    byId,
    add(rows) {
      for (const row of rows) add(row);
    },
  };
}

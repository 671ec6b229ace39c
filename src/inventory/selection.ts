import type { BulkResourceType, Kms, TagFilter, TagRow } from '../aliyun/kms/kms-client.js';
import { MAX_RESOURCES_PER_REQUEST } from '../aliyun/kms/limits.js';
import type { Tags } from '../aliyun/kms/tag-record.js';
import { startHash } from '../base/digest.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { chunks, inParallel, readResourceIds, readTagRows } from './paging.js';
import { type TagTable, tagTable } from './tag-table.js';

/** Which resources a bulk change is about. */
export type Selection =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'tagged'; readonly filter: TagFilter };

/** A resource that carries at least one of the tag keys in question, with those tags. */
export interface Carrier {
  readonly id: string;
  readonly tags: Tags;
}

/** A selection as it is now. */
export interface View {
  /** Sorted by id, so that a part of it can be named by its last id. */
  readonly carriers: readonly Carrier[];
  /** Selected, and carrying none of the keys. */
  readonly absent: number;
  /** Selected by id, and not in this region. */
  readonly missing: readonly string[];
  /** Selected in all, each counted once. */
  readonly selected: number;
  /** What the reading took. */
  readonly requests: number;
}

export interface Reading {
  readonly kms: Kms;
  readonly type: BulkResourceType;
  readonly selection: Selection;
  readonly tagKeys: readonly string[];
  /** Leave out what comes up to and including this id: it is done. */
  readonly after: string | undefined;
  readonly options: CallOptions;
}

/** Readings by id that are under way at once. */
const READS_AT_ONCE = 8;

/** Reads a selection in pages: about rows/200 requests, or one for every 50 ids. Rejects with `RpcError`. */
export async function readSelection(request: Reading): Promise<View> {
  const { selection, after } = request;
  let requests = 0;
  const reading = {
    ...request,
    kms: counting(request.kms, () => {
      requests += 1;
    }),
  };
  const table = tagTable(reading.tagKeys);
  const missing = selection.kind === 'ids' ? await readByIds(reading, selection.ids, table) : [];
  if (selection.kind === 'tagged') await readByTag(reading, selection.filter, table);
  return { ...viewOf(table, missing, after), requests };
}

/** KMS with its readings counted. */
function counting(kms: Kms, count: () => void): Kms {
  const counted =
    <Arguments extends unknown[], Reply>(read: (...parameters: Arguments) => Reply) =>
    (...parameters: Arguments): Reply => {
      count();
      return read(...parameters);
    };
  return {
    ...kms,
    listTagResources: counted(kms.listTagResources),
    listKeys: counted(kms.listKeys),
    listSecrets: counted(kms.listSecrets),
  };
}

/** Fills the table; returns the ids that do not exist. */
async function readByIds(
  { kms, type, options, after }: Reading,
  asked: readonly string[],
  table: TagTable,
): Promise<string[]> {
  const ids = [...new Set(asked)].filter((id) => isLeft(id, after));
  for (const id of ids) table.select(id);
  const tagged = new Set<string>();
  await inParallel(chunks(ids, MAX_RESOURCES_PER_REQUEST), READS_AT_ONCE, (chunk) =>
    readTagRows(
      kms,
      { type, ids: chunk },
      (row) => {
        tagged.add(row.resourceId);
        table.add(row);
      },
      options,
    ),
  );
  const untagged = ids.filter((id) => !tagged.has(id));
  if (untagged.length === 0) return [];
  // A resource without tags and one that does not exist look alike so far.
  const known = await readResourceIds(kms, type, options);
  return untagged.filter((id) => !known.has(id));
}

/** Fills the table. */
async function readByTag({ kms, type, tagKeys, options }: Reading, filter: TagFilter, table: TagTable): Promise<void> {
  let showsOtherTags = false;
  await readTagRows(
    kms,
    { type, filter },
    (row) => {
      table.add(row);
      if (row.key !== filter.key) showsOtherTags = true;
      else if (filter.value === undefined || row.value === filter.value) table.select(row.resourceId);
    },
    options,
  );
  // Nothing says whether the rows of a filtered list show the other tags of a match. If none are seen, ask for each key.
  const unseen = showsOtherTags ? [] : tagKeys.filter((key) => key !== filter.key);
  for (const key of unseen) {
    const addToKnown = (row: TagRow): void => {
      if (table.has(row.resourceId)) table.add(row);
    };
    await readTagRows(kms, { type, filter: { key } }, addToKnown, options);
  }
}

function isLeft(id: string, after: string | undefined): boolean {
  return after === undefined || id > after;
}

function viewOf(table: TagTable, missing: readonly string[], after: string | undefined): Omit<View, 'requests'> {
  const carriers: Carrier[] = [];
  let selected = 0;
  for (const [id, tags] of table.selected()) {
    if (!isLeft(id, after)) continue;
    selected += 1;
    if (tags !== undefined) carriers.push({ id, tags });
  }
  carriers.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { carriers, missing, absent: selected - carriers.length - missing.length, selected };
}

/** Changes when a resource joins or leaves the carriers, or one of the values changes. */
export function viewDigest({ carriers, missing }: Pick<View, 'carriers' | 'missing'>): string {
  const hash = startHash();
  for (const { id, tags } of carriers) hash.update(`${JSON.stringify([id, Object.entries(tags).sort()])}\n`);
  hash.update(JSON.stringify([...missing].sort()));
  return hash.digest('base64url');
}

import type { BulkResourceType, Kms } from '../aliyun/kms/kms-client.js';
import { type Tags, tagRecord } from '../aliyun/kms/tag-record.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { KEY_STATES, readPages, readTagRows } from './paging.js';

/** A key or a secret as an agent finds it. */
export interface FoundResource {
  readonly id: string;
  /** A key's aliases, or the secret's name. */
  readonly name: string;
  /** A key's state as KMS has it; for secrets `Active` or `PendingDeletion`. */
  readonly state: string;
  readonly tags: Tags;
}

/** What to look for; all that is given must hold. */
export interface Filter {
  readonly tagKey?: string | undefined;
  readonly tagValue?: string | undefined;
  readonly missingTagKey?: string | undefined;
  /** Part of the id, the name, a tag key or a value; case does not count. */
  readonly text?: string | undefined;
}

/**
 * All keys or secrets of a region with names, states and tags, sorted by id. The lists are read whole and joined here,
 * so the cost grows with their pages: for N keys about N/100 requests for ids (by state, which the list does not say),
 * N/100 for aliases and rows/200 for tags; for secrets N/100. Rejects with `RpcError`.
 */
export async function readAll(
  kms: Kms,
  type: BulkResourceType,
  options: CallOptions,
): Promise<readonly FoundResource[]> {
  const found = type === 'key' ? await readKeys(kms, options) : await readSecrets(kms, options);
  return found.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

async function readKeys(kms: Kms, options: CallOptions): Promise<FoundResource[]> {
  const states = new Map<string, string>();
  const names = new Map<string, string[]>();
  const tags = new Map<string, [string, string][]>();
  const add = <Value>(map: Map<string, Value[]>, id: string, value: Value): void => {
    const known = map.get(id);
    if (known === undefined) map.set(id, [value]);
    else known.push(value);
  };
  await Promise.all([
    ...KEY_STATES.map((state) =>
      readPages(
        (page) => kms.listKeys(page, state, options),
        (ids) => {
          for (const id of ids) states.set(id, state);
        },
        options,
      ),
    ),
    readPages(
      (page) => kms.listAliases(page, options),
      (rows) => {
        for (const { keyId, alias } of rows) add(names, keyId, alias);
      },
      options,
    ),
    readTagRows(kms, { type: 'key' }, ({ resourceId, key, value }) => add(tags, resourceId, [key, value]), options),
  ]);
  return [...states].map(([id, state]) => ({
    id,
    state,
    name: (names.get(id) ?? []).sort().join(', '),
    tags: tagRecord(tags.get(id) ?? []),
  }));
}

async function readSecrets(kms: Kms, options: CallOptions): Promise<FoundResource[]> {
  const found: FoundResource[] = [];
  await readPages(
    (page) => kms.listSecrets(page, options),
    (rows) => {
      for (const { name, pendingDeletion, tags } of rows) {
        found.push({ id: name, name, state: pendingDeletion ? 'PendingDeletion' : 'Active', tags });
      }
    },
    options,
  );
  return found;
}

/** Whether a resource is what the filter looks for. */
export function matches({ id, name, tags }: FoundResource, filter: Filter): boolean {
  const { tagKey, tagValue, missingTagKey, text } = filter;
  if (tagKey !== undefined && !Object.hasOwn(tags, tagKey)) return false;
  if (tagValue !== undefined) {
    const candidates = tagKey === undefined ? Object.values(tags) : [tags[tagKey]];
    if (!candidates.includes(tagValue)) return false;
  }
  if (missingTagKey !== undefined && Object.hasOwn(tags, missingTagKey)) return false;
  if (text === undefined) return true;
  const wanted = text.toLowerCase();
  return [id, name, ...Object.entries(tags).flat()].some((part) => part.toLowerCase().includes(wanted));
}

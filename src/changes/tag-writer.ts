import type { BulkResourceType, Kms } from '../aliyun/kms/kms-client.js';
import { MAX_RESOURCES_PER_REQUEST, MAX_TAGS_PER_REQUEST } from '../aliyun/kms/limits.js';
import { tagRecord } from '../aliyun/kms/tag-record.js';
import { chunks, readTagRows } from '../inventory/paging.js';
import type { ResourceRef } from '../inventory/resource.js';
import type { TagStates } from '../journal/change.js';
import type { CallOptions } from '../rpc/rpc-client.js';

/** Tags of resources, by id and key. */
export type TagsById = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** How resources get into a state, and how their tags are read back. Methods reject with `RpcError` or `CredentialsError`. */
export interface TagWriter {
  /** Most ids in one `send`. */
  readonly maxIds: number;
  /** Number of write requests that `send` makes of these states. */
  requests(after: TagStates): number;
  /** Removes and sets tags so that every id gets into the state. `onRequest` hears of each request that succeeded. */
  send(
    ids: readonly string[],
    after: TagStates,
    onRequest: (requestId: string) => void,
    options: CallOptions,
  ): Promise<void>;
  /** At least the named tags of the ids. An id without tags has an empty map, whether it exists or not. */
  read(ids: readonly string[], keys: readonly string[], options: CallOptions): Promise<TagsById>;
}

/** TagResources takes values up to 128 characters, TagResource up to 256. Source: their help pages. */
const MAX_BULK_VALUE = 128;

/** For many keys or secrets: UntagResources, TagResources, ListTagResources. */
export function bulkTagWriter(kms: Kms, type: BulkResourceType): TagWriter {
  return {
    maxIds: MAX_RESOURCES_PER_REQUEST,
    requests(after) {
      const { removals, settings } = split(after);
      return Math.ceil(removals.length / MAX_TAGS_PER_REQUEST) + Math.ceil(settings.length / MAX_TAGS_PER_REQUEST);
    },
    async send(ids, after, onRequest, options) {
      const { removals, settings } = split(after);
      for (const keys of chunks(removals, MAX_TAGS_PER_REQUEST)) {
        onRequest((await kms.untagResources(type, ids, keys, options)).requestId);
      }
      const short = settings.filter(([, value]) => value.length <= MAX_BULK_VALUE);
      const long = settings.filter(([, value]) => value.length > MAX_BULK_VALUE);
      for (const pairs of chunks(short, MAX_TAGS_PER_REQUEST)) {
        onRequest((await kms.tagResources(type, ids, tagRecord(pairs), options)).requestId);
      }
      for (const id of long.length === 0 ? [] : ids) {
        onRequest((await kms.tagResource({ type, id }, tagRecord(long), options)).requestId);
      }
    },
    async read(ids, keys, options) {
      const byId = new Map<string, Map<string, string>>(ids.map((id) => [id, new Map()]));
      const [only] = keys;
      const filter = keys.length === 1 && only !== undefined ? { key: only } : undefined;
      await readTagRows(
        kms,
        { type, ids, filter },
        (row) => byId.get(row.resourceId)?.set(row.key, row.value),
        options,
      );
      return byId;
    },
  };
}

/** For one resource of any type: UntagResource, TagResource, and the type's own way to read tags. */
export function singleTagWriter(kms: Kms, { type }: Pick<ResourceRef, 'type'>): TagWriter {
  return {
    maxIds: 1,
    requests(after) {
      const { removals, settings } = split(after);
      return Math.min(1, removals.length) + Math.min(1, settings.length);
    },
    async send(ids, after, onRequest, options) {
      const { removals, settings } = split(after);
      for (const id of ids) {
        if (removals.length > 0) onRequest((await kms.untagResource({ type, id }, removals, options)).requestId);
        if (settings.length > 0)
          onRequest((await kms.tagResource({ type, id }, tagRecord(settings), options)).requestId);
      }
    },
    async read(ids, _keys, options) {
      const byId = new Map<string, Map<string, string>>();
      for (const id of ids) {
        const { tags } = await kms.readTags({ type, id }, options);
        byId.set(id, new Map(Object.entries(tags)));
      }
      return byId;
    },
  };
}

function split(after: TagStates): { removals: string[]; settings: [string, string][] } {
  const entries = Object.entries(after);
  return {
    removals: entries.filter(([, value]) => value === null).map(([key]) => key),
    settings: entries.flatMap(([key, value]): [string, string][] => (value === null ? [] : [[key, value]])),
  };
}

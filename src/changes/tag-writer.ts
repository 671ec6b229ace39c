import type { BulkResourceType, Done, Kms, ResourceType, TagRow } from '../aliyun/kms/kms-client.js';
import { MAX_RESOURCES_PER_REQUEST } from '../aliyun/kms/limits.js';
import { type Tags, tagRecord } from '../aliyun/kms/tag-record.js';
import { readTagRows } from '../inventory/pages.js';
import { readTagsById, resourceRefusal, type TagsById } from '../inventory/tag-reader.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import type { WriteRequest } from './write-request.js';

/** How tags of a region are written and read back. Methods reject with `RpcError` or `CredentialsError`. */
export interface TagWriter {
  /** Most ids in one part of a run. */
  readonly maxIds: number;
  send(request: WriteRequest, options: CallOptions): Promise<Done>;
  /** Ids of all resources of the region that carry a tag; undefined when that takes more than `most` requests. */
  carriers?(key: string, most: number, options: CallOptions): Promise<ReadonlySet<string> | undefined>;
  /** At least the named tags of the ids. */
  read(ids: readonly string[], keys: readonly string[], options: CallOptions): Promise<TagsById>;
}

/** For many keys or secrets: UntagResources, TagResources, ListTagResources. */
export function bulkTagWriter(kms: Kms, type: BulkResourceType): TagWriter {
  return {
    maxIds: MAX_RESOURCES_PER_REQUEST,
    send({ ids, write }, options) {
      if (write.kind === 'remove') return kms.untagResources(type, ids, write.keys, options);
      const [only] = ids;
      return write.single && only !== undefined
        ? kms.tagResource({ type, id: only }, tagRecord(write.pairs), options)
        : kms.tagResources(type, ids, tagRecord(write.pairs), options);
    },
    async carriers(key, most, options) {
      const ids = new Set<string>();
      const add = (rows: readonly TagRow[]): void => {
        for (const row of rows) if (row.key === key) ids.add(row.resourceId);
      };
      return (await readTagRows(kms, { type, filter: { key } }, add, options, most)) ? ids : undefined;
    },
    read(ids, keys, options) {
      const [only] = keys;
      const filter = keys.length === 1 && only !== undefined ? { key: only } : undefined;
      return readTagsById(kms, type, ids, options, filter);
    },
  };
}

/** For one resource of any type: UntagResource, TagResource, and the type's own way to read tags. */
export function singleTagWriter(kms: Kms, type: ResourceType): TagWriter {
  return {
    maxIds: 1,
    send({ ids: [id = ''], write }, options) {
      return write.kind === 'remove'
        ? kms.untagResource({ type, id }, write.keys, options)
        : kms.tagResource({ type, id }, tagRecord(write.pairs), options);
    },
    async read(ids, _keys, options) {
      const byId = new Map<string, Tags>();
      const refused = new Map<string, string>();
      for (const id of ids) {
        try {
          byId.set(id, (await kms.readTags({ type, id }, options)).tags);
        } catch (error) {
          const code = resourceRefusal(error);
          if (code === undefined) throw error;
          refused.set(id, code);
        }
      }
      return { byId, refused };
    },
  };
}

import type { BulkResourceType, Kms, TagFilter } from '../aliyun/kms/kms-client.js';
import { MAX_RESOURCES_PER_REQUEST } from '../aliyun/kms/limits.js';
import type { Tags } from '../aliyun/kms/tag-record.js';
import { chunks, inParallel } from '../base/parallel.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { RpcError } from '../rpc/rpc-error.js';
import { readTagRows } from './pages.js';
import { tagTable } from './tag-table.js';

/** Requests of one reading that are under way at once. */
const READS_AT_ONCE = 8;

/** Tags of named resources. */
export interface TagsById {
  /** Those that have tags. */
  readonly byId: ReadonlyMap<string, Tags>;
  /** Those that KMS refused to speak of, with its code; nothing is known of them. */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Tags of keys or secrets, by id: one request for every 50. A refusal that one of the resources may be the reason of is
 * split until that one is alone. Rejects with `RpcError`.
 */
export async function readTagsById(
  kms: Kms,
  type: BulkResourceType,
  ids: readonly string[],
  options: CallOptions,
  filter?: TagFilter,
): Promise<TagsById> {
  const table = tagTable();
  const refused = new Map<string, string>();
  const read = async (some: readonly string[]): Promise<void> => {
    try {
      await readTagRows(kms, { type, ids: some, filter }, table.add, options);
    } catch (error) {
      const code = resourceRefusal(error);
      if (code === undefined) throw error;
      if (some.length === 1) {
        for (const id of some) refused.set(id, code);
        return;
      }
      const half = Math.ceil(some.length / 2);
      await read(some.slice(0, half));
      await read(some.slice(half));
    }
  };
  await inParallel(chunks(ids, MAX_RESOURCES_PER_REQUEST), READS_AT_ONCE, read);
  return { byId: table.byId, refused };
}

/** Refusals that are about one of the resources, and not about the caller. */
const ABOUT_A_RESOURCE =
  /^(InvalidResourceId.*|Forbidden\.(KeyNotFound|ResourceNotFound|AliasNotFound)|InvalidParameter|ResourceNotExists?)$/;

/** The code of a refusal that splitting may get round. */
export function resourceRefusal(error: unknown): string | undefined {
  if (!(error instanceof RpcError) || error.failure.kind !== 'service') return undefined;
  return ABOUT_A_RESOURCE.test(error.failure.code) ? error.failure.code : undefined;
}

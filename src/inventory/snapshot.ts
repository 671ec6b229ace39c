import type { Kms } from '../aliyun/kms/kms-client.js';
import type { Tags } from '../aliyun/kms/tag-record.js';
import { digest } from '../base/digest.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { RpcError } from '../rpc/rpc-error.js';
import type { ResourceRef } from './resource.js';

/** The tags of a resource before a change, as far as they can be known. */
export type Snapshot =
  | { readonly known: true; readonly tags: Tags }
  /** `reason` is a sentence of ours, or the service's code. */
  | { readonly known: false; readonly reason: string };

export const NOT_READ: Snapshot = {
  known: false,
  reason: 'reading tags before a change is switched off (--no-snapshot)',
};

/**
 * Answers to a read that say "not you" or "not here": the change itself may still be allowed, so it goes ahead without
 * a snapshot. DescribeCertificate is gone for newer accounts. Anything else stops the change before it is sent.
 */
const READ_NOT_POSSIBLE =
  /^(Forbidden\.NoPermission|Forbidden\.RAM|NoPermission|InvalidAction\.NotFound|UnsupportedOperation|Unsupported\..*|InvalidParameter)$/;

/** Reads the tags of `ref` with one request. Rejects with `RpcError` where going ahead makes no sense. */
export async function readSnapshot(kms: Kms, ref: ResourceRef, options: CallOptions): Promise<Snapshot> {
  try {
    const { tags } = await kms.readTags(ref, options);
    return { known: true, tags };
  } catch (error) {
    return unknownAfter(error);
  }
}

/** What a failed read leaves to be known. Throws the error again where going ahead makes no sense. */
export function unknownAfter(error: unknown): Snapshot {
  const refused = error instanceof RpcError && error.failure.kind === 'service' ? error.failure.code : undefined;
  if (refused === undefined || !READ_NOT_POSSIBLE.test(refused)) throw error;
  return { known: false, reason: `the tags could not be read before the change (${refused})` };
}

/**
 * Changes when the set of tags or a value changes, and when the same name leads to another resource: what a person agreed
 * to is compared by it.
 */
export function snapshotDigest({ type, id, regionId }: ResourceRef, snapshot: Snapshot): string {
  const seen = snapshot.known ? Object.entries(snapshot.tags).sort(([a], [b]) => (a < b ? -1 : 1)) : null;
  return digest([type, id, regionId, seen]);
}

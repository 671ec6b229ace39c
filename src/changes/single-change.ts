import type { Kms } from '../aliyun/kms/kms-client.js';
import { type Tags, tagRecord } from '../aliyun/kms/tag-record.js';
import type { ResourceRef } from '../inventory/resource.js';
import type { Snapshot } from '../inventory/snapshot.js';
import { type TagStates, tagStates } from '../journal/change.js';
import type { Journal } from '../journal/journal.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { RpcError } from '../rpc/rpc-error.js';
import { codeOf } from './bulk-send.js';

/** What a change of one resource needs. */
export interface SingleChange {
  readonly kms: Kms;
  readonly journal: Journal;
  readonly ref: ResourceRef;
  readonly snapshot: Snapshot;
  /** Name of the tool, for the journal. */
  readonly tool: string;
  readonly subject: string | undefined;
  readonly options: CallOptions;
}

export interface Changed {
  readonly changeId: string;
  readonly requestId: string;
}

/** A write that did not succeed. `cause.effect` tells whether it may have been carried out all the same. */
export class WriteFailed extends Error {
  override readonly name = 'WriteFailed';
  override readonly cause: RpcError;
  readonly changeId: string;

  constructor(cause: RpcError, changeId: string) {
    super(cause.message);
    this.cause = cause;
    this.changeId = changeId;
  }
}

/** Removes `tagKeys` from one resource: journal first, then one `UntagResource`. Rejects with `WriteFailed`. */
export function untagOne(change: SingleChange, tagKeys: readonly string[]): Promise<Changed> {
  const after = tagStates(tagKeys.map((key) => [key, null]));
  return writeOne(change, after, () => change.kms.untagResource(change.ref, tagKeys, change.options));
}

/** Sets `tags` on one resource: journal first, then one `TagResource`. Rejects with `WriteFailed`. */
export function tagOne(change: SingleChange, tags: Tags): Promise<Changed> {
  const after = tagStates(Object.entries(tags));
  return writeOne(change, after, () => change.kms.tagResource(change.ref, tags, change.options));
}

async function writeOne(
  { journal, ref, snapshot, tool, subject }: SingleChange,
  after: TagStates,
  write: () => Promise<{ readonly requestId: string }>,
): Promise<Changed> {
  const before = snapshot.known ? statesOf(snapshot.tags, Object.keys(after)) : undefined;
  const items = [{ resourceId: ref.id, before, after }];
  const change = await journal.begin({ tool, subject, regionId: ref.regionId, resourceType: ref.type, items });
  const resourceIds = [ref.id];
  try {
    const { requestId } = await write();
    await change.record({ kind: 'done', resourceIds, requestId });
    await change.end('done');
    return { changeId: change.changeId, requestId };
  } catch (error) {
    const failed = error instanceof RpcError ? error : undefined;
    const isUnknown = failed?.effect === 'unknown';
    const code = failed === undefined ? undefined : codeOf(failed);
    await change.record({ kind: isUnknown ? 'unknown' : 'failed', resourceIds, code });
    await change.end(isUnknown ? 'unknown' : 'nothing_done');
    throw failed === undefined ? error : new WriteFailed(failed, change.changeId);
  }
}

/** States of `keys` among `tags`. */
export function statesOf(tags: Tags, keys: readonly string[]): TagStates {
  return tagStates(keys.map((key) => [key, Object.hasOwn(tags, key) ? (tags[key] ?? null) : null]));
}

/** Those of `keys` that `tags` holds, with their values. */
export function pick(tags: Tags, keys: readonly string[]): Tags {
  return tagRecord(keys.filter((key) => Object.hasOwn(tags, key)).map((key) => [key, tags[key] ?? '']));
}

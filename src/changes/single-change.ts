import type { Kms } from '../aliyun/kms/kms-client.js';
import { type Tags, tagRecord } from '../aliyun/kms/tag-record.js';
import type { Account } from '../aliyun/sts/account.js';
import type { ResourceRef } from '../inventory/resource.js';
import { isAlias } from '../inventory/selection.js';
import { NOT_READ, readSnapshot, type Snapshot, unknownAfter } from '../inventory/snapshot.js';
import type { Journal } from '../journal/journal.js';
import type { Operations } from '../journal/plan.js';
import { statesOf, type TagStates, tagStates } from '../journal/tag-states.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { RpcError } from '../rpc/rpc-error.js';
import { failureCode } from './failure-code.js';
import { singleSentence } from './sentence.js';

/** One resource as it is before its change. */
export interface Before {
  readonly ref: ResourceRef;
  readonly snapshot: Snapshot;
  readonly account: Account;
}

/**
 * Reads a resource before it is changed, and learns the account meanwhile. An alias is resolved to its key: it may point
 * to another one by the time of an undo. `read: false`: nothing is sent, and nothing is known. Rejects with `RpcError`.
 */
export async function readBefore(
  kms: Kms,
  target: ResourceRef,
  {
    read,
    account,
    options,
  }: {
    readonly read: boolean;
    readonly account: (options: CallOptions) => Promise<Account>;
    readonly options: CallOptions;
  },
): Promise<Before> {
  const look = async (): Promise<Pick<Before, 'ref' | 'snapshot'>> => {
    if (!read) return { ref: target, snapshot: NOT_READ };
    if (target.type !== 'key' || !isAlias(target.id)) {
      return { ref: target, snapshot: await readSnapshot(kms, target, options) };
    }
    try {
      const ref = { ...target, id: (await kms.describeKey(target.id, options)).keyId };
      return { ref, snapshot: await readSnapshot(kms, ref, options) };
    } catch (error) {
      // Who may not look up an alias may still be allowed to change the key by it.
      return { ref: target, snapshot: unknownAfter(error) };
    }
  };
  const [looked, whose] = await Promise.all([look(), account(options)]);
  return { ...looked, account: whose };
}

/** What a change of one resource needs. */
export interface SingleChange extends Before {
  readonly kms: Kms;
  readonly journal: Journal;
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
  /** Tags that it was to take away or overwrite. */
  readonly taken: Tags | 'unknown';

  constructor(cause: RpcError, changeId: string, taken: Tags | 'unknown' = tagRecord([])) {
    super(cause.message);
    this.cause = cause;
    this.changeId = changeId;
    this.taken = taken;
  }
}

/** Removes `tagKeys` from one resource: journal first, then one `UntagResource`. Rejects with `WriteFailed`. */
export function untagOne(change: SingleChange, tagKeys: readonly string[]): Promise<Changed> {
  return writeOne(change, { remove: tagKeys, set: [], rename: [] }, () =>
    change.kms.untagResource(change.ref, tagKeys, change.options),
  );
}

/** Sets `tags` on one resource: journal first, then one `TagResource`. Rejects with `WriteFailed`. */
export function tagOne(change: SingleChange, tags: Tags): Promise<Changed> {
  return writeOne(change, { remove: [], set: Object.entries(tags), rename: [] }, () =>
    change.kms.tagResource(change.ref, tags, change.options),
  );
}

async function writeOne(
  { journal, ref, account, snapshot, tool, subject }: SingleChange,
  operations: Operations,
  write: () => Promise<{ readonly requestId: string }>,
): Promise<Changed> {
  const { id, type, regionId } = ref;
  const wanted: [string, string | null][] = [...operations.remove.map((key): [string, null] => [key, null])];
  for (const [key, value] of operations.set) wanted.push([key, value]);
  const after = tagStates(wanted);
  const before = snapshot.known ? statesOf(snapshot.tags, Object.keys(after)) : undefined;
  const sentence = singleSentence(operations, ref, account);
  const header = { tool, sentence, resourceType: type, resources: 1, account, subject };
  const change = await journal.begin(header, [{ regionId, ids: [id], before, after }]);
  const what = { regionId, ids: [id] };
  try {
    const { requestId } = await write();
    await change.record({ kind: 'done', ...what, requestId });
    await change.end('done');
    return { changeId: change.changeId, requestId };
  } catch (error) {
    const code = failureCode(error);
    const failed = error instanceof RpcError ? error : undefined;
    const isUnknown = failed === undefined ? code === undefined : failed.effect === 'unknown';
    const isRefused = failed?.failure.kind === 'service';
    await change.record({ kind: isUnknown ? 'unknown' : isRefused ? 'refused' : 'not_sent', ...what, code });
    await change.end(isUnknown ? 'unknown' : 'nothing_done');
    if (failed === undefined) throw error;
    throw new WriteFailed(failed, change.changeId, before === undefined ? 'unknown' : takenBy(before, after));
  }
}

function takenBy(before: TagStates, after: TagStates): Tags {
  return tagRecord(
    Object.entries(before).flatMap(([key, value]) => (value === null || value === after[key] ? [] : [[key, value]])),
  );
}

/** Those of `keys` that `tags` holds, with their values. */
export function pick(tags: Tags, keys: readonly string[]): Tags {
  return tagRecord(keys.filter((key) => Object.hasOwn(tags, key)).map((key) => [key, tags[key] ?? '']));
}

import type { Kms } from '../aliyun/kms/kms-client.js';
import type { SingleChange } from '../changes/single-change.js';
import type { ResourceRef } from '../inventory/resource.js';
import { NOT_READ, readSnapshot, type Snapshot, snapshotDigest } from '../inventory/snapshot.js';
import type { Call } from './call.js';
import { type TargetArguments, targetOf } from './schemas.js';

/** The one resource that a writing tool acts on, with its tags as they are now. */
export interface SingleTarget {
  readonly kms: Kms;
  readonly ref: ResourceRef;
  readonly snapshot: Snapshot;
  /** For a question to the person. */
  readonly seen: string;
  readonly seenNow: () => Promise<string>;
  /** For the write. */
  readonly change: SingleChange;
}

/** Finds the target and reads its tags, unless the server was told not to. Throws what is wrong with either. */
export async function openTarget(
  args: TargetArguments & { readonly RegionId?: string | undefined },
  example: string,
  call: Call,
): Promise<SingleTarget> {
  const target = targetOf(args, example);
  const ref = { ...target, regionId: await call.region(args.RegionId) };
  const kms = call.kms(ref.regionId);
  const read = (): Promise<Snapshot> => readSnapshot(kms, ref, call.options);
  const snapshot = call.snapshot ? await read() : NOT_READ;
  const { journal, tool, options, viewer } = call;
  return {
    kms,
    ref,
    snapshot,
    seen: snapshotDigest(snapshot),
    seenNow: async () => snapshotDigest(await read()),
    change: { kms, journal, ref, snapshot, tool, options, subject: viewer.subject },
  };
}

/** What a result says where values could not be read. */
export function unknownValuesNote(reason: string): string {
  return `Earlier values are unknown: ${reason}. undo_change cannot bring them back.`;
}

import type { Kms } from '../../aliyun/kms/kms-client.js';
import { isSettable } from '../../aliyun/kms/limits.js';
import { type Tags, tagRecord } from '../../aliyun/kms/tag-record.js';
import { quote, quoteList } from '../../base/quote.js';
import { pick } from '../../changes/single-change.js';
import type { ResourceRef } from '../../inventory/resource.js';
import type { Snapshot } from '../../inventory/snapshot.js';
import type { ItemGroup, StoredChange } from '../../journal/change.js';
import type { TagStates } from '../../journal/tag-states.js';
import type { CallOptions } from '../../rpc/rpc-client.js';
import { KMS_TAG_LINE, pairText, tagText } from './result.js';

/** What a person is asked before `keys` are removed from one resource. Reads the key's alias for it. */
export async function removalQuestion(
  kms: Kms,
  ref: ResourceRef,
  keys: readonly string[],
  snapshot: Snapshot,
  options: CallOptions,
): Promise<string> {
  const what = snapshot.known
    ? removalLines(snapshot.tags, keys)
    : [`Will be removed, with values that are unknown (${snapshot.reason}): ${quoteList(keys)}.`];
  return [`Remove tags from ${await named(kms, ref, options)}?`, ...what, KMS_TAG_LINE].join('\n');
}

/** What a person is asked before values of one resource are overwritten. */
export async function overwriteQuestion(
  kms: Kms,
  ref: ResourceRef,
  tags: Tags,
  snapshot: Snapshot,
  options: CallOptions,
): Promise<string> {
  const before = snapshot.known ? pick(snapshot.tags, Object.keys(tags)) : undefined;
  return [
    `Set tags on ${await named(kms, ref, options)}?`,
    before === undefined && !snapshot.known
      ? `Earlier values are unknown (${snapshot.reason}).`
      : `Values now: ${tagText(before ?? {})}.`,
    `New values: ${tagText(tags)}.`,
    ...notRestorableLines(before ?? {}),
    KMS_TAG_LINE,
  ].join('\n');
}

/** What a person is asked before an undo takes away what a change had set. */
export function undoQuestion(change: StoredChange, groups: readonly ItemGroup[]): string {
  return [
    `Undo ${change.changeId}? It was: ${quote(change.sentence, 320)} (${quote(change.time, 40)}).`,
    `Will be removed or overwritten, where nobody changed it since: ${pairText(distinctTags(groups.map(({ after }) => after)))}.`,
    `Will be restored: ${pairText(distinctTags(groups.map(({ before }) => before ?? {})))}.`,
    KMS_TAG_LINE,
  ].join('\n');
}

/** The tags among `states`, each pair of key and value once. */
function distinctTags(states: readonly TagStates[]): (readonly [string, string])[] {
  const pairs = new Map<string, readonly [string, string]>();
  for (const [key, value] of states.flatMap((one) => Object.entries(one))) {
    if (value !== null) pairs.set(JSON.stringify([key, value]), [key, value]);
  }
  return [...pairs.values()];
}

function removalLines(tags: Tags, keys: readonly string[]): string[] {
  const removed = pick(tags, keys);
  const unchanged = tagRecord(Object.entries(tags).filter(([key]) => !Object.hasOwn(removed, key)));
  const absent = keys.filter((key) => !Object.hasOwn(removed, key));
  return [
    `Will be removed: ${tagText(removed)}.`,
    `Unchanged: ${tagText(unchanged)}.`,
    ...(absent.length === 0 ? [] : [`Not there: ${quoteList(absent)}.`]),
    ...notRestorableLines(removed),
  ];
}

/** A warning for tags that KMS would not take back. */
export function notRestorableLines(tags: Readonly<Record<string, string>>): string[] {
  const lost = Object.entries(tags).filter(([key, value]) => !isSettable(key, value));
  if (lost.length === 0) return [];
  return [`Cannot be restored by undo, because KMS does not accept such text for a new tag: ${pairText(lost)}.`];
}

/** `key "08c3…" ("alias/payments") in cn-hangzhou`. */
async function named(kms: Kms, ref: ResourceRef, options: CallOptions): Promise<string> {
  const aliases =
    ref.type === 'key'
      ? await kms.listAliasesByKeyId(ref.id, options).then(
          (reply) => reply.aliases,
          // A name is a courtesy; the question holds without it.
          () => [],
        )
      : [];
  const name = aliases.length === 0 ? '' : ` (${quoteList(aliases, 3)})`;
  return `${ref.type} ${quote(ref.id)}${name} in ${ref.regionId}`;
}

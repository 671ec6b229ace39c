import type { Kms } from '../../aliyun/kms/kms-client.js';
import { type Tags, tagRecord } from '../../aliyun/kms/tag-record.js';
import { quote, quoteList } from '../../base/quote.js';
import { pick } from '../../changes/single-change.js';
import type { ResourceRef } from '../../inventory/resource.js';
import type { Snapshot } from '../../inventory/snapshot.js';
import type { StoredChange, TagStates } from '../../journal/change.js';
import type { CallOptions } from '../../rpc/rpc-client.js';
import { counted, pairText, tagText } from './result.js';

/** In every question and every plan: the one fact about tags in KMS that surprises people. */
export const KMS_TAG_LINE =
  'A kms:tag condition in a RAM, key or secret policy can make a tag decide who may use the resource.';

/** What a person is asked before `keys` go from one resource. Reads the key's alias for it. */
export async function describeRemoval(
  kms: Kms,
  ref: ResourceRef,
  keys: readonly string[],
  snapshot: Snapshot,
  options: CallOptions,
): Promise<string> {
  const what = snapshot.known
    ? removalLines(snapshot.tags, keys)
    : [`Goes, with values that are unknown (${snapshot.reason}): ${quoteList(keys)}.`];
  return [`Remove tags from ${await named(kms, ref, options)}?`, ...what, KMS_TAG_LINE].join('\n');
}

/** What a person is asked before values of one resource are overwritten. */
export async function describeOverwrite(
  kms: Kms,
  ref: ResourceRef,
  tags: Tags,
  snapshot: Snapshot,
  options: CallOptions,
): Promise<string> {
  const was = snapshot.known
    ? `Goes: ${tagText(pick(snapshot.tags, Object.keys(tags)))}.`
    : `Earlier values are unknown (${snapshot.reason}).`;
  return [`Set tags on ${await named(kms, ref, options)}?`, was, `Comes: ${tagText(tags)}.`, KMS_TAG_LINE].join('\n');
}

/** What a person is asked before an undo takes away what a change had set. */
export async function describeUndo(kms: Kms, change: StoredChange, options: CallOptions): Promise<string> {
  const { tool, time, resources, resourceType: type, regionId, firstResourceId: id, items } = change;
  const where =
    resources === 1 ? await named(kms, { type, id, regionId }, options) : `${counted(resources, type)} in ${regionId}`;
  const back = distinctTags(items.map((item) => item.before ?? {}));
  return [
    `Take back ${tool} of ${time} on ${where}?`,
    `Goes, where nobody changed it since: ${pairText(distinctTags(items.map((item) => item.after)))}.`,
    `Comes back: ${pairText(back)}.`,
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
  const going = pick(tags, keys);
  const staying = tagRecord(Object.entries(tags).filter(([key]) => !Object.hasOwn(going, key)));
  const absent = keys.filter((key) => !Object.hasOwn(going, key));
  return [
    `Goes: ${tagText(going)}.`,
    `Stays: ${tagText(staying)}.`,
    ...(absent.length === 0 ? [] : [`Not there: ${quoteList(absent)}.`]),
  ];
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

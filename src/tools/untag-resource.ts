import * as z from 'zod';
import { quote, quoteList } from '../tags/quote.js';
import type { ResourceRef } from '../tags/resource.js';
import { pick, untagOne } from '../tags/single-change.js';
import { NOT_READ, readSnapshot, type Snapshot, snapshotDigest } from '../tags/snapshot.js';
import { describeRemoval } from './change-text.js';
import { regionIdField, tagKeysField, tagList, tagListSchema, targetFields, targetOf } from './fields.js';
import { tagText, undoText } from './result-text.js';
import { defineTool } from './tool.js';

const example = '{"KeyId":"08c33a6f-4e0a-4a1b-a3fa-7ddf12345678","TagKeys":["tagkey1","tagkey2"]}';

export const untagResource = defineTool({
  name: 'untag_resource',
  title: 'Remove tags from one KMS resource',
  description:
    'Removes tags from one KMS key, secret or certificate. Give exactly one of KeyId, SecretName, CertificateId. ' +
    'A kms:tag condition in a policy can make a tag decide who may use a key: removing it may lock users out or let them in. ' +
    'undo_change takes it back; for many resources use untag_resources.',
  example,
  input: () =>
    z.strictObject({
      ...targetFields(),
      TagKeys: tagKeysField('Tag keys to remove, without values.'),
      RegionId: regionIdField(),
    }),
  output: () =>
    z.object({
      RequestId: z.string(),
      RegionId: z.string(),
      RemovedTags: tagListSchema().optional(),
      AbsentTagKeys: z.array(z.string()).optional(),
      ChangeId: z.string(),
      Note: z.string().optional(),
    }),
  writes: true,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },

  async handler(args, call) {
    const target = targetOf(args, example);
    call.protection.refuse(args.TagKeys);
    const ref: ResourceRef = { ...target, regionId: await call.region(args.RegionId) };
    const kms = call.kms(ref.regionId);
    const read = (): Promise<Snapshot> =>
      call.snapshot ? readSnapshot(kms, ref, call.options) : Promise.resolve(NOT_READ);
    const snapshot = await read();

    const question = await call.confirm({
      message: () => describeRemoval(kms, ref, args.TagKeys, snapshot, call.options),
      args,
      seen: snapshotDigest(snapshot),
      seenNow: async () => snapshotDigest(await read()),
    });
    if (question) return question;

    const { subject } = call.viewer;
    const change = { kms, journal: call.journal, ref, snapshot, tool: call.tool, subject, options: call.options };
    const { requestId, changeId } = await untagOne(change, args.TagKeys);
    const done = { RequestId: requestId, RegionId: ref.regionId, ChangeId: changeId };
    const where = `${ref.type} ${quote(ref.id)} in ${ref.regionId}`;
    if (!snapshot.known) {
      const Note = `Earlier values are unknown: ${snapshot.reason}. undo_change cannot bring them back.`;
      const text = `Removed from ${where}, where present: ${quoteList(args.TagKeys)}. RequestId ${requestId}. ${Note} ChangeId ${changeId}.`;
      return { structured: { ...done, Note }, text };
    }
    const removed = pick(snapshot.tags, args.TagKeys);
    const absent = args.TagKeys.filter((key) => !Object.hasOwn(removed, key));
    const wasAbsent = absent.length === 0 ? '' : ` Not there before: ${quoteList(absent)}.`;
    const text =
      absent.length === args.TagKeys.length
        ? `Nothing to remove from ${where}.${wasAbsent} RequestId ${requestId}. ChangeId ${changeId}.`
        : `Removed from ${where}: ${tagText(removed)}.${wasAbsent} RequestId ${requestId}. ${undoText(changeId)}`;
    return { structured: { ...done, RemovedTags: tagList(removed), AbsentTagKeys: absent }, text };
  },
});

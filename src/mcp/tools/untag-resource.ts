import * as z from 'zod';
import { quote, quoteList } from '../../base/quote.js';
import { pick, untagOne } from '../../changes/single-change.js';
import { regionIdField, tagKeysField, tagList, tagListSchema, targetFields } from '../schemas.js';
import { openTarget, unknownValuesNote } from '../single-target.js';
import { describeRemoval } from '../text/question.js';
import { tagText, undoText } from '../text/result.js';
import { defineTool } from '../tool.js';

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
    call.protection.refuse(args.TagKeys);
    const { kms, ref, snapshot, seen, seenNow, change } = await openTarget(args, example, call);
    const message = (): Promise<string> => describeRemoval(kms, ref, args.TagKeys, snapshot, call.options);
    const question = await call.confirm({ message, args, seen, seenNow });
    if (question) return question;

    const { requestId, changeId } = await untagOne(change, args.TagKeys);
    const done = { RequestId: requestId, RegionId: ref.regionId, ChangeId: changeId };
    const where = `${ref.type} ${quote(ref.id)} in ${ref.regionId}`;
    if (!snapshot.known) {
      const Note = unknownValuesNote(snapshot.reason);
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

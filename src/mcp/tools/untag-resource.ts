import * as z from 'zod';
import { quoteList } from '../../base/quote.js';
import { pick, readBefore, untagOne } from '../../changes/single-change.js';
import { readSnapshot, snapshotDigest } from '../../inventory/snapshot.js';
import { confirm } from '../confirmation.js';
import { resolveRegion } from '../region.js';
import { regionIdField, tagKeysField, tagList, tagListSchema, targetFields, targetOf } from '../schemas.js';
import { removalQuestion } from '../text/question.js';
import { removalMessage, unknownValuesText } from '../text/single-change.js';
import { defineTool } from '../tool.js';

const example = '{"KeyId":"08c33a6f-4e0a-4a1b-a3fa-7ddf12345678","TagKeys":["tagkey1","tagkey2"]}';

export const untagResource = defineTool({
  name: 'untag_resource',
  title: 'Remove tags from a resource',
  description:
    'Removes tags from one KMS key, secret or certificate: give one target. Policies can decide by tag (kms:tag) who may use ' +
    'a key: a removal may lock users out or let them in. To change a value use tag_resource, for several resources ' +
    'plan_change. undo_change undoes it.',
  example,
  input: () =>
    z.strictObject({
      ...targetFields(),
      TagKeys: tagKeysField('Tag keys to remove, without values; case counts.'),
      RegionId: regionIdField(),
    }),
  output: () =>
    z.object({
      RequestId: z.string(),
      RegionId: z.string(),
      RemovedTags: tagListSchema().optional(),
      AbsentTagKeys: z.array(z.string()).optional(),
      ChangeId: z.string(),
    }),
  writes: true,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },

  async handler(args, call) {
    call.protection.refuse(args.TagKeys);
    const { TagKeys: keys } = args;
    const { options, journal, tool } = call;
    const target = { ...targetOf(args, example), regionId: resolveRegion(call, args.RegionId) };
    const kms = call.kms(target.regionId);
    const before = await readBefore(kms, target, { read: call.readBeforeWrite, account: call.account, options });
    const { ref, snapshot, account } = before;
    const question = await confirm(call, {
      args,
      message: () => removalQuestion(kms, ref, keys, snapshot, options),
      seen: snapshotDigest(ref, snapshot),
      seenNow: async () => snapshotDigest(ref, await readSnapshot(kms, ref, options)),
    });
    if (question) return question;

    const { subject } = call.principal;
    const { requestId, changeId } = await untagOne({ ...before, kms, journal, tool, subject, options }, keys);
    const ids = { RequestId: requestId, RegionId: ref.regionId, ChangeId: changeId };
    const structured = { ...ids, ...(account.id === undefined ? {} : { AccountId: account.id }) };
    if (!snapshot.known) {
      const message = unknownValuesText(`Removed ${quoteList(keys)} where present`, ref, snapshot.reason, ids);
      return { message, structured };
    }
    const removed = pick(snapshot.tags, keys);
    const absent = keys.filter((key) => !Object.hasOwn(removed, key));
    const { message, notRestorable } = removalMessage(ref, removed, absent, ids);
    return {
      message,
      structured: { ...structured, RemovedTags: tagList(removed), AbsentTagKeys: absent, ...notRestorable },
    };
  },
});

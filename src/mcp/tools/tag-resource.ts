import * as z from 'zod';
import { tagRecord } from '../../aliyun/kms/tag-record.js';
import { pick, readBefore, tagOne } from '../../changes/single-change.js';
import { readSnapshot, snapshotDigest } from '../../inventory/snapshot.js';
import { confirm, isAnswer } from '../confirmation.js';
import { resolveRegion } from '../region.js';
import { regionIdField, tagList, tagListSchema, tagsField, targetFields, targetOf } from '../schemas.js';
import { overwriteQuestion } from '../text/question.js';
import { tagText } from '../text/result.js';
import { settingMessage, unknownValuesText } from '../text/single-change.js';
import { defineTool } from '../tool.js';

const example = '{"KeyId":"08c33a6f-4e0a-4a1b-a3fa-7ddf12345678","Tags":[{"TagKey":"env","TagValue":"prod"}]}';

/** Source: API page of TagResource. */
const MAX_TAGS = 10;

export const tagResource = defineTool({
  name: 'tag_resource',
  title: 'Set tags on a resource',
  description:
    'Sets tags on one KMS key, secret or certificate: give one target. A tag that is there gets the new value; others stay. ' +
    'Policies can decide by tag (kms:tag) who may use a key. For several resources use plan_change. undo_change undoes it.',
  example,
  input: () =>
    z.strictObject({
      ...targetFields(),
      Tags: tagsField('Tags to set; case counts.', MAX_TAGS),
      RegionId: regionIdField(),
    }),
  output: () =>
    z.object({
      RequestId: z.string(),
      RegionId: z.string(),
      Tags: tagListSchema(),
      OverwrittenTags: tagListSchema().optional(),
      ChangeId: z.string(),
    }),
  writes: true,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },

  async handler(args, call) {
    const tags = tagRecord(args.Tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]));
    const keys = Object.keys(tags);
    call.protection.refuse(keys);
    const { options, journal, tool } = call;
    const target = { ...targetOf(args, example), regionId: resolveRegion(call, args.RegionId) };
    const kms = call.kms(target.regionId);
    const before = await readBefore(kms, target, { read: call.readBeforeWrite, account: call.account, options });
    const { ref, snapshot, account } = before;
    const present = snapshot.known ? pick(snapshot.tags, keys) : undefined;
    const overwritten = tagRecord(Object.entries(present ?? {}).filter(([key, value]) => tags[key] !== value));

    // A new tag takes nothing away, so nobody is asked.
    const takesValues = present === undefined || Object.keys(overwritten).length > 0;
    const ask = () =>
      confirm(call, {
        args,
        message: () => overwriteQuestion(kms, ref, tags, snapshot, options),
        seen: snapshotDigest(ref, snapshot),
        seenNow: async () => snapshotDigest(ref, await readSnapshot(kms, ref, options)),
      });
    // An answer counts, also where the value that was asked about is gone by now: it may be a no.
    const question = takesValues || isAnswer(call) ? await ask() : undefined;
    if (question) return question;

    const { subject } = call.principal;
    const { requestId, changeId } = await tagOne({ ...before, kms, journal, tool, subject, options }, tags);
    const ids = { RequestId: requestId, RegionId: ref.regionId, ChangeId: changeId };
    const structured = { ...ids, Tags: tagList(tags), ...(account.id === undefined ? {} : { AccountId: account.id }) };
    return snapshot.known
      ? {
          message: settingMessage(ref, tags, overwritten, ids),
          structured: { ...structured, OverwrittenTags: tagList(overwritten) },
        }
      : { message: unknownValuesText(`Set ${tagText(tags)}`, ref, snapshot.reason, ids), structured };
  },
});

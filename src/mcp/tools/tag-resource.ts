import * as z from 'zod';
import { tagRecord } from '../../aliyun/kms/tag-record.js';
import { quote } from '../../base/quote.js';
import { pick, tagOne } from '../../changes/single-change.js';
import { listOrJson, regionIdField, tagKey, tagList, tagListSchema, targetFields, wellFormed } from '../schemas.js';
import { openTarget, unknownValuesNote } from '../single-target.js';
import { describeOverwrite } from '../text/question.js';
import { tagText, undoText } from '../text/result.js';
import { defineTool } from '../tool.js';

const example = '{"KeyId":"08c33a6f-4e0a-4a1b-a3fa-7ddf12345678","Tags":[{"TagKey":"env","TagValue":"prod"}]}';

/** Limits of the API page: ten tags a resource, values of up to 256 characters. */
const MAX_TAGS = 10;
const MAX_VALUE = 256;

const tagsField = () =>
  z
    .preprocess(
      listOrJson,
      z
        .array(
          z.strictObject({
            TagKey: tagKey(),
            TagValue: wellFormed().refine(
              (value) => [...value].length <= MAX_VALUE,
              `must be at most ${MAX_VALUE} characters`,
            ),
          }),
        )
        .min(1, 'must hold at least one tag')
        .max(MAX_TAGS, `must hold at most ${MAX_TAGS} tags`)
        .refine((tags) => new Set(tags.map((tag) => tag.TagKey)).size === tags.length, 'names a tag key twice'),
    )
    .describe('Tags to set.');

export const tagResource = defineTool({
  name: 'tag_resource',
  title: 'Set tags on one KMS resource',
  description:
    'Sets tags on one KMS key, secret or certificate. A tag key that is there gets the new value; other tags stay. ' +
    'Give exactly one of KeyId, SecretName, CertificateId. undo_change takes it back.',
  example,
  input: () => z.strictObject({ ...targetFields(), Tags: tagsField(), RegionId: regionIdField() }),
  output: () =>
    z.object({
      RequestId: z.string(),
      RegionId: z.string(),
      OverwrittenTags: tagListSchema().optional(),
      ChangeId: z.string(),
      Note: z.string().optional(),
    }),
  writes: true,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },

  async handler(args, call) {
    const tags = tagRecord(args.Tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]));
    const keys = Object.keys(tags);
    call.protection.refuse(keys);
    const { kms, ref, snapshot, seen, seenNow, change } = await openTarget(args, example, call);
    const present = snapshot.known ? pick(snapshot.tags, keys) : undefined;
    const overwritten = tagRecord(Object.entries(present ?? {}).filter(([key, value]) => tags[key] !== value));

    // A new tag takes nothing away, so nobody is asked.
    const takesValues = present === undefined || Object.keys(overwritten).length > 0;
    const message = (): Promise<string> => describeOverwrite(kms, ref, tags, snapshot, call.options);
    const question = takesValues ? await call.confirm({ message, args, seen, seenNow }) : undefined;
    if (question) return question;

    const { requestId, changeId } = await tagOne(change, tags);
    const done = { RequestId: requestId, RegionId: ref.regionId, ChangeId: changeId };
    const set = `Set on ${ref.type} ${quote(ref.id)} in ${ref.regionId}: ${tagText(tags)}.`;
    if (!snapshot.known) {
      const Note = unknownValuesNote(snapshot.reason);
      return { structured: { ...done, Note }, text: `${set} RequestId ${requestId}. ${Note} ChangeId ${changeId}.` };
    }
    const was = Object.keys(overwritten).length === 0 ? '' : ` Overwritten: ${tagText(overwritten)}.`;
    const text = `${set}${was} RequestId ${requestId}. ${undoText(changeId)}`;
    return { structured: { ...done, OverwrittenTags: tagList(overwritten) }, text };
  },
});

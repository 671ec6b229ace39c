import * as z from 'zod';
import { TagsError } from '../../base/tags-error.js';
import { makePlan, PLAN_TTL_MS } from '../../changes/make-plan.js';
import { allowedOperations, keysOf } from '../../changes/operations.js';
import { BULK_RESOURCE_TYPES } from '../../inventory/resource.js';
import type { Asked } from '../../inventory/selection.js';
import type { Operations } from '../../journal/plan.js';
import type { Call } from '../call.js';
import { withProgress } from '../progress.js';
import { resolveRegions } from '../region.js';
import {
  conditionsOf,
  idsField,
  listOrJson,
  regionIdsField,
  tagKey,
  tagKeysField,
  tagsField,
  whereField,
} from '../schemas.js';
import { planDetails, planFields, planMessage } from '../text/plan.js';
import { defineTool } from '../tool.js';

const example =
  '{"ResourceType":"key","RemoveTagKeys":["temp"],"Where":[{"TagKey":"env","TagValue":"prod","Not":true}]}';

const input = () =>
  z.strictObject({
    ResourceType: z.enum(BULK_RESOURCE_TYPES).describe('One kind a plan.'),
    RemoveTagKeys: tagKeysField('Tag keys to remove. Without it: none.').optional(),
    SetTags: tagsField('Tags to set, over any value. Without it: none.', 20).optional(),
    RenameTagKeys: z
      .preprocess(
        listOrJson,
        z
          .array(z.strictObject({ From: tagKey(), To: tagKey() }))
          .min(1)
          .max(10),
      )
      .optional()
      .describe('Each tag keeps its value. Without it: none.'),
    ResourceIds: idsField('Key IDs, aliases or ARNs, or secret names. Give this or Where.').optional(),
    Where: whereField('As in find_resources. Give this or ResourceIds.').optional(),
    RegionId: regionIdsField(),
  });

export const planChange = defineTool({
  name: 'plan_change',
  title: 'Plan a change',
  description:
    'Plans removing, setting and renaming tags of many KMS keys or secrets: what would change where, and what nearly matches. ' +
    'Changes nothing: apply_plan does. To change a value use SetTags, not a removal first.',
  example,
  input,
  output: () =>
    z.object({
      Change: z.string().optional(),
      PlanId: z.string().optional(),
      ExpiresAt: z.string().optional(),
      Selected: z.int(),
      Concerned: z.int(),
      Rows: z.array(
        z.object({
          ResourceId: z.string(),
          Name: z.string(),
          State: z.string(),
          RegionId: z.string(),
          Tags: z.array(z.object({ TagKey: z.string(), Before: z.string().optional(), After: z.string().optional() })),
        }),
      ),
      Values: z.array(
        z.object({
          TagKey: z.string(),
          Before: z.string().optional(),
          After: z.string().optional(),
          Resources: z.int(),
        }),
      ),
      LeftOut: z
        .array(z.object({ ResourceId: z.string().optional(), TagKey: z.string().optional(), Why: z.string() }))
        .optional(),
      NearMisses: z.array(z.object({ ResourceId: z.string(), TagKey: z.string(), TagValue: z.string() })).optional(),
      NotRestorable: z.int().optional(),
      Requests: z.int(),
      ExpectedSeconds: z.int(),
      UnreadRegions: z.array(z.object({ RegionId: z.string(), Why: z.string() })).optional(),
    }),
  writes: false,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },

  async handler(args, call) {
    const asked = askedOf(args);
    const { operations, leftOut } = checkedOperations(args, call);
    if (asked.kind === 'ids' && args.RegionId === '*') {
      throw invalid('RegionId "*" goes with Where: ids belong to one region.');
    }
    const regionIds = await resolveRegions(call, args.RegionId);
    const report = await withProgress(call, 'Reading tags', () =>
      makePlan({
        kmsOf: call.kms,
        regionIds,
        type: args.ResourceType,
        asked,
        operations,
        leftOutKeys: leftOut,
        account: call.account,
        subject: call.principal.subject,
        options: call.options,
        clock: call.clock,
      }),
    );
    if (report.plan.resources > 0) await call.journal.keepPlan(report.plan, PLAN_TTL_MS);
    return { message: planMessage(report), details: planDetails(report), structured: planFields(report) };
  },
});

type Input = z.output<ReturnType<typeof input>>;

function askedOf({ ResourceIds, Where }: Input): Asked {
  if (ResourceIds !== undefined && Where === undefined) return { kind: 'ids', ids: ResourceIds };
  if (ResourceIds === undefined && Where !== undefined) return { kind: 'where', conditions: conditionsOf(Where) };
  throw invalid('Select either by ResourceIds or by Where.');
}

/** The operations, without those on protected keys. Throws where there is nothing to do, or a key comes twice. */
function checkedOperations({ RemoveTagKeys = [], SetTags = [], RenameTagKeys = [] }: Input, call: Call) {
  const asked: Operations = {
    remove: RemoveTagKeys,
    set: SetTags.map(({ TagKey, TagValue }) => [TagKey, TagValue]),
    rename: RenameTagKeys.map(({ From, To }) => [From, To]),
  };
  const keys = keysOf(asked);
  if (keys.length === 0) throw invalid('Give at least one of RemoveTagKeys, SetTags and RenameTagKeys.');
  if (new Set(keys).size < keys.length)
    throw invalid('RemoveTagKeys, SetTags and RenameTagKeys must name different keys.');
  const allowed = allowedOperations(asked, call.protection);
  if (keysOf(allowed.operations).length > 0) return allowed;
  call.protection.refuse(keys);
  const text = 'Tag keys that begin with aliyun or acs: belong to Alibaba Cloud.';
  throw new TagsError('PROTECTED_TAG', text, 'Name other keys.');
}

function invalid(text: string): TagsError {
  return new TagsError('INVALID_ARGUMENT', text, `Example: ${example}`);
}

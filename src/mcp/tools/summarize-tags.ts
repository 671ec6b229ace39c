import * as z from 'zod';
import type { BulkResourceType } from '../../aliyun/kms/kms-client.js';
import { readInventory } from '../../inventory/read-inventory.js';
import type { UnreadRegion } from '../../inventory/regions.js';
import { BULK_RESOURCE_TYPES } from '../../inventory/resource.js';
import {
  type KeyUsage,
  type Lookalike,
  lookalikesBetween,
  lookalikesOf,
  summarizeTags,
  type TagSummary,
} from '../../inventory/summary.js';
import { withProgress } from '../progress.js';
import { resolveRegions } from '../region.js';
import { capped, regionIdsField, tagKey } from '../schemas.js';
import { unreadText } from '../text/inventory.js';
import { fitting, ROOM } from '../text/result.js';
import { summaryLines, summaryMessage } from '../text/summary.js';
import { defineTool } from '../tool.js';

/** Shown: the most frequent ones, so that an account of any size fits a result. */
const MOST_VALUES = 4;
const MOST_VALUES_OF_ONE = 40;
/** Characters of JSON: for the four values of a key, and for what looks alike. */
const ROOM_FOR_VALUES = 300;
const ROOM_FOR_LOOKALIKES = 900;

export const summarizeTagsTool = defineTool({
  name: 'summarize_tags',
  title: 'Count tags by key',
  description:
    'Counts the tags of KMS keys and secrets: how many carry and lack each tag key, its most frequent values, what has ' +
    'none, and what looks like two spellings of one thing. find_resources shows which.',
  example: '{"ResourceType":"key","TagKey":"env"}',
  input: () =>
    z.strictObject({
      ResourceType: z.enum(BULK_RESOURCE_TYPES).optional().describe('Without it: both.'),
      TagKey: tagKey().optional().describe('Only this one, with all its values. Without it: every tag key.'),
      RegionId: regionIdsField(),
    }),
  output: () =>
    z.object({
      ResourceTypes: z.array(
        z.object({
          ResourceType: z.string(),
          Resources: z.int(),
          Untagged: z.int(),
          TagKeys: z.array(
            z.object({
              TagKey: z.string(),
              Resources: z.int(),
              Missing: z.int(),
              Values: z.array(z.object({ TagValue: z.string(), Resources: z.int() })),
              OtherValues: z.int(),
            }),
          ),
        }),
      ),
      LooksAlike: z.array(
        z.object({
          ResourceType: z.string(),
          TagKey: z.string().optional(),
          A: z.string(),
          B: z.string(),
          ResourcesA: z.int(),
          ResourcesB: z.int(),
        }),
      ),
      UnreadRegions: z.array(z.object({ RegionId: z.string(), Why: z.string() })).optional(),
    }),
  writes: false,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },

  async handler({ ResourceType, TagKey, RegionId }, call) {
    const regionIds = await resolveRegions(call, RegionId);
    const types = ResourceType === undefined ? BULK_RESOURCE_TYPES : [ResourceType];
    const read = (type: BulkResourceType) => readInventory(call.kms, type, regionIds, call.options, call.clock.elapsed);
    const inventories = await withProgress(call, 'Reading tags', () => Promise.all(types.map(read)));
    const summaries = types.map((type, index) => ({
      type,
      summary: summarizeTags(inventories[index]?.resources ?? []),
    }));
    const unread = distinct(inventories.flatMap((inventory) => inventory.unread));
    const regionsRead = inventories[0]?.regionIds ?? [];
    const looksAlike = lookalikes(summaries).filter(
      ({ key, a, b }) => TagKey === undefined || [key, a, b].includes(TagKey),
    );
    const LooksAlike = fitting(looksAlike.map(lookalikeRow), ROOM_FOR_LOOKALIKES);
    const room = (ROOM - JSON.stringify(LooksAlike).length) / types.length;
    const shown = summaries.map(({ type, summary }) => shownType(type, summary, TagKey, room));
    const keys = summaries.reduce((sum, { summary }) => sum + summary.keys.length, 0);
    const shownKeys = shown.reduce((sum, { TagKeys }) => sum + TagKeys.length, 0);
    const structured = {
      ResourceTypes: shown,
      OtherTagKeys: TagKey === undefined ? keys - shownKeys : 0,
      LooksAlike,
      ...(unread.length === 0
        ? {}
        : { UnreadRegions: unread.map(({ regionId, why }) => ({ RegionId: regionId, Why: why })) }),
    };
    return {
      message: `${summaryMessage(shown, regionsRead)}${unreadText(unread)}`,
      details: summaryLines(structured, looksAlike.length),
      structured,
    };
  },
});

type TypedLookalike = Lookalike & { readonly type: string };

function lookalikes(summaries: readonly { readonly type: string; readonly summary: TagSummary }[]): TypedLookalike[] {
  const within = summaries.flatMap(({ type, summary }) => lookalikesOf(summary).map((pair) => ({ type, ...pair })));
  const [first, second] = summaries;
  if (first === undefined || second === undefined) return within;
  const between = lookalikesBetween(first.summary, second.summary);
  return [...between.map((pair) => ({ type: `${first.type}, ${second.type}`, ...pair })), ...within];
}

/** How often a key is used, also when nothing uses it: then everything lacks it. */
function usageOf(key: string, resources: number, keys: readonly KeyUsage[]): KeyUsage {
  return keys.find((usage) => usage.key === key) ?? { key, resources: 0, missing: resources, values: new Map() };
}

/** `room`: characters of JSON for all tag keys of the type. */
function shownType(type: string, { resources, untagged, keys }: TagSummary, only: string | undefined, room: number) {
  const rows =
    only === undefined
      ? keys.map((usage) => usageRow(usage, MOST_VALUES, ROOM_FOR_VALUES))
      : [usageRow(usageOf(only, resources, keys), MOST_VALUES_OF_ONE, room)];
  return { ResourceType: type, Resources: resources, Untagged: untagged, TagKeys: fitting(rows, room) };
}

function usageRow({ key, resources, missing, values }: KeyUsage, most: number, room: number) {
  const rows = [...values].slice(0, most).map(([value, count]) => ({ TagValue: capped(value), Resources: count }));
  const shown = fitting(rows, room);
  return {
    TagKey: capped(key),
    Resources: resources,
    Missing: missing,
    Values: shown,
    OtherValues: values.size - shown.length,
  };
}

function lookalikeRow({ type, key, a, b, resourcesA, resourcesB }: TypedLookalike) {
  return {
    ResourceType: type,
    ...(key === undefined ? {} : { TagKey: capped(key) }),
    A: capped(a),
    B: capped(b),
    ResourcesA: resourcesA,
    ResourcesB: resourcesB,
  };
}

function distinct(unread: readonly UnreadRegion[]): readonly UnreadRegion[] {
  return [...new Map(unread.map((one) => [one.regionId, one])).values()];
}

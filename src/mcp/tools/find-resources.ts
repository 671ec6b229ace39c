import * as z from 'zod';
import { digest } from '../../base/digest.js';
import { parseJson } from '../../base/json.js';
import { TagsError } from '../../base/tags-error.js';
import { contains, isNamed, meets } from '../../inventory/conditions.js';
import { readInventory } from '../../inventory/read-inventory.js';
import type { Inventory } from '../../inventory/recent-regions.js';
import { BULK_RESOURCE_TYPES, type Resource } from '../../inventory/resource.js';
import type { Call } from '../call.js';
import { withProgress } from '../progress.js';
import { resolveRegions } from '../region.js';
import {
  capped,
  conditionsOf,
  numberField,
  regionIdsField,
  tagList,
  tagListSchema,
  trimmed,
  wellFormed,
  whereField,
} from '../schemas.js';
import { resourceLine, unreadText } from '../text/inventory.js';
import { counted, fitting, ROOM } from '../text/result.js';
import { defineTool } from '../tool.js';

const DEFAULT_PAGE = 20;
/** Characters of JSON for each row of a page that is larger than usual. */
const ROOM_PER_ROW = 300;

export const findResources = defineTool({
  name: 'find_resources',
  title: 'Find keys or secrets',
  description:
    'Finds KMS keys or secrets, with names, states and tags. All filters must hold; keys, values and Name match ' +
    'exactly, case counts. Reads whole regions, about 2 s for 1,000 keys. Certificates cannot be listed. For counts use ' +
    'summarize_tags.',
  example: '{"ResourceType":"key","Where":[{"TagKey":"env","TagValue":"prod"},{"TagKey":"owner","Not":true}]}',
  input: () =>
    z.strictObject({
      ResourceType: z.enum(BULK_RESOURCE_TYPES).default('key').describe('Without it: key.'),
      Where: whereField(
        'All must hold: has the tag; with TagValue, has this value; Not turns one round. Without it: any.',
      ).optional(),
      Name: trimmed().optional().describe('Alias (with or without alias/), secret name or ID. Without it: any.'),
      Text: wellFormed().optional().describe('Part of an ID, name, tag key or value, in any case. Without it: any.'),
      PageSize: numberField(1, 100, DEFAULT_PAGE, 'Rows, at most 100.'),
      NextToken: trimmed().optional().describe('From the last page. Without it: the first.'),
      RegionId: regionIdsField(),
    }),
  output: () =>
    z.object({
      Resources: z.array(
        z.object({
          ResourceId: z.string(),
          Name: z.string(),
          State: z.string(),
          RegionId: z.string(),
          Tags: tagListSchema(),
        }),
      ),
      FirstRow: z.int(),
      LastRow: z.int(),
      Matching: z.int(),
      Total: z.int(),
      UnreadRegions: z.array(z.object({ RegionId: z.string(), Why: z.string() })).optional(),
      NextToken: z.string().optional(),
    }),
  writes: false,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },

  async handler({ PageSize, NextToken, RegionId, ...filter }, call) {
    const { ResourceType: type, Where = [], Name, Text } = filter;
    const regionIds = await resolveRegions(call, RegionId);
    const query = digest([regionIds, filter]).slice(0, 12);
    const after = NextToken === undefined ? undefined : placeOf(NextToken, query);
    const inventory = await recalled(call, `${type} ${regionIds.join()}`, after !== undefined, () =>
      withProgress(call, `Reading ${type}s`, () =>
        readInventory(call.kms, type, regionIds, call.options, call.clock.elapsed),
      ),
    );
    const conditions = conditionsOf(Where);
    const matching = inventory.resources.filter(
      (resource) =>
        meets(resource.tags, conditions) &&
        (Name === undefined || isNamed(resource, Name)) &&
        (Text === undefined || contains(resource, Text)),
    );
    const start = after === undefined ? 0 : matching.findIndex((resource) => isAfter(resource, after));
    const left = start < 0 ? [] : matching.slice(start, start + PageSize);
    // A page ends with the last row that is shown: nothing that a count or a token passes over is missing.
    const fields = fitting(left.map(rowOf), PageSize <= DEFAULT_PAGE ? ROOM : ROOM_PER_ROW * PageSize);
    const rows = left.slice(0, fields.length);
    const last = rows.at(-1);
    const end = Math.max(0, start) + rows.length;
    const hasMore = end < matching.length && last !== undefined;
    const token = hasMore ? tokenFor(last, query) : undefined;
    const where =
      inventory.regionIds.length === 1
        ? `in ${inventory.regionIds.join()}`
        : `in ${counted(inventory.regionIds.length, 'region')}`;
    const head = `${matching.length.toLocaleString('en')} of ${counted(inventory.resources.length, type)} ${where} ${matching.length === 1 ? 'matches' : 'match'}.`;
    const span = rows.length === 0 ? '' : ` Rows ${start + 1}–${end} of ${matching.length}.`;
    const more = token === undefined ? '' : ` More: repeat the call with NextToken ${token}.`;
    return {
      message: `${head}${span}${unreadText(inventory.unread)}${more}`,
      details: rows.map(resourceLine),
      structured: {
        Resources: fields,
        FirstRow: rows.length === 0 ? 0 : start + 1,
        LastRow: rows.length === 0 ? 0 : end,
        Matching: matching.length,
        Total: inventory.resources.length,
        ...(inventory.unread.length === 0
          ? {}
          : { UnreadRegions: inventory.unread.map(({ regionId, why }) => ({ RegionId: regionId, Why: why })) }),
        ...(token === undefined ? {} : { NextToken: token }),
      },
    };
  },
});

/** Pages after the first come from what was read for the first, while it is fresh. */
async function recalled(
  call: Call,
  name: string,
  mayBeOld: boolean,
  read: () => Promise<Inventory>,
): Promise<Inventory> {
  const recent = mayBeOld ? call.recentRegions.recall(name) : undefined;
  if (recent !== undefined) return recent;
  const inventory = await read();
  // What was recalled is as old as it was.
  call.recentRegions.remember(name, inventory);
  return inventory;
}

function rowOf({ id, names, state, regionId, tags }: Resource) {
  return { ResourceId: id, Name: capped(names.join(', ')), State: state, RegionId: regionId, Tags: tagList(tags) };
}

type Place = readonly [regionId: string, id: string];

function isAfter(resource: Resource, [regionId, id]: Place): boolean {
  return resource.regionId === regionId ? resource.id > id : resource.regionId > regionId;
}

/** Not signed: it names a place in a list that the caller may read anyway. */
function tokenFor({ regionId, id }: Resource, query: string): string {
  return Buffer.from(JSON.stringify([query, regionId, id])).toString('base64url');
}

function placeOf(token: string, query: string): Place {
  const decoded = parseJson(Buffer.from(token, 'base64url').toString());
  const parsed = z.tuple([z.string(), z.string(), z.string()]).safeParse(decoded);
  if (parsed.success && parsed.data[0] === query) return [parsed.data[1], parsed.data[2]];
  const text = 'This NextToken belongs to other filters, or is damaged.';
  throw new TagsError('INVALID_ARGUMENT', text, 'Repeat the call without NextToken, or with the filters it came from.');
}

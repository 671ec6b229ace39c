import * as z from 'zod';
import type { BulkResourceType } from '../../aliyun/kms/kms-client.js';
import { digest } from '../../base/digest.js';
import { quote } from '../../base/quote.js';
import { TagsError } from '../../base/tags-error.js';
import { type Filter, type FoundResource, matches, readAll } from '../../inventory/region.js';
import { BULK_RESOURCE_TYPES } from '../../inventory/resource.js';
import type { Call } from '../call.js';
import { withProgress } from '../progress.js';
import { regionIdField, tagKey, tagList, tagListSchema, wellFormed, wholeNumberFromText } from '../schemas.js';
import { counted, fitLines, MAX_TEXT, tagText } from '../text/result.js';
import { defineTool } from '../tool.js';

export const findResources = defineTool({
  name: 'find_resources',
  title: 'Find KMS keys or secrets by their tags',
  description:
    'Finds KMS keys or secrets of a region, with names, states and tags. All filters given must hold. ' +
    'Reads the whole region, about 2 s for 1,000 keys. Certificates cannot be listed.',
  example: '{"ResourceType":"key","MissingTagKey":"owner"}',
  input: () =>
    z.strictObject({
      ResourceType: z.enum(BULK_RESOURCE_TYPES).default('key').describe('Default key.'),
      TagKey: tagKey().optional().describe('Carries this tag key.'),
      TagValue: wellFormed().optional().describe('With this value.'),
      MissingTagKey: tagKey().optional().describe('Lacks this tag key.'),
      Text: wellFormed().optional().describe('Part of an ID, name, tag key or value.'),
      PageSize: z.preprocess(wholeNumberFromText, z.int().min(1).max(100).default(50)).describe('Default 50.'),
      NextToken: z.string().optional().describe('From the last page.'),
      RegionId: regionIdField(),
    }),
  output: () =>
    z.object({
      RegionId: z.string(),
      Resources: z.array(
        z.object({ ResourceId: z.string(), Name: z.string(), State: z.string(), Tags: tagListSchema() }),
      ),
      Matching: z.int(),
      Total: z.int(),
      NextToken: z.string().optional(),
    }),
  writes: false,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },

  async handler({ PageSize, NextToken, RegionId, ...args }, call) {
    const regionId = await call.region(RegionId);
    const type = args.ResourceType;
    const query = digest([regionId, args]);
    const after = NextToken === undefined ? undefined : openCursor(NextToken, query);
    const { TagKey: key, TagValue: value, MissingTagKey: missing, Text: text } = args;
    const filter: Filter = { tagKey: key, tagValue: value, missingTagKey: missing, text };

    const name = `${regionId}/${type}`;
    const recent = after === undefined ? undefined : call.recentList.recall(name);
    const all = recent ?? (await readRegion(call, regionId, type));
    // What was recalled is as old as it was.
    if (recent === undefined) call.recentList.remember(name, all);
    const matching = all.filter((resource) => matches(resource, filter));
    const left = after === undefined ? matching : matching.filter(({ id }) => id > after);
    const page = left.slice(0, PageSize);
    const last = page.at(-1);
    const next = left.length > page.length && last !== undefined ? cursor(last.id, query) : undefined;

    const counts = { RegionId: regionId, Matching: matching.length, Total: all.length };
    const verb = matching.length === 1 ? 'matches' : 'match';
    const head = `${counted(matching.length, type)} of ${all.length.toLocaleString('en')} in ${regionId} ${verb}.`;
    return {
      structured: { ...counts, Resources: page.map(row), ...(next === undefined ? {} : { NextToken: next }) },
      text: pageText(head, page, next),
    };
  },
});

function readRegion(call: Call, regionId: string, type: BulkResourceType): Promise<readonly FoundResource[]> {
  const read = () => readAll(call.kms(regionId), type, call.options);
  return withProgress(call, `Reading the ${type}s of ${regionId}`, read);
}

function row({ id, name, state, tags }: FoundResource) {
  return { ResourceId: id, Name: name, State: state, Tags: tagList(tags) };
}

function pageText(head: string, page: readonly FoundResource[], next: string | undefined): string {
  const foot = next === undefined ? '' : `\nMore: repeat the call with NextToken ${next}`;
  const lines = page.map(({ id, name, state, tags }) => {
    const called = name === '' || name === id ? '' : ` ${quote(name)}`;
    return `${quote(id)}${called} ${state}: ${tagText(tags, 10)}`;
  });
  const room = MAX_TEXT - head.length - foot.length - 1;
  return `${head}\n${fitLines(lines, room, 'on this page: use a smaller PageSize')}${foot}`.trimEnd();
}

/** Not sealed: it names a place in a list that the caller may read anyway. */
function cursor(after: string, query: string): string {
  return Buffer.from(JSON.stringify([query.slice(0, 12), after])).toString('base64url');
}

function openCursor(token: string, query: string): string {
  const parsed = z.tuple([z.string(), z.string()]).safeParse(decode(token));
  if (parsed.success && parsed.data[0] === query.slice(0, 12)) return parsed.data[1];
  const text = 'This NextToken belongs to other filters, or is damaged.';
  throw new TagsError('INVALID_ARGUMENT', text, 'Repeat the call without NextToken, or with the filters it came from.');
}

function decode(token: string): unknown {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return parsed;
  } catch {
    return undefined;
  }
}

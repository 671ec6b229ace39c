import * as z from 'zod';
import { quote, quoteList } from '../../base/quote.js';
import type { ChangeSummary } from '../../journal/change.js';
import { wholeNumberFromText } from '../schemas.js';
import { counted, fitLines, MAX_TEXT } from '../text/result.js';
import { defineTool } from '../tool.js';

const STATES = ['done', 'partial', 'nothing_done', 'unknown', 'running', 'interrupted'] as const;

export const listChanges = defineTool({
  name: 'list_changes',
  title: 'List recent changes',
  description: 'Lists the changes that this server made, newest first, with the ChangeId that undo_change takes.',
  example: '{"Limit":10}',
  input: () =>
    z.strictObject({
      Limit: z.preprocess(wholeNumberFromText, z.int().min(1).max(100).default(10)).describe('Default 10.'),
    }),
  output: () =>
    z.object({
      Changes: z.array(
        z.object({
          ChangeId: z.string(),
          Time: z.string(),
          Tool: z.string(),
          RegionId: z.string(),
          ResourceType: z.string(),
          ResourceId: z.string(),
          Resources: z.int(),
          TagKeys: z.array(z.string()),
          State: z.enum(STATES),
          Undoes: z.string().optional(),
          Subject: z.string().optional(),
        }),
      ),
    }),
  writes: false,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },

  async handler({ Limit }, call) {
    const changes = await call.journal.list(Limit, call.viewer);
    const structured = { Changes: changes.map(row) };
    const text =
      changes.length === 0
        ? 'No changes yet.'
        : fitLines(changes.map(line), MAX_TEXT, 'not shown: use a smaller Limit');
    return { structured, text };
  },
});

function row(change: ChangeSummary) {
  return {
    ChangeId: change.changeId,
    Time: change.time,
    Tool: change.tool,
    RegionId: change.regionId,
    ResourceType: change.resourceType,
    ResourceId: change.firstResourceId,
    Resources: change.resources,
    TagKeys: [...change.tagKeys],
    State: change.state,
    ...(change.undoes === undefined ? {} : { Undoes: change.undoes }),
    ...(change.subject === undefined ? {} : { Subject: change.subject }),
  };
}

function line(change: ChangeSummary): string {
  const { resources, resourceType, firstResourceId } = change;
  const what =
    resources === 1
      ? `${resourceType} ${quote(firstResourceId)}`
      : `${counted(resources, resourceType)} from ${quote(firstResourceId)}`;
  const undoes = change.undoes === undefined ? '' : `, undoes ${change.undoes}`;
  const by = change.subject === undefined ? '' : `, by ${quote(change.subject, 60)}`;
  return `${change.changeId} ${change.state}: ${change.tool} ${quoteList(change.tagKeys, 5)} on ${what} in ${change.regionId} at ${change.time}${undoes}${by}`;
}

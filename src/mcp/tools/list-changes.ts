import * as z from 'zod';
import { quote, quoteCode } from '../../base/quote.js';
import { TagsError } from '../../base/tags-error.js';
import type { ChangeSummary, ItemGroup, StoredChange } from '../../journal/change.js';
import type { Call } from '../call.js';
import { readChange } from '../read-change.js';
import { capped, numberField, trimmed } from '../schemas.js';
import { changeText } from '../text/plan.js';
import { counted, fitting, ROOM } from '../text/result.js';
import { defineTool } from '../tool.js';

const STATES = ['done', 'partial', 'nothing_done', 'unknown', 'running', 'interrupted'] as const;
const DEFAULT_LIMIT = 10;
/** Characters of JSON for each change or tag of a list that is longer than usual. */
const ROOM_PER_ROW = 700;

export const listChanges = defineTool({
  name: 'list_changes',
  title: 'List recent changes',
  description:
    'Lists changes of this server in this account, newest first; with ChangeId, every tag of one change before and ' +
    'after. undo_change takes the ChangeId.',
  example: '{"Limit":10}',
  input: () =>
    z.strictObject({
      Limit: numberField(1, 100, DEFAULT_LIMIT, 'Changes, or tags of one change, at most 100.'),
      ResourceId: trimmed().optional().describe('Only those of this key ID or secret. Without it: all.'),
      ChangeId: trimmed().optional().describe('One change in detail. Without it: the list.'),
      NextToken: trimmed().optional().describe('From the last page. Without it: the first.'),
    }),
  output: () =>
    z.object({
      Changes: z.array(
        z.object({
          ChangeId: z.string(),
          Time: z.string(),
          Tool: z.string(),
          Change: z.string(),
          State: z.enum(STATES),
          Resources: z.int(),
          AccountId: z.string().optional(),
          Undoes: z.string().optional(),
          Subject: z.string().optional(),
        }),
      ),
      Items: z
        .array(
          z.object({
            ResourceId: z.string(),
            RegionId: z.string(),
            TagKey: z.string(),
            Before: z.string().optional(),
            After: z.string().optional(),
          }),
        )
        .optional(),
      NextToken: z.string().optional(),
    }),
  writes: false,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },

  handler: async ({ Limit, ResourceId, ChangeId, NextToken }, call) =>
    ChangeId === undefined
      ? listed(call, Limit, ResourceId, NextToken)
      : detailed(await readChange(call, ChangeId), Limit, ResourceId, NextToken),
});

async function listed(call: Call, limit: number, resourceId: string | undefined, after: string | undefined) {
  const { journal, principal, options } = call;
  const account = await call.account(options);
  const { changes, hasMore } = await journal.list({ limit, principal, account, resourceId, after });
  const rows = fitting(changes.map(row), roomFor(limit));
  const shown = changes.slice(0, rows.length);
  const last = shown.at(-1);
  const more = last !== undefined && (hasMore || shown.length < changes.length) ? { NextToken: last.changeId } : {};
  const head = shown.length === 0 ? 'No changes yet.' : `${counted(shown.length, 'change')}, newest first.`;
  const next = more.NextToken === undefined ? '' : ` More: repeat the call with NextToken ${more.NextToken}.`;
  return { message: `${head}${next}`, details: shown.map(line), structured: { Changes: rows, ...more } };
}

function roomFor(limit: number): number {
  return limit <= DEFAULT_LIMIT ? ROOM : ROOM_PER_ROW * limit;
}

function detailed(change: StoredChange, limit: number, resourceId: string | undefined, token: string | undefined) {
  const start = token === undefined ? 0 : Number(/^\d{1,9}$/.exec(token)?.[0] ?? Number.NaN);
  if (Number.isNaN(start)) {
    throw new TagsError('INVALID_ARGUMENT', 'This NextToken belongs to another list.', 'Repeat the call without it.');
  }
  const { items, total } = itemsOf(change.groups, resourceId, start, limit);
  const fields = fitting(items.map(itemFields), roomFor(limit));
  const shown = items.slice(0, fields.length);
  const end = start + shown.length;
  const more = end < total ? { NextToken: String(end) } : {};
  const next = more.NextToken === undefined ? '' : ` More: repeat the call with NextToken ${more.NextToken}.`;
  const span = shown.length === 0 ? 'no tags' : `tags ${start + 1}–${end} of ${total}`;
  return {
    message: `${line(change)}: ${span}.${next}`,
    details: shown.map(itemLine),
    structured: { Changes: [row(change)], Items: fields, ...more },
  };
}

interface Item {
  readonly id: string;
  readonly regionId: string;
  readonly key: string;
  readonly before: string | null | undefined;
  readonly after: string | null;
}

/** Tags of a change one by one, a page of them; a change may be about a hundred thousand. */
function itemsOf(groups: readonly ItemGroup[], resourceId: string | undefined, start: number, limit: number) {
  const items: Item[] = [];
  let total = 0;
  for (const { regionId, ids, before, after } of groups) {
    for (const id of resourceId === undefined ? ids : ids.filter((one) => one === resourceId)) {
      for (const [key, value] of Object.entries(after)) {
        if (total >= start && items.length < limit)
          items.push({ id, regionId, key, before: before?.[key], after: value });
        total += 1;
      }
    }
  }
  return { items, total };
}

function itemFields({ id, regionId, key, before, after }: Item) {
  return {
    ResourceId: capped(id),
    RegionId: regionId,
    TagKey: capped(key),
    ...(typeof before === 'string' ? { Before: capped(before) } : {}),
    ...(after === null ? {} : { After: capped(after) }),
  };
}

function itemLine({ id, regionId, key, before, after }: Item): string {
  const known = before === undefined ? ' (earlier value unknown)' : '';
  return `${quote(id)} in ${quoteCode(regionId)}: ${changeText({ key, before: before ?? undefined, after: after ?? undefined })}${known}`;
}

function row(change: ChangeSummary) {
  return {
    ChangeId: change.changeId,
    Time: change.time,
    Tool: change.tool,
    Change: change.sentence,
    State: change.state,
    Resources: change.resources,
    ...(change.account.id === undefined ? {} : { AccountId: change.account.id }),
    ...(change.undoes === undefined ? {} : { Undoes: change.undoes }),
    ...(change.subject === undefined ? {} : { Subject: change.subject }),
  };
}

/** The journal is a file that others may write: nothing in it may make lines of its own here. */
function line(change: ChangeSummary): string {
  const undoes = change.undoes === undefined ? '' : `, undoes ${quote(change.undoes, 40)}`;
  const by = change.subject === undefined ? '' : `, by ${quote(change.subject, 60)}`;
  return `${change.changeId} ${change.state}: ${quote(change.sentence, 320)} (${quote(change.tool, 40)}, ${quote(change.time, 40)}${undoes}${by})`;
}

import * as z from 'zod';
import { parseJson } from '../base/json.js';
import type { ChangeHeader, EndState, ItemGroup, Outcome } from './change.js';
import type { PlanHeader } from './plan.js';
import { type TagStates, tagStates } from './tag-states.js';

/** One line of a change or a plan. */
export type JournalRecord =
  | { readonly header: ChangeHeader }
  | { readonly plan: PlanHeader }
  | { readonly group: ItemGroup }
  | { readonly outcome: Outcome }
  | { readonly end: EndState };

/** Ids on one line: large enough to be quick, small enough to be read in pieces. */
const IDS_PER_LINE = 200;

/** Items as lines, none too long. */
export function* groupLines(groups: Iterable<ItemGroup>): Iterable<string> {
  for (const group of groups) {
    for (let start = 0; start < group.ids.length; start += IDS_PER_LINE) {
      yield encodeRecord({ group: { ...group, ids: group.ids.slice(start, start + IDS_PER_LINE) } });
    }
  }
}

/** A line as it is stored: JSON, without a newline. Tags are lists of pairs, so any key is safe. */
export function encodeRecord(record: JournalRecord): string {
  return JSON.stringify(written(record)).replace(LINE_ENDS, (end) => (end === '\u2028' ? '\\u2028' : '\\u2029'));
}

/** JSON leaves these two as they are; whoever reads by lines, as Node from 24 on, may end a line at them. */
const LINE_ENDS = /[\u2028\u2029]/g;

function written(record: JournalRecord): Record<string, unknown> {
  if ('group' in record) {
    const { regionId, ids, before, after } = record.group;
    return {
      Items: ids,
      RegionId: regionId,
      Before: before === undefined ? null : Object.entries(before),
      After: Object.entries(after),
    };
  }
  if ('outcome' in record) {
    const { kind, regionId, ids, requestId, code } = record.outcome;
    return { Outcome: kind, RegionId: regionId, Ids: ids, RequestId: requestId, Code: code };
  }
  if ('end' in record) return { End: record.end };
  if ('header' in record) {
    const { changeId, time, tool, sentence, resourceType, resources, account, subject, undoes } = record.header;
    return {
      V: 2,
      ChangeId: changeId,
      Time: time,
      Tool: tool,
      Change: sentence,
      ResourceType: resourceType,
      Resources: resources,
      AccountId: account.id,
      Origin: account.origin,
      Subject: subject,
      Undoes: undoes,
    };
  }
  const { planId, sentence, expiresAt, resourceType, resources, account, subject, operations, selection } = record.plan;
  return {
    V: 2,
    PlanId: planId,
    Change: sentence,
    ExpiresAt: expiresAt,
    ResourceType: resourceType,
    Resources: resources,
    AccountId: account.id,
    Origin: account.origin,
    Subject: subject,
    Operations: operations,
    Selection: selection,
  };
}

const states = z.array(z.tuple([z.string(), z.string().nullable()])).transform(shared);

const MOST_REMEMBERED = 1_000;
const remembered = new Map<string, TagStates>();

/** Alike states are one object: the thousands of resources of a bulk change come in few kinds. */
function shared(pairs: readonly (readonly [key: string, value: string | null])[]): TagStates {
  const name = JSON.stringify(pairs);
  const known = remembered.get(name) ?? tagStates(pairs);
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(name, known);
  return known;
}

const groupLine = z
  .object({ Items: z.array(z.string()), RegionId: z.string(), Before: states.nullable(), After: states })
  .transform(({ Items, RegionId, Before, After }) => ({
    group: { regionId: RegionId, ids: Items, before: Before ?? undefined, after: After },
  }));

const outcomeLine = z
  .object({
    Outcome: z.enum(['done', 'refused', 'unknown', 'not_sent']),
    RegionId: z.string(),
    Ids: z.array(z.string()),
    RequestId: z.string().optional(),
    Code: z.string().optional(),
  })
  .transform(({ Outcome, RegionId, Ids, RequestId, Code }) => ({
    outcome: { kind: Outcome, regionId: RegionId, ids: Ids, requestId: RequestId, code: Code },
  }));

const endLine = z
  .object({ End: z.enum(['done', 'partial', 'nothing_done', 'unknown']) })
  .transform(({ End }) => ({ end: End }));

const owned = {
  V: z.literal(2),
  Change: z.string(),
  Resources: z.int().min(0),
  AccountId: z.string().optional(),
  Origin: z.string(),
  Subject: z.string().optional(),
};

const headerLine = z
  .object({
    ...owned,
    ChangeId: z.string(),
    Time: z.string(),
    Tool: z.string(),
    ResourceType: z.enum(['key', 'secret', 'certificate']),
    Undoes: z.string().optional(),
  })
  .transform((line) => ({
    header: {
      changeId: line.ChangeId,
      time: line.Time,
      tool: line.Tool,
      sentence: line.Change,
      resourceType: line.ResourceType,
      resources: line.Resources,
      account: { id: line.AccountId, origin: line.Origin },
      subject: line.Subject,
      undoes: line.Undoes,
    },
  }));

const pair = z.tuple([z.string(), z.string()]);
const planLine = z
  .object({
    ...owned,
    PlanId: z.string(),
    ExpiresAt: z.string(),
    ResourceType: z.enum(['key', 'secret']),
    Operations: z.object({ remove: z.array(z.string()), set: z.array(pair), rename: z.array(pair) }),
    Selection: z.union([
      z.object({ kind: z.literal('ids') }),
      z.object({
        kind: z.literal('where'),
        conditions: z.array(z.object({ key: z.string(), value: z.string().optional(), not: z.boolean().optional() })),
      }),
    ]),
  })
  .transform((line) => ({
    plan: {
      planId: line.PlanId,
      sentence: line.Change,
      expiresAt: line.ExpiresAt,
      resourceType: line.ResourceType,
      resources: line.Resources,
      account: { id: line.AccountId, origin: line.Origin },
      subject: line.Subject,
      operations: line.Operations,
      selection: line.Selection,
    },
  }));

const anyLine = z.union([outcomeLine, groupLine, headerLine, endLine, planLine]);

/** Reads a line; undefined for a torn or unknown one. `withItems: false` passes over items without parsing them. */
export function decodeRecord(line: string, withItems: boolean): JournalRecord | undefined {
  if (!withItems && line.startsWith('{"Items"')) return undefined;
  const parsed = anyLine.safeParse(parseJson(line));
  return parsed.success ? parsed.data : undefined;
}

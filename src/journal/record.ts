import * as z from 'zod';
import {
  type ChangeHeader,
  type ChangeItem,
  type ChangeState,
  type Outcome,
  type TagStates,
  tagStates,
} from './change.js';

/** One line of the journal. */
export type JournalRecord =
  | { readonly header: ChangeHeader }
  | { readonly items: readonly ChangeItem[] }
  | { readonly outcome: Outcome; readonly time: string }
  | { readonly end: Extract<ChangeState, 'done' | 'partial' | 'nothing_done' | 'unknown'>; readonly time: string };

/** A line as it is stored: JSON with the API's field names, without a newline. Tags are lists, so any key is safe. */
export function encodeRecord(record: JournalRecord): string {
  return jsonOf(record).replace(LINE_ENDS, (end) => (end === '\u2028' ? '\\u2028' : '\\u2029'));
}

/** JSON leaves these two as they are; whoever reads by lines, as Node from 24 on, may end a line at them. */
const LINE_ENDS = /[\u2028\u2029]/g;

function jsonOf(record: JournalRecord): string {
  if ('header' in record) {
    const { header } = record;
    return JSON.stringify({
      V: 1,
      ChangeId: header.changeId,
      Time: header.time,
      Tool: header.tool,
      RegionId: header.regionId,
      ResourceType: header.resourceType,
      Resources: header.resources,
      FirstResourceId: header.firstResourceId,
      TagKeys: header.tagKeys,
      Subject: header.subject,
      Undoes: header.undoes,
      Host: header.host,
      Pid: header.pid,
    });
  }
  if ('items' in record) {
    return JSON.stringify({
      Items: record.items.map(({ resourceId, before, after }) => [
        resourceId,
        before === undefined ? null : Object.entries(before),
        Object.entries(after),
      ]),
    });
  }
  if ('outcome' in record) {
    const { kind, resourceIds, requestId, code } = record.outcome;
    return JSON.stringify({
      Outcome: kind,
      ResourceIds: resourceIds,
      RequestId: requestId,
      Code: code,
      Time: record.time,
    });
  }
  return JSON.stringify({ End: record.end, Time: record.time });
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

const headerLine = z
  .object({
    V: z.literal(1),
    ChangeId: z.string(),
    Time: z.string(),
    Tool: z.string(),
    RegionId: z.string(),
    ResourceType: z.enum(['key', 'secret', 'certificate']),
    Resources: z.number(),
    FirstResourceId: z.string(),
    TagKeys: z.array(z.string()),
    Subject: z.string().optional(),
    Undoes: z.string().optional(),
    Host: z.string(),
    Pid: z.number().int(),
  })
  .transform((line) => ({
    header: {
      changeId: line.ChangeId,
      time: line.Time,
      tool: line.Tool,
      regionId: line.RegionId,
      resourceType: line.ResourceType,
      resources: line.Resources,
      firstResourceId: line.FirstResourceId,
      tagKeys: line.TagKeys,
      subject: line.Subject,
      undoes: line.Undoes,
      host: line.Host,
      pid: line.Pid,
    },
  }));

const itemsLine = z.object({ Items: z.array(z.tuple([z.string(), states.nullable(), states])) }).transform((line) => ({
  items: line.Items.map(([resourceId, before, after]) => ({ resourceId, before: before ?? undefined, after })),
}));

const outcomeLine = z
  .object({
    Outcome: z.enum(['done', 'failed', 'unknown']),
    ResourceIds: z.array(z.string()),
    RequestId: z.string().optional(),
    Code: z.string().optional(),
    Time: z.string(),
  })
  .transform((line) => ({
    time: line.Time,
    outcome: { kind: line.Outcome, resourceIds: line.ResourceIds, requestId: line.RequestId, code: line.Code },
  }));

const endLine = z
  .object({ End: z.enum(['done', 'partial', 'nothing_done', 'unknown']), Time: z.string() })
  .transform((line) => ({ end: line.End, time: line.Time }));

const anyLine = z.union([outcomeLine, itemsLine, headerLine, endLine]);

/** Reads a line; undefined for a torn or unknown one. `withItems: false` passes over item lines without parsing them. */
export function decodeRecord(line: string, withItems: boolean): JournalRecord | undefined {
  if (!withItems && line.startsWith('{"Items"')) return undefined;
  try {
    const json: unknown = JSON.parse(line);
    const parsed = anyLine.safeParse(json);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

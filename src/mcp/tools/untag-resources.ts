import * as z from 'zod';
import type { Tags } from '../../aliyun/kms/tag-record.js';
import { digest } from '../../base/digest.js';
import { quoteList } from '../../base/quote.js';
import { TagsError } from '../../base/tags-error.js';
import { writeInBulk } from '../../changes/bulk-write.js';
import { statesOf } from '../../changes/single-change.js';
import { bulkTagWriter } from '../../changes/tag-writer.js';
import { allowedKeys, planUntag } from '../../changes/untag-plan.js';
import { BULK_RESOURCE_TYPES } from '../../inventory/resource.js';
import { type Reading, readSelection, type Selection, type View, viewDigest } from '../../inventory/selection.js';
import { type ChangeItem, type TagStates, tagStates } from '../../journal/change.js';
import { type Call, RUN_MS } from '../call.js';
import { type Progress, withProgress } from '../progress.js';
import { listFromText, regionIdField, tagKey, tagKeysField, wellFormed } from '../schemas.js';
import { withSmallHeap } from '../small-heap.js';
import { counted } from '../text/result.js';
import {
  isFailure,
  planFields,
  planText,
  type RunReport,
  runFields,
  runStatus,
  runText,
  untagOutput,
} from '../text/untag-report.js';
import { defineTool, type ToolReply } from '../tool.js';

const example = '{"ResourceType":"key","TagKeys":["temp"],"WithTagKey":"temp"}';

const input = () =>
  z.strictObject({
    ResourceType: z.enum(BULK_RESOURCE_TYPES),
    TagKeys: tagKeysField('Tag keys to remove.'),
    ResourceIds: z
      .preprocess(listFromText, z.array(wellFormed().refine((id) => id !== '', 'is empty')).min(1))
      .optional()
      .describe('Key IDs or secret names.'),
    WithTagKey: tagKey().optional().describe('Selects all that carry this tag key.'),
    WithTagValue: wellFormed().optional().describe('Only those with this value of WithTagKey.'),
    PlanToken: z.string().optional().describe('From the plan: applies it.'),
    RegionId: regionIdField(),
  });

export const untagResources = defineTool({
  name: 'untag_resources',
  title: 'Remove tags from many KMS resources',
  description:
    'Removes tags from many KMS keys or secrets in two calls. Select by ResourceIds, or by WithTagKey (and WithTagValue). ' +
    'The first call changes nothing and returns a plan with a PlanToken: show it to the person, then repeat the call with PlanToken. ' +
    'If Status is partial, repeat with the new PlanToken. undo_change takes it back.',
  example,
  input,
  output: untagOutput,
  writes: true,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },

  handler: (args, call) =>
    withSmallHeap(() => withProgress(call, 'Reading tags', (progress) => planOrApply(args, call, progress))),
});

type Input = z.output<ReturnType<typeof input>>;
type Output = z.input<ReturnType<typeof untagOutput>>;

async function planOrApply(
  { PlanToken, RegionId, ...args }: Input,
  call: Call,
  progress: Progress,
): Promise<ToolReply<Output>> {
  const { allowed, leftOut } = keysToRemove(args.TagKeys, call);
  const selection = selectionOf(args);
  const regionId = await call.region(RegionId);
  const kms = call.kms(regionId);
  const type = args.ResourceType;
  const request = digest([regionId, args]);
  const token = PlanToken === undefined ? undefined : openPlan(call, PlanToken, request);
  const reading = { kms, type, selection, tagKeys: allowed, after: token?.after, options: call.options };

  const view = await readSelection(reading);
  const seen = viewDigest(view);
  const plan = planUntag(type, allowed, view);
  const sealPlan = (digestOfRest: string, after: string | undefined): string =>
    call.seal.close({ purpose: 'plan', subject: call.viewer.subject, request, seen: digestOfRest, after });
  if (token?.seen !== seen) {
    const fresh = view.carriers.length === 0 ? undefined : sealPlan(seen, token?.after);
    const report = { plan, regionId, leftOut, token: fresh };
    if (token !== undefined) throw changedSince(planText(report));
    return { structured: planFields(report), text: planText(report) };
  }

  const question = await call.confirm({
    message: async () => planText({ plan, regionId, leftOut, token: undefined }),
    args: { ...args, PlanToken },
    seen,
    seenNow: async () => viewDigest(await readSelection(reading)),
  });
  if (question) return question;
  await spendPlan(call, token.id);

  const run = await applyPlan(call, reading, regionId, view, sealPlan, progress);
  return { structured: runFields(run), text: runText(run), isError: isFailure(run) };
}

function keysToRemove(keys: readonly string[], call: Call): { allowed: readonly string[]; leftOut: readonly string[] } {
  const { allowed, protectedKeys, systemKeys } = allowedKeys(keys, call.protection);
  if (allowed.length > 0) return { allowed, leftOut: [...protectedKeys, ...systemKeys] };
  call.protection.refuse(keys);
  const text = `${quoteList(systemKeys)}: keys that begin with aliyun or acs: belong to Alibaba Cloud.`;
  throw new TagsError('PROTECTED_TAG', text, 'Name other keys.');
}

function selectionOf(args: Omit<z.output<ReturnType<typeof input>>, 'PlanToken' | 'RegionId'>): Selection {
  const { ResourceIds: ids, WithTagKey: key, WithTagValue: value } = args;
  if (ids !== undefined && key === undefined && value === undefined) return { kind: 'ids', ids };
  if (ids === undefined && key !== undefined) return { kind: 'tagged', filter: { key, value } };
  const text = 'Select either by ResourceIds, or by WithTagKey (WithTagValue goes with it).';
  throw new TagsError('INVALID_ARGUMENT', text, `A right call: ${example}`);
}

/** A plan for exactly this request, made for this caller. */
function openPlan(call: Call, text: string, request: string) {
  const opened = call.seal.open(text);
  const again = 'Repeat the call without PlanToken for a new plan.';
  if (opened.kind === 'expired') throw new TagsError('PLAN_EXPIRED', 'The plan is too old.', again);
  if (opened.kind === 'good') {
    const { sealed, id } = opened;
    const isOurs = sealed.purpose === 'plan' && sealed.subject === call.viewer.subject && sealed.request === request;
    if (isOurs) return { id, seen: sealed.seen, after: sealed.after };
  }
  throw new TagsError('PLAN_MISMATCH', 'This PlanToken was made for other arguments, or is damaged.', again);
}

async function spendPlan(call: Call, id: string): Promise<void> {
  if (await call.journal.spend(id, call.seal.ttlMs)) return;
  const text = 'This plan was applied already.';
  throw new TagsError('PLAN_EXPIRED', text, 'Repeat the call without PlanToken for a new plan.');
}

function changedSince(newPlan: string): TagsError {
  return new TagsError(
    'CHANGED_SINCE_PREVIEW',
    'Resources or tags changed since the plan was made.',
    `New plan:\n${newPlan}`,
  );
}

/** Journal, write, read back, report. */
async function applyPlan(
  call: Call,
  { kms, type, tagKeys }: Reading,
  regionId: string,
  view: View,
  sealPlan: (seen: string, after: string | undefined) => string,
  progress: Progress,
): Promise<RunReport> {
  const ids = view.carriers.map((carrier) => carrier.id);
  const after = tagStates(tagKeys.map((key) => [key, null]));
  const { tool, now, options, viewer } = call;
  const items = changeItems(view, tagKeys, after);
  const change = await call.journal.begin({ tool, regionId, resourceType: type, subject: viewer.subject, items });

  let through = 0;
  const result = await writeInBulk({
    writer: bulkTagWriter(kms, type),
    goals: [{ ids, after }],
    stopAt: call.startedAt + RUN_MS,
    deadline: options.deadline ?? Number.POSITIVE_INFINITY,
    signal: options.signal,
    now,
    async onOutcome(outcome) {
      through += outcome.resourceIds.length;
      progress.report(through, ids.length, `${through} of ${counted(ids.length, type)}`);
      await change.record(outcome);
    },
  });

  const missing = view.missing.map((id) => ({ id, code: 'InvalidResourceId.NotFound' }));
  const run: RunReport = {
    ...result,
    regionId,
    type,
    removed: result.done,
    absent: view.absent,
    failures: [...result.failures, ...missing],
    unknown: result.unknown.length,
    changeId: change.changeId,
    token: restToken(view, result.notAttempted, sealPlan),
  };
  await change.end(run.unknown > 0 ? 'unknown' : runStatus(run));
  return run;
}

/** Made one by one as they are written down, and sharing states: there may be a hundred thousand of them. */
function changeItems(view: View, tagKeys: readonly string[], after: TagStates): Iterable<ChangeItem> {
  const states = new Map<Tags, TagStates>();
  return {
    *[Symbol.iterator]() {
      for (const { id, tags } of view.carriers) {
        const before = states.get(tags) ?? statesOf(tags, tagKeys);
        states.set(tags, before);
        yield { resourceId: id, before, after };
      }
    },
  };
}

/** A plan for what time was too short for: the tail of the sorted carriers. */
function restToken(
  view: View,
  notAttempted: number,
  sealPlan: (seen: string, after: string | undefined) => string,
): string | undefined {
  if (notAttempted === 0) return undefined;
  const split = view.carriers.length - notAttempted;
  const last = view.carriers[split - 1]?.id;
  const missing = view.missing.filter((id) => last === undefined || id > last);
  return sealPlan(viewDigest({ carriers: view.carriers.slice(split), missing }), last);
}

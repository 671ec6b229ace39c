import * as z from 'zod';
import { plain, quote, quoteList } from '../../base/quote.js';
import type { BulkFailure } from '../../changes/bulk-write.js';
import type { UntagPlan } from '../../changes/untag-plan.js';
import { KMS_TAG_LINE } from './question.js';
import { counted, undoText } from './result.js';

/** Failures that a report shows. */
const SHOWN = 10;
/** Tag keys that the text of a plan shows. */
const SHOWN_KEYS = 20;

const count = () => z.int().optional();

/** A plan and a report in one flat schema: hosts take no unions. */
export const untagOutput = () =>
  z.object({
    RegionId: z.string(),
    Status: z.enum(['done', 'partial', 'nothing_done']).optional(),
    Selected: z.int(),
    Carrying: count(),
    Removed: count(),
    AbsentAlready: z.int(),
    Failed: count(),
    Unknown: count(),
    NotAttempted: count(),
    Unverified: count(),
    NotFound: count(),
    KeyCounts: z.array(z.object({ TagKey: z.string(), Resources: z.int() })).optional(),
    Values: z.array(z.object({ TagKey: z.string(), TagValue: z.string(), Resources: z.int() })).optional(),
    OtherValues: count(),
    Sample: z.array(z.string()).optional(),
    LeftOutTagKeys: z.array(z.string()).optional(),
    Requests: count(),
    ExpectedSeconds: count(),
    Failures: z.array(z.object({ ResourceId: z.string(), Code: z.string() })).optional(),
    ChangeId: z.string().optional(),
    PlanToken: z.string().optional(),
  });

export interface PlanReport {
  readonly plan: UntagPlan;
  readonly regionId: string;
  /** Protected or system-owned keys, which no request names. */
  readonly leftOut: readonly string[];
  readonly token: string | undefined;
}

export function planFields({ plan, regionId, leftOut, token }: PlanReport): z.input<ReturnType<typeof untagOutput>> {
  return {
    RegionId: regionId,
    ...(token === undefined ? { Status: 'nothing_done' as const } : { PlanToken: token }),
    Selected: plan.selected,
    Carrying: plan.carrying,
    AbsentAlready: plan.absent,
    NotFound: plan.missing,
    KeyCounts: plan.keyCounts.map(({ key, resources }) => ({ TagKey: key, Resources: resources })),
    Values: plan.values.map(({ key, value, resources }) => ({ TagKey: key, TagValue: value, Resources: resources })),
    OtherValues: plan.otherValues,
    Sample: [...plan.sample],
    LeftOutTagKeys: [...leftOut],
    Requests: plan.requests,
    ExpectedSeconds: plan.seconds,
  };
}

export function planText({ plan, regionId, leftOut, token }: PlanReport): string {
  const { type, selected, carrying, absent, missing } = plan;
  const byKey = plan.keyCounts.slice(0, SHOWN_KEYS).map(({ key, resources }) => `${quote(key, 64)} on ${resources}`);
  const otherKeys = plan.keyCounts.length - byKey.length;
  const lines = [
    `Plan: remove tags from ${counted(carrying, type)} in ${regionId} (of ${counted(selected, type)} selected; ${absent} carry none of the keys, ${missing} not found).`,
    `By key: ${byKey.join(', ')}${otherKeys > 0 ? ` and ${otherKeys} more keys` : ''}.`,
  ];
  if (plan.values.length > 0) {
    const values = plan.values.map(
      ({ key, value, resources }) => `${quote(key, 64)}=${quote(value, 64)} on ${resources}`,
    );
    const others = plan.otherValues > 0 ? ` and ${plan.otherValues} other values` : '';
    lines.push(`Values that go: ${values.join(', ')}${others}.`);
    lines.push(`For example: ${quoteList(plan.sample)}.`);
  }
  if (missing > 0) lines.push(`Not found, for example: ${quoteList(plan.missingSample)}.`);
  if (leftOut.length > 0) lines.push(`Left out, protected or owned by the system: ${quoteList(leftOut)}.`);
  if (carrying > 0) lines.push(`About ${plan.requests} requests, ${plan.seconds} s.`, KMS_TAG_LINE);
  lines.push('Nothing was changed.');
  if (token !== undefined) lines.push(`To apply, repeat the call with PlanToken ${token}`);
  return lines.join('\n');
}

export interface RunReport {
  readonly regionId: string;
  readonly type: string;
  readonly removed: number;
  readonly absent: number;
  /** Those not found included. */
  readonly failures: readonly BulkFailure[];
  readonly unknown: number;
  readonly notAttempted: number;
  readonly unverified: number;
  /** Some of what failed was changed in part. */
  readonly touched: boolean;
  readonly changeId: string;
  /** For the rest. */
  readonly token: string | undefined;
}

export function runStatus(run: RunReport): 'done' | 'partial' | 'nothing_done' {
  if (run.failures.length === 0 && run.unknown === 0 && run.notAttempted === 0) return 'done';
  return run.removed > 0 || run.unknown > 0 || run.touched ? 'partial' : 'nothing_done';
}

/** Nothing was done, and not for lack of time. */
export function isFailure(run: RunReport): boolean {
  return runStatus(run) === 'nothing_done' && run.failures.length > 0;
}

export function runFields(run: RunReport): z.input<ReturnType<typeof untagOutput>> {
  return {
    RegionId: run.regionId,
    Status: runStatus(run),
    Selected: run.removed + run.absent + run.failures.length + run.unknown + run.notAttempted,
    Removed: run.removed,
    AbsentAlready: run.absent,
    Failed: run.failures.length,
    Unknown: run.unknown,
    NotAttempted: run.notAttempted,
    Unverified: run.unverified,
    Failures: run.failures.slice(0, SHOWN).map(({ id, code }) => ({ ResourceId: id, Code: code })),
    ChangeId: run.changeId,
    ...(run.token === undefined ? {} : { PlanToken: run.token }),
  };
}

export function runText(run: RunReport): string {
  const parts = [
    `removed from ${counted(run.removed, run.type)}`,
    `${run.absent} carried none of the keys`,
    `${run.failures.length} failed`,
    `${run.unknown} with unknown outcome`,
    `${run.notAttempted} not attempted`,
  ];
  const verified = run.unverified > 0 ? `; ${run.unverified} could not be read back` : '; read back';
  // An error begins with its code.
  const code = isFailure(run) ? `${plain(run.failures[0]?.code ?? '', 80)}: ` : '';
  const lines = [`${code}${runStatus(run)} in ${run.regionId}: ${parts.join(', ')}${verified}.`];
  if (run.failures.length > 0) {
    const shown = run.failures.slice(0, SHOWN).map(({ id, code }) => `${quote(id)}: ${code}`);
    const rest = run.failures.length - shown.length;
    lines.push(`Failed: ${shown.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}.`);
  }
  if (run.token !== undefined) lines.push(`For the rest, repeat the call with PlanToken ${run.token}`);
  lines.push(
    runStatus(run) === 'nothing_done' ? `Nothing was changed (ChangeId ${run.changeId}).` : undoText(run.changeId),
  );
  return lines.join('\n');
}

import { hintFor } from '../../aliyun/kms/error-hints.js';
import { plain, quote } from '../../base/quote.js';
import type { Applied } from '../../changes/apply.js';
import { resourcesOf, statusOf } from '../../changes/run-result.js';
import type { StoredPlan } from '../../journal/plan.js';
import { capped } from '../schemas.js';
import { causeText, counted, undoText, WITHHELD } from './result.js';

/** Failures that a report shows; the counts are always whole. */
const SHOWN = 10;

/** Nothing was done, and not for lack of time. */
export function isFailure(applied: Applied): boolean {
  return statusOf(applied, applied.changedSincePlan) === 'nothing_done' && applied.failures.length > 0;
}

/** What was changed, what was not, and what to do next. */
export function appliedMessage(plan: StoredPlan, applied: Applied, rest: StoredPlan | undefined): string {
  const { changed, verified, failures, unknown, changeId, changedSincePlan, partlyChanged } = applied;
  const status = statusOf(applied, changedSincePlan);
  const unverified = changed.resources - verified.resources;
  const count = (number: number, text: string): string[] =>
    number === 0 ? [] : [`${number.toLocaleString('en')} ${text}`];
  const parts = [
    `${counted(changed.resources, plan.resourceType)} changed${changed.resources === 0 ? '' : unverified === 0 ? ', all read back' : ''}`,
    ...count(unverified, 'of them acknowledged by KMS, but reading does not show it yet'),
    ...count(applied.withheld, WITHHELD),
    ...count(changedSincePlan, 'left alone, because their tags changed since the plan'),
    ...count(failures.length, 'failed'),
    ...count(partlyChanged, 'of them changed in part'),
    ...count(unknown.length, 'with unknown outcome'),
    ...count(resourcesOf(applied.notAttempted), 'not attempted'),
  ];
  // An error begins with its code.
  const [failure] = failures;
  const code = isFailure(applied) ? `${plain(failure?.code ?? '', 80)}: ` : '';
  const wrote = changed.resources + unknown.length + partlyChanged > 0;
  const undo = wrote && changeId !== undefined ? undoText(changeId) : 'Nothing was changed.';
  const hint =
    applied.cause === undefined && failure !== undefined ? ` ${hintFor(failure.code, failure.permission)}` : '';
  const again = applied.notAttempted.length === 0 ? '' : ' For the rest call plan_change again.';
  const next =
    rest === undefined
      ? again
      : ` For the rest call apply_plan with PlanId ${rest.planId} and Change: ${rest.sentence}`;
  return `${code}${status}: ${parts.join('; ')}. ${undo}${hint}${causeText(applied.cause)}${next}`;
}

export function appliedDetails({ failures, unknown }: Applied): readonly string[] {
  const all = [...failures, ...unknown.map((one) => ({ ...one, code: 'OUTCOME_UNKNOWN' }))];
  const shown = all.slice(0, SHOWN).map(({ id, regionId, code }) => `${quote(id)} in ${regionId}: ${code}`);
  return all.length > SHOWN ? [...shown, `and ${all.length - SHOWN} more`] : shown;
}

export function appliedFields({ account }: StoredPlan, applied: Applied, rest: StoredPlan | undefined) {
  const { changed, verified, failures, unknown, changeId, changedSincePlan, notAttempted } = applied;
  return {
    Status: statusOf(applied, changedSincePlan),
    Changed: changed.resources,
    ChangedSincePlan: changedSincePlan,
    Failed: failures.length,
    Unknown: unknown.length,
    NotAttempted: resourcesOf(notAttempted),
    Verified: verified.resources,
    Unverified: changed.resources - verified.resources,
    ...(failures.length === 0
      ? {}
      : { Failures: failures.slice(0, SHOWN).map(({ id, code }) => ({ ResourceId: capped(id), Code: code })) }),
    ...(changeId === undefined ? {} : { ChangeId: changeId }),
    ...(account.id === undefined ? {} : { AccountId: account.id }),
    ...(rest === undefined ? {} : { PlanId: rest.planId, Change: rest.sentence }),
  };
}

import * as z from 'zod';
import { isSettable } from '../../aliyun/kms/limits.js';
import { TagsError } from '../../base/tags-error.js';
import { applyPlan } from '../../changes/apply.js';
import { PLAN_TTL_MS, planForRest } from '../../changes/make-plan.js';
import { keysOf } from '../../changes/operations.js';
import { bulkTagWriter } from '../../changes/tag-writer.js';
import type { StoredPlan } from '../../journal/plan.js';
import { type Call, RUN_MS } from '../call.js';
import { confirm } from '../confirmation.js';
import { withProgress } from '../progress.js';
import { trimmed } from '../schemas.js';
import { appliedDetails, appliedFields, appliedMessage, isFailure } from '../text/applied.js';
import { planQuestion } from '../text/plan.js';
import { counted } from '../text/result.js';
import { defineTool } from '../tool.js';

export const applyPlanTool = defineTool({
  name: 'apply_plan',
  title: 'Apply a plan',
  description:
    'Makes the change that plan_change planned. Resources whose tags changed since are left alone, new ones not touched. A ' +
    'plan serves once; when the result has a new PlanId, call again with it. undo_change undoes it.',
  example: '{"PlanId":"p-Xy12…","Change":"Remove \\"temp\\" from 24 keys in cn-hangzhou where \\"temp\\" is there"}',
  input: () =>
    z.strictObject({
      PlanId: trimmed().describe('From plan_change.'),
      Change: trimmed().describe("The plan's own sentence, unchanged: what the person approves."),
    }),
  output: () =>
    z.object({
      Status: z.enum(['done', 'partial', 'nothing_done']),
      Changed: z.int(),
      ChangedSincePlan: z.int(),
      Failed: z.int(),
      Unknown: z.int(),
      NotAttempted: z.int(),
      Verified: z.int(),
      Unverified: z.int(),
      Failures: z.array(z.object({ ResourceId: z.string(), Code: z.string() })).optional(),
      ChangeId: z.string().optional(),
      PlanId: z.string().optional(),
      Change: z.string().optional(),
    }),
  writes: true,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },

  async handler(args, call) {
    const plan = await findPlan(args.PlanId, call);
    if (args.Change !== plan.sentence) {
      const next = `Call apply_plan with PlanId ${plan.planId} and Change: ${plan.sentence}`;
      throw new TagsError('PLAN_MISMATCH', "Change is not the plan's sentence.", next);
    }
    // The plan may be older than the protection.
    call.protection.refuse(keysOf(plan.operations));
    const question = await confirm(call, {
      args,
      message: async () => planQuestion(plan.sentence, notRestorable(plan)),
      seen: plan.planId,
      // Each resource is read again just before it is written.
      seenNow: async () => plan.planId,
    });
    if (question) return question;

    const { clock, options, journal, tool, kms, principal, onUnexpectedError } = call;
    const { resourceType, sentence, account, resources } = plan;
    const { subject } = principal;
    const applied = await withProgress(call, 'Applying the plan', (progress) =>
      applyPlan(plan, {
        writerOf: (regionId) => bulkTagWriter(kms(regionId), resourceType),
        async begin(groups) {
          await useUp(plan, call);
          return journal.begin({ tool, sentence, resourceType, resources, account, subject }, groups);
        },
        limits: { ...options, stopAt: call.startedAt + RUN_MS, elapsed: clock.elapsed, sleep: clock.sleep },
        onProgress: (done) => progress.report(done, resources, `${done} of ${counted(resources, resourceType)}`),
        onUnexpectedError,
      }),
    );
    // Nothing came to be written: it was applied all the same.
    if (applied.changeId === undefined) await useUp(plan, call);
    const left = applied.notAttempted.length === 0 ? undefined : planForRest(plan, applied.notAttempted, clock.now());
    const keep = async (): Promise<StoredPlan | undefined> => {
      if (left !== undefined) await journal.keepPlan(left, PLAN_TTL_MS);
      return left;
    };
    // The change was made: that a plan for the rest cannot be kept must not hide it.
    const rest = await keep().catch(() => undefined);
    return {
      message: appliedMessage(plan, applied, rest),
      details: appliedDetails(applied),
      structured: appliedFields(plan, applied, rest),
      isError: isFailure(applied),
    };
  },
});

async function findPlan(planId: string, call: Call): Promise<StoredPlan> {
  const { journal, principal, options } = call;
  const found = await journal.readPlan(planId, { principal, account: await call.account(options) });
  if (found.kind === 'found') return found.record;
  const text =
    found.kind === 'missing'
      ? 'There is no such plan for this caller: it was used, is older than ten minutes, or is not theirs.'
      : 'This plan was made under other credentials, for another account.';
  throw new TagsError('PLAN_EXPIRED', text, 'Call plan_change for a new plan.');
}

/** As late as can be: a plan whose first resources cannot be read is not used up. Throws for one that was applied before. */
async function useUp({ planId }: StoredPlan, { journal }: Call): Promise<void> {
  if (await journal.consumeOnce(planId, PLAN_TTL_MS)) return;
  const next = 'Look with list_changes, or call plan_change again.';
  throw new TagsError('PLAN_EXPIRED', 'This plan was applied already.', next);
}

/** Values that go and that KMS would not take back, each once. */
function notRestorable({ groups }: StoredPlan): readonly string[] {
  const values = groups.flatMap(({ before, after }) =>
    Object.keys(after).flatMap((key) => {
      const value = before?.[key];
      return typeof value === 'string' && !isSettable(key, value) ? [`${key}=${value}`] : [];
    }),
  );
  return [...new Set(values)];
}

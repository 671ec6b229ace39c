import { numberOf } from '../support/workbench.js';
import { applyComplaints, isWanted } from './apply-calls.js';
import { appliedChange, type Change, singleChange, undoOf } from './changes.js';
import { detailComplaints, findCall, findComplaints, historyComplaints } from './list-calls.js';
import { type OpenPlan, openPlanOf, planCall, planComplaints } from './plan-calls.js';
import type { Play } from './play.js';
import { readComplaints, type Seen } from './seen.js';
import { listCall, listComplaints, type SingleCall, tagCall, untagCall, writeComplaints } from './single-calls.js';
import { type UndoCall, undoCall, undoComplaints } from './undo-calls.js';

const STEPS = { untag, tag, plan, apply, undo, find, list, history, detail };
type Step = keyof typeof STEPS;
/** How often each comes. */
const MIX: readonly Step[] = [
  ...(['untag', 'untag', 'untag', 'tag', 'tag', 'tag', 'plan', 'plan', 'plan', 'plan', 'plan'] as const),
  ...(['apply', 'apply', 'apply', 'apply', 'apply', 'apply', 'undo', 'undo', 'undo', 'undo'] as const),
  ...(['find', 'find', 'list', 'history', 'detail'] as const),
];

/** One step of a sequence: a call, or a list page by page. */
export async function randomStep(play: Play): Promise<void> {
  await STEPS[play.scene.random.pick(MIX)](play);
}

async function untag(play: Play): Promise<void> {
  await writeOne(play, untagCall(play.scene));
}

async function tag(play: Play): Promise<void> {
  await writeOne(play, tagCall(play.scene));
}

async function writeOne(play: Play, call: SingleCall): Promise<void> {
  const seen = await play.call(call.tool, call.args);
  play.complain(seen, writeComplaints(play.scene, call, seen));
  remember(play, seen, (id) => singleChange(play.scene, call, seen, id));
}

async function list(play: Play): Promise<void> {
  const call = listCall(play.scene);
  const seen = await play.call(call.tool, call.args);
  play.complain(seen, readComplaints(seen));
  play.complain(seen, listComplaints(call, seen));
}

async function plan(play: Play): Promise<void> {
  const call = planCall(play.scene);
  const seen = await play.call('plan_change', call.args);
  play.complain(seen, planComplaints(call, seen));
  const open = openPlanOf(call, seen);
  if (open !== undefined) play.plans.push(open);
}

async function apply(play: Play): Promise<void> {
  const { scene, plans } = play;
  const { random } = scene;
  if (plans.length === 0) await plan(play);
  const chosen = random.chance(0.7) ? plans.at(-1) : plans[random.below(plans.length)];
  if (chosen === undefined) return;
  if (random.chance(0.02)) scene.pass(11 * 60_000);
  const Change = random.chance(0.02) ? `${chosen.sentence}!` : chosen.sentence;
  const seen = await play.call('apply_plan', { PlanId: chosen.planId, Change });
  play.complain(seen, applyComplaints(scene, chosen, seen));
  remember(play, seen, (id) =>
    appliedChange(scene, chosen, seen, id, (place, key, value) => isWanted(scene, chosen, place, key, value)),
  );
  const rest = restOf(chosen, seen);
  if (rest !== undefined) plans.push(rest);
}

/** The plan for what time was too short for. */
function restOf(plan: OpenPlan, { answer }: Seen): OpenPlan | undefined {
  const { PlanId: planId, Change: sentence } = answer.structured;
  if (typeof planId !== 'string' || typeof sentence !== 'string') return undefined;
  return { ...plan, planId, sentence, resources: numberOf(answer, 'NotAttempted') };
}

async function undo(play: Play): Promise<void> {
  await undoOne(play, undoCall(play.scene, play.changes));
}

export async function undoOne(play: Play, call: UndoCall): Promise<Seen> {
  const { scene } = play;
  const { change, scope } = call;
  const seen = await play.call('undo_change', call.args);
  play.complain(seen, undoComplaints(scene, call, seen));
  if (change !== undefined) remember(play, seen, (id) => undoOf(scene, change, scope, seen, id));
  return seen;
}

async function find(play: Play): Promise<void> {
  const call = findCall(play.scene);
  const pages: Seen[] = [];
  let NextToken: unknown;
  do {
    const seen = await play.call('find_resources', { ...call.args, ...(NextToken === undefined ? {} : { NextToken }) });
    play.complain(seen, readComplaints(seen));
    pages.push(seen);
    NextToken = seen.answer.structured['NextToken'];
  } while (typeof NextToken === 'string' && pages.length < 6);
  const [first] = pages;
  if (NextToken === undefined && first !== undefined) play.complain(first, findComplaints(call, pages));
}

async function history(play: Play): Promise<void> {
  const seen = await play.call('list_changes', { Limit: 100 });
  play.complain(seen, readComplaints(seen));
  if (!seen.isKeyless) play.complain(seen, historyComplaints(play.changes, seen));
}

async function detail(play: Play): Promise<void> {
  const { scene, changes } = play;
  if (changes.length === 0) return history(play);
  const change = scene.random.pick(changes);
  const seen = await play.call('list_changes', { Limit: 100, ChangeId: change.changeId });
  play.complain(seen, readComplaints(seen));
  if (!seen.isKeyless && !change.seen.isKeyless) play.complain(seen, detailComplaints(scene, change, seen));
}

/** Remembers the change that a call made, as far as its answer names it. */
function remember(play: Play, { says, args }: Seen, changeOf: (changeId: string) => Change): void {
  const { changeId } = says;
  if (changeId !== undefined && changeId !== args['ChangeId']) play.changes.push(changeOf(changeId));
}

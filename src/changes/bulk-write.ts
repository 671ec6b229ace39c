import type { Outcome, TagStates } from '../journal/change.js';
import { type Refusal, readBack, sendGoal } from './bulk-send.js';
import type { TagWriter } from './tag-writer.js';

/** Resources that are to get into the same state. Any number of them. */
export interface BulkGoal {
  readonly ids: readonly string[];
  readonly after: TagStates;
}

export interface BulkWrite {
  readonly writer: TagWriter;
  readonly goals: readonly BulkGoal[];
  /** No request starts after this, in milliseconds since the epoch; those under way are seen through. */
  readonly stopAt: number;
  /** No request goes on after this. */
  readonly deadline: number;
  /** Stops as `stopAt` does: between requests. */
  readonly signal: AbortSignal | undefined;
  readonly now: () => number;
  /** Told of each part as it ends. */
  readonly onOutcome: (outcome: Outcome) => Promise<void>;
}

export interface BulkFailure {
  readonly id: string;
  readonly code: string;
}

/** What came of a run: every id of the goals is in one of the counts, once. */
export interface BulkResult {
  readonly done: number;
  readonly failures: readonly BulkFailure[];
  readonly unknown: readonly string[];
  /** Always the tail of the goals, in their order. */
  readonly notAttempted: number;
  /** How many are done by the service's word alone, because reading back failed. */
  readonly unverified: number;
  /** Some of what failed was changed in part. */
  readonly touched: boolean;
}

/** Parts under way at once. The pacer spaces their requests; this hides the latency. */
const PARTS_AT_ONCE = 8;
/** When so many more resources were refused alike, one by one, than succeeded, the fault is not theirs: no more splitting. */
const ENOUGH_ALIKE = 8;
/** Code for a resource whose state, read back, is not what the service said it had made it. */
export const NOT_APPLIED = 'NOT_APPLIED';

/** Refusals of the account or its credentials: no other request would fare better, so the run ends. */
const ENDS_THE_RUN =
  /^(InvalidAccessKeyId.*|InvalidSecurityToken.*|MissingSecurityToken|SignatureDoesNotMatch|IncompleteSignature|InvalidTimeStamp.*|Forbidden\.(AccessKey|KmsServiceNotEnabled|InDebt.*|ProhibitedByRiskControl|Ubsms.*)|InvalidAction\.NotFound|UnsupportedOperation)$/;

/**
 * Brings resources into their wanted states, several requests at once, each part read back. A part that is refused
 * is split to find the resource at fault, so that one bad id costs one failure and not fifty. Never rejects.
 */
export async function writeInBulk(write: BulkWrite): Promise<BulkResult> {
  const { writer, goals, stopAt, deadline, signal, now, onOutcome } = write;
  const parts = partsOf(goals, writer.maxIds);
  let notAttempted = goals.reduce((sum, { ids }) => sum + ids.length, 0);
  let done = 0;
  const failures: BulkFailure[] = [];
  const unknown: string[] = [];
  const refusedAlone = new Map<string, number>();
  let unverified = 0;
  let touched = false;
  let ended = false;

  const isOver = (): boolean => ended || signal?.aborted === true || now() >= stopAt;

  async function settle(ids: readonly string[], outcome: Omit<Outcome, 'resourceIds'>): Promise<void> {
    if (ids.length === 0) return;
    const { kind, code = NOT_APPLIED } = outcome;
    if (kind === 'done') done += ids.length;
    else if (kind === 'unknown') unknown.push(...ids);
    else failures.push(...ids.map((id) => ({ id, code })));
    await onOutcome({ ...outcome, resourceIds: ids });
  }

  /** What failed in part is a failure in the report; undo must look at it all the same. */
  async function settlePartly(ids: readonly string[], code: string): Promise<void> {
    if (ids.length === 0) return;
    touched = true;
    failures.push(...ids.map((id) => ({ id, code })));
    await onOutcome({ kind: 'unknown', resourceIds: ids, code });
  }

  async function attempt(goal: BulkGoal, earlier: Earlier = NOTHING_EARLIER): Promise<void> {
    const { ids } = goal;
    const sent = await sendGoal(writer, goal, deadline);
    if (sent.ok) {
      const seen = await readBack(writer, goal, deadline);
      const { requestId } = sent;
      if (seen === undefined) unverified += ids.length;
      await settle(seen?.reached ?? ids, { kind: 'done', requestId });
      return settle(seen?.others ?? [], { kind: 'failed', code: NOT_APPLIED, requestId });
    }
    const mayHaveActed = sent.mayHaveActed || earlier.isUnsure;
    const seen = mayHaveActed ? await readBack(writer, goal, deadline) : undefined;
    await settle(seen?.reached ?? [], { kind: 'done' });
    const rest = { ...goal, ids: seen?.others ?? ids };
    const isUnsure = mayHaveActed && seen === undefined;
    // Of several requests, one may have been carried out and the others not.
    const isPartly = earlier.isPartly || (mayHaveActed && writer.requests(goal.after) > 1);
    if (sent.answered) return refused(rest, sent, { isUnsure, isPartly });
    // No answer after all attempts: the next request would fare no better.
    ended = true;
    return settle(rest.ids, { kind: mayHaveActed ? 'unknown' : 'failed', code: sent.code });
  }

  async function refused({ ids, after }: BulkGoal, { code, isBusy }: Refusal, earlier: Earlier): Promise<void> {
    if (ids.length === 0) return;
    if (ENDS_THE_RUN.test(code)) ended = true;
    // Busy, and the pacer has slowed down meanwhile: the same again.
    if (isBusy && !isOver()) return attempt({ ids, after }, earlier);
    const alike = refusedAlone.get(code) ?? 0;
    if (ids.length === 1) refusedAlone.set(code, alike + 1);
    const isTheirFault = alike < ENOUGH_ALIKE + done;
    if (ids.length === 1 || isOver() || !isTheirFault) {
      if (earlier.isPartly) return settlePartly(ids, code);
      return settle(ids, { kind: earlier.isUnsure ? 'unknown' : 'failed', code });
    }
    const half = Math.ceil(ids.length / 2);
    await attempt({ ids: ids.slice(0, half), after }, earlier);
    await attempt({ ids: ids.slice(half), after }, earlier);
  }

  async function work(): Promise<void> {
    while (!isOver()) {
      const next = parts.next();
      if (next.done === true) return;
      notAttempted -= next.value.ids.length;
      await attempt(next.value);
    }
  }
  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, work));
  return { done, failures, unknown, notAttempted, unverified, touched };
}

function* partsOf(goals: readonly BulkGoal[], size: number): Generator<BulkGoal, undefined> {
  for (const { ids, after } of goals) {
    for (let start = 0; start < ids.length; start += size) yield { ids: ids.slice(start, start + size), after };
  }
  return undefined;
}

/** What earlier requests for the same resources may have done. */
interface Earlier {
  /** One may have been carried out, and nobody could look. */
  readonly isUnsure: boolean;
  /** One of several that make the whole was carried out, or may have been. */
  readonly isPartly: boolean;
}

const NOTHING_EARLIER: Earlier = { isUnsure: false, isPartly: false };

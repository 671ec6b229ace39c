import { CredentialsError } from '../credentials/credentials.js';
import { RpcError } from '../rpc/rpc-error.js';
import type { Outcome, TagStates } from './change.js';
import { chunks } from './paging.js';
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

/** What came of a run: every id of the goals is in one of the lists, once. */
export interface BulkResult {
  readonly done: readonly string[];
  readonly failures: readonly BulkFailure[];
  readonly unknown: readonly string[];
  /** In the order of the goals: always the tail of it. */
  readonly notAttempted: readonly string[];
  /** How many are done by the service's word alone, because reading back failed. */
  readonly unverified: number;
}

/** Parts under way at once. The pacer spaces their requests; this hides the latency. */
const PARTS_AT_ONCE = 8;
/** When so many single resources were refused alike and none succeeded, the fault is not theirs: no more splitting. */
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
  const parts = goals.flatMap(({ ids, after }) => chunks(ids, writer.maxIds).map((part) => ({ ids: part, after })));
  const done: string[] = [];
  const failures: BulkFailure[] = [];
  const unknown: string[] = [];
  const refusedAlone = new Map<string, number>();
  let unverified = 0;
  let ended = false;
  let nextPart = 0;

  const isOver = (): boolean => ended || signal?.aborted === true || now() >= stopAt;

  async function settle(
    ids: readonly string[],
    kind: Outcome['kind'],
    code?: string,
    requestId?: string,
  ): Promise<void> {
    if (ids.length === 0) return;
    if (kind === 'done') done.push(...ids);
    else if (kind === 'unknown') unknown.push(...ids);
    else failures.push(...ids.map((id) => ({ id, code: code ?? NOT_APPLIED })));
    await onOutcome({ kind, resourceIds: ids, code, requestId });
  }

  async function attempt(goal: BulkGoal): Promise<void> {
    const { ids } = goal;
    const sent = await sendGoal(writer, goal, deadline);
    if (sent.ok) {
      const seen = await readBack(writer, goal, deadline);
      if (seen === undefined) unverified += ids.length;
      await settle(seen?.reached ?? ids, 'done', undefined, sent.requestId);
      return settle(seen?.others ?? [], 'failed', NOT_APPLIED, sent.requestId);
    }
    const { code, answered, mayHaveActed } = sent;
    const seen = mayHaveActed ? await readBack(writer, goal, deadline) : undefined;
    await settle(seen?.reached ?? [], 'done');
    const others = seen?.others ?? ids;
    if (answered) return refused({ ...goal, ids: others }, code);
    // No answer after all attempts: the next request would fare no better.
    ended = true;
    return settle(others, mayHaveActed ? 'unknown' : 'failed', code);
  }

  async function refused({ ids, after }: BulkGoal, code: string): Promise<void> {
    if (ids.length === 0) return;
    if (ENDS_THE_RUN.test(code)) ended = true;
    // Busy, and the pacer has slowed down meanwhile: the same again.
    if (/Throttling/.test(code) && !isOver()) return attempt({ ids, after });
    const alike = refusedAlone.get(code) ?? 0;
    if (ids.length === 1) refusedAlone.set(code, alike + 1);
    const isTheirFault = done.length > 0 || alike < ENOUGH_ALIKE;
    if (ids.length === 1 || isOver() || !isTheirFault) return settle(ids, 'failed', code);
    const half = Math.ceil(ids.length / 2);
    await attempt({ ids: ids.slice(0, half), after });
    await attempt({ ids: ids.slice(half), after });
  }

  async function work(): Promise<void> {
    while (!isOver()) {
      const part = parts[nextPart];
      if (part === undefined) return;
      nextPart += 1;
      await attempt(part);
    }
  }
  await Promise.all(Array.from({ length: Math.min(PARTS_AT_ONCE, parts.length) }, work));
  const notAttempted = parts.slice(nextPart).flatMap((part) => part.ids);
  return { done, failures, unknown, notAttempted, unverified };
}

type Sent =
  | { readonly ok: true; readonly requestId: string }
  | {
      readonly ok: false;
      readonly code: string;
      /** The service itself refused, so that it may be the fault of a resource. */
      readonly answered: boolean;
      readonly mayHaveActed: boolean;
    };

async function sendGoal(writer: TagWriter, { ids, after }: BulkGoal, deadline: number): Promise<Sent> {
  let requestId: string | undefined;
  const onRequest = (id: string): void => {
    requestId = id;
  };
  try {
    await writer.send(ids, after, onRequest, { deadline });
    return { ok: true, requestId: requestId ?? '' };
  } catch (error) {
    const acted = requestId !== undefined;
    if (error instanceof CredentialsError) {
      return { ok: false, code: 'CREDENTIALS_NOT_FOUND', answered: false, mayHaveActed: acted };
    }
    if (!(error instanceof RpcError)) throw error;
    const answered = error.failure.kind === 'service' && error.failure.httpStatus < 500;
    return { ok: false, code: codeOf(error), answered, mayHaveActed: acted || error.effect === 'unknown' };
  }
}

/** Splits the ids by whether they are in the wanted state; undefined when that could not be read. */
async function readBack(
  writer: TagWriter,
  { ids, after }: BulkGoal,
  deadline: number,
): Promise<{ reached: string[]; others: string[] } | undefined> {
  const keys = Object.keys(after);
  try {
    const states = await writer.read(ids, keys, { deadline });
    const isReached = (id: string): boolean => keys.every((key) => (states.get(id)?.get(key) ?? null) === after[key]);
    return { reached: ids.filter(isReached), others: ids.filter((id) => !isReached(id)) };
  } catch {
    return undefined;
  }
}

/** The service's code, or a word for what happened below it. */
export function codeOf({ failure }: RpcError): string {
  switch (failure.kind) {
    case 'service':
      return failure.code;
    case 'unreachable':
    case 'unreadable':
    case 'no-reply':
      return 'ENDPOINT_UNREACHABLE';
    case 'cancelled':
      return 'CANCELLED';
    case 'deadline':
      return 'DEADLINE';
  }
}

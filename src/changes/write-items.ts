import { tagStates } from '../journal/tag-states.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import type { Permission } from '../rpc/rpc-error.js';
import { nextStep, type Sent, sentOf } from './after-send.js';
import type { TagWriter } from './tag-writer.js';
import { type Timing, verify } from './verify.js';
import { removeRequests, setRequests, type WriteItem, type WriteRequest } from './write-request.js';

export interface WriteContext {
  readonly writer: TagWriter;
  readonly options: Timing;
  readonly isOver: () => boolean;
  /** Ends the run in this region: nothing would fare better. */
  readonly stop: (error: unknown) => void;
  /** Resources of the region that were refused alone, by code; shared by all its parts. */
  readonly refusedAlike: Map<string, number>;
  readonly written: () => number;
}

/** Why an item is not as it was wanted. `not sent`: nothing for it left this process, or KMS was too busy to act. */
export interface Loss {
  readonly kind: 'refused' | 'unknown' | 'not sent';
  readonly code: string;
  /** For a refusal, what the request needed. */
  readonly permission?: Permission | undefined;
}

/** What came of the items of one part. */
export interface Written {
  /** KMS acknowledged every request for these. */
  readonly acknowledged: readonly WriteItem[];
  /** Of others, the new tags alone: the old ones were left, since the new ones do not show yet, or the run ended in between. */
  readonly withheld: readonly WriteItem[];
  readonly losses: ReadonlyMap<string, Loss>;
  /** Lost, and one of their requests was carried out or may have been. */
  readonly partly: ReadonlySet<string>;
  readonly requestId: string | undefined;
}

/**
 * Brings the items of a part into their states: what is to be set first, then what is to be removed. Where a resource has
 * both, as in a rename, the old tags go only after the new ones were read back: no value is lost in between.
 * Rejects only with unexpected errors.
 */
export async function writeItems(items: readonly WriteItem[], context: WriteContext): Promise<Written> {
  const { writer, options } = context;
  const losses = new Map<string, Loss>();
  const touched = new Set<string>();
  /** Set by an error after which no request fares better: those that are left are not sent. */
  const ended: { loss?: Loss } = {};
  let requestId: string | undefined;

  const attempt = async (request: WriteRequest, mayHaveActedBefore = false): Promise<void> => {
    const { ids } = request;
    if (ended.loss !== undefined) {
      const loss: Loss = mayHaveActedBefore ? { ...ended.loss, kind: 'unknown' } : ended.loss;
      for (const id of ids) losses.set(id, loss);
      if (mayHaveActedBefore) for (const id of ids) touched.add(id);
      return;
    }
    const { sent, error } = await send(writer, request, options);
    const alike = sent.kind === 'refused' ? (context.refusedAlike.get(sent.code) ?? 0) : 0;
    const situation = { ids: ids.length, isOver: context.isOver(), refusedAlike: alike, written: context.written() };
    const mayHaveActed = mayHaveActedBefore || (sent.kind !== 'done' && sent.mayHaveActed);
    const half = Math.ceil(ids.length / 2);
    const step = nextStep(sent, situation);
    switch (step) {
      case 'retry':
        return attempt(request, mayHaveActed);
      case 'split':
        await attempt({ ...request, ids: ids.slice(0, half) }, mayHaveActed);
        return attempt({ ...request, ids: ids.slice(half) }, mayHaveActed);
      case 'stop':
      case 'settle':
        if (step === 'stop') context.stop(error);
        if (step === 'stop' && sent.kind !== 'done') ended.loss = { kind: 'not sent', code: sent.code };
        if (sent.kind === 'refused' && ids.length === 1) context.refusedAlike.set(sent.code, alike + 1);
        if (sent.kind === 'done') requestId = sent.requestId;
        if (sent.kind === 'done' || mayHaveActed) for (const id of ids) touched.add(id);
        if (sent.kind !== 'done') for (const id of ids) losses.set(id, lossOf(sent, mayHaveActed));
    }
  };
  const isLeft = ({ id }: WriteItem): boolean => !losses.has(id);

  // Requests are made for whole groups: one of the group may have been lost to an earlier request.
  const attemptLeft = async (request: WriteRequest): Promise<void> => {
    const ids = request.ids.filter((id) => !losses.has(id));
    if (ids.length > 0) await attempt({ ...request, ids });
  };

  for (const request of setRequests(items)) await attemptLeft(request);
  const both = items.filter(isLeft).filter(hasBoth);
  // After an error that ends the run nothing more is sent: what was set stays beside what was to be removed.
  const isEnded = ended.loss !== undefined;
  const shown = both.length === 0 || isEnded ? undefined : await verify(writer, both.map(setPart), options);
  const withheld = new Set(both.filter(({ id }) => !shown?.reached.has(id)).map(({ id }) => id));
  const removals = removeRequests(items.filter((item) => isLeft(item) && !withheld.has(item.id)));
  for (const request of removals) await attemptLeft(request);
  for (const { id } of both) {
    if (losses.get(id)?.kind !== 'not sent') continue;
    losses.delete(id);
    withheld.add(id);
  }
  return {
    acknowledged: items.filter((item) => isLeft(item) && !withheld.has(item.id)),
    withheld: items.filter(({ id }) => withheld.has(id)).map(setPart),
    losses,
    partly: new Set([...losses.keys()].filter((id) => touched.has(id))),
    requestId,
  };
}

async function send(
  writer: TagWriter,
  request: WriteRequest,
  options: CallOptions,
): Promise<{ readonly sent: Sent; readonly error?: unknown }> {
  try {
    return { sent: { kind: 'done', requestId: (await writer.send(request, options)).requestId } };
  } catch (error) {
    const sent = sentOf(error);
    if (sent === undefined) throw error;
    return { sent, error };
  }
}

function lossOf(sent: Exclude<Sent, { readonly kind: 'done' }>, mayHaveActed: boolean): Loss {
  const { code } = sent;
  if (mayHaveActed) return { kind: 'unknown', code };
  if (sent.kind !== 'refused' || sent.busy) return { kind: 'not sent', code };
  return { kind: 'refused', code, permission: sent.permission };
}

function hasBoth({ after }: WriteItem): boolean {
  const values = Object.values(after);
  return values.includes(null) && values.some((value) => value !== null);
}

/** What of an item is to be set. */
function setPart({ id, before, after }: WriteItem): WriteItem {
  const wanted = Object.entries(after).filter(([, value]) => value !== null);
  return { id, before: tagStates(wanted.map(([key]) => [key, before[key] ?? null])), after: tagStates(wanted) };
}

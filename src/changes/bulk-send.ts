import { token } from '../base/quote.js';
import { CredentialsError } from '../credentials/credentials.js';
import { judge } from '../rpc/retry-policy.js';
import { RpcError } from '../rpc/rpc-error.js';
import type { BulkGoal } from './bulk-write.js';
import type { TagWriter } from './tag-writer.js';

/** A write that did not succeed. */
export interface Refusal {
  readonly ok: false;
  readonly code: string;
  /** The service itself refused, so that it may be the fault of a resource. */
  readonly answered: boolean;
  /** It refused for being asked too often. */
  readonly isBusy: boolean;
  readonly mayHaveActed: boolean;
}

export type Sent = { readonly ok: true; readonly requestId: string } | Refusal;

/** Makes the requests of a part. Throws only what nobody foresaw. */
export async function sendGoal(writer: TagWriter, { ids, after }: BulkGoal, deadline: number): Promise<Sent> {
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
      return { ok: false, code: 'CREDENTIALS_NOT_FOUND', answered: false, isBusy: false, mayHaveActed: acted };
    }
    if (!(error instanceof RpcError)) throw error;
    const { failure, effect } = error;
    const answered = failure.kind === 'service' && failure.httpStatus < 500;
    const isBusy = answered && judge(failure) === 'throttled';
    return { ok: false, code: codeOf(error), answered, isBusy, mayHaveActed: acted || effect === 'unknown' };
  }
}

/** Splits the ids by whether they are in the wanted state; undefined when that could not be read. */
export async function readBack(
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
      // The service's text, like any other: bulk reports show it.
      return token(failure.code);
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

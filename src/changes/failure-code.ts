import { quoteCode } from '../base/quote.js';
import { TagsError } from '../base/tags-error.js';
import { CredentialsError } from '../credentials/credentials.js';
import { RpcError } from '../rpc/rpc-error.js';

/** The service's code, or a word of ours for what happened below it. Undefined for an unexpected error. */
export function failureCode(error: unknown): string | undefined {
  if (error instanceof CredentialsError) return 'CREDENTIALS_NOT_FOUND';
  if (!(error instanceof RpcError)) return undefined;
  const { failure, effect } = error;
  // The service's text, like any other: bulk reports show it.
  if (failure.kind === 'service') return quoteCode(failure.code);
  if (effect === 'unknown') return 'OUTCOME_UNKNOWN';
  if (failure.kind === 'cancelled') return 'CANCELLED';
  return failure.kind === 'deadline' ? 'BUSY' : 'ENDPOINT_UNREACHABLE';
}

/** As `failureCode`, for whatever ended a run: `INTERNAL_ERROR` for an unexpected error. */
export function causeCode(error: unknown): string {
  return error instanceof TagsError ? error.code : (failureCode(error) ?? 'INTERNAL_ERROR');
}

/** Whether an error is a bug, and not one of those that a run can meet. */
export function isUnexpected(error: unknown): boolean {
  return !(error instanceof TagsError) && failureCode(error) === undefined;
}

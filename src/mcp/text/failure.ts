import { connectionHint, hintFor } from '../../aliyun/kms/error-hints.js';
import { quote, quoteCode } from '../../base/quote.js';
import { TagsError } from '../../base/tags-error.js';
import { WriteFailed } from '../../changes/single-change.js';
import { CredentialsError } from '../../credentials/credentials.js';
import { RpcError } from '../../rpc/rpc-error.js';
import { notRestorableLines } from './question.js';

const NOTHING_CHANGED = 'Nothing was changed.';

/**
 * A failure as the model reads it: a stable code, what failed and why, what is still true, one next step. Text from
 * the service is quoted. No stack, no URL, no credential: an unexpected error goes to `onUnexpectedError` alone.
 */
export function failureText(error: unknown, onUnexpectedError: (error: unknown) => void): string {
  if (error instanceof TagsError) return `${error.code}: ${error.message} ${NOTHING_CHANGED} ${error.next}`;
  if (error instanceof CredentialsError)
    return `CREDENTIALS_NOT_FOUND: ${error.message} ${NOTHING_CHANGED} Tell the operator of this server: no tool takes credentials.`;
  if (error instanceof WriteFailed) {
    const { cause, changeId } = error;
    return cause.effect === 'unknown'
      ? [rpcText(cause, changeId), ...lostLines(error)].join(' ')
      : rpcText(cause, undefined);
  }
  if (error instanceof RpcError) return rpcText(error, undefined);
  onUnexpectedError(error);
  return 'INTERNAL_ERROR: Unexpected server error; see its log. Whether anything was changed is unknown. Look with list_resource_tags and list_changes, then report the bug.';
}

/** What undo could not restore, should the change have been made. */
function lostLines({ taken }: WriteFailed): readonly string[] {
  return taken === 'unknown'
    ? ['Earlier values are unknown: undo_change could not restore them.']
    : notRestorableLines(taken);
}

/** `changeId` of a write that may have been carried out; undefined when nothing was. */
function rpcText({ failure, attempts, permission }: RpcError, changeId: string | undefined): string {
  const tries = attempts > 1 ? ` after ${attempts} attempts` : '';
  const unknown = changeId !== undefined;
  const state = unknown ? `Whether the change was made is not known (ChangeId ${changeId}).` : NOTHING_CHANGED;
  const repeat =
    'Repeating the call is safe; list_resource_tags shows the tags as they are now, and undo_change looks at them itself.';
  switch (failure.kind) {
    case 'service': {
      const message = failure.message === '' ? 'no message' : quote(failure.message, 300);
      const code = quoteCode(failure.code);
      const named = code === failure.code ? code : `SERVICE_ERROR: ${code}`;
      const requestId = failure.requestId === undefined ? '' : ` RequestId ${quoteCode(failure.requestId)}.`;
      const earlier = unknown && failure.httpStatus < 500 ? ' An earlier attempt got no answer.' : '';
      const next = unknown ? repeat : hintFor(failure.code, permission);
      return `${named}: KMS answered ${message} (HTTP ${failure.httpStatus})${tries}.${requestId}${earlier} ${state} ${next}`;
    }
    case 'unreachable': {
      const { host, reason, proxy, trouble } = failure;
      const way = proxy === undefined ? host : `${host} through the proxy ${proxy}`;
      return unknown
        ? `OUTCOME_UNKNOWN: The connection to ${way} was lost (${reason})${tries}, after the request may have arrived. ${state} ${repeat}`
        : `ENDPOINT_UNREACHABLE: No connection to ${way} (${reason})${tries}. ${state} ${connectionHint(trouble, reason)}`;
    }
    case 'no-reply':
    case 'unreadable': {
      const status = failure.kind === 'unreadable' ? `, HTTP ${failure.httpStatus}` : '';
      const why = failure.kind === 'no-reply' ? 'no complete answer came' : "the answer was not KMS's own";
      return unknown
        ? `OUTCOME_UNKNOWN: The request was sent to ${failure.host} and ${why} (${failure.reason}${status})${tries}. ${state} ${repeat}`
        : `ENDPOINT_UNREACHABLE: The request was sent to ${failure.host} and ${why} (${failure.reason}${status})${tries}. ${state} Repeat the call in a moment; if it stays so, check --endpoint and the proxy variables.`;
    }
    case 'cancelled':
      return unknown
        ? `OUTCOME_UNKNOWN: The call was cancelled while its request was under way. ${state} ${repeat}`
        : `CANCELLED: The call was cancelled. ${state} Repeat it if it is still wanted.`;
    case 'deadline':
      return unknown
        ? `OUTCOME_UNKNOWN: Time ran out${tries}. ${state} ${repeat}`
        : `BUSY: Time ran out before the request could be sent. ${state} Repeat the call in a moment.`;
  }
}

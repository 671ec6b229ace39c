import type { OperationCall, OperationDefinition } from '../operations/operation.js';
import { gatewayRefusal, kmsRefusal } from '../refusal.js';
import type { ReplyBody, WireReply } from '../wire-reply.js';
import type { FaultSource } from './fault-source.js';
import { type FaultKind, faultTable } from './fault-table.js';

/** Whether a fault strikes on the way to the service, so that nothing is checked and no nonce is used up. */
export function isLostOnTheWay(fault: FaultKind | undefined): boolean {
  return fault === 'drop-before' || fault === 'html';
}

/** What the log calls a request with this fault; undefined where the reply itself tells. */
export function faultOutcome(fault: FaultKind | undefined): string | undefined {
  switch (fault) {
    case 'drop-before':
      return 'dropped-before';
    case 'drop-after':
      return 'dropped-after';
    case 'truncate':
      return 'truncated';
    default:
      return fault !== undefined && faultTable[fault].hidesOutcome === true ? fault : undefined;
  }
}

/** Throws the `Refusal` that a throttling or error fault stands for, before anything is changed. */
export function refuseByFault(fault: FaultKind | undefined): void {
  switch (fault) {
    case 'throttle429':
      throw kmsRefusal('Rejected.Throttling');
    case 'throttle400':
      throw gatewayRefusal('Throttling.User');
    case 'error500':
      throw kmsRefusal('InternalFailure');
    case 'error503':
      throw kmsRefusal('ServiceUnavailableTemporary');
    default:
  }
}

/** Carries out a call as far as the fault lets it, and gives what the service says then. */
export function runWithFault(
  call: OperationCall,
  { run, samePage }: OperationDefinition,
  fault: FaultKind | undefined,
  faults: FaultSource,
): ReplyBody {
  switch (fault) {
    case 'success-false':
      return { Success: false };
    case 'repeat-token':
      return { ...run(call), ...samePage?.(call) };
    case 'wrong-count': {
      const body = run(call);
      return 'TotalCount' in body ? { ...body, TotalCount: faults.wrongCount() } : body;
    }
    default:
      return run(call);
  }
}

/** The reply with what the fault does to it on its way back. */
export function alterReply(reply: WireReply, fault: FaultKind | undefined, { retryAfterMs }: FaultSource): WireReply {
  switch (fault) {
    case 'truncate':
      return { ...reply, body: reply.body.slice(0, reply.body.length / 2) };
    case 'throttle429':
    case 'throttle400':
      return withRetryAfter(reply, retryAfterMs);
    case 'throttle503':
      return withRetryAfter(throttle503(reply), retryAfterMs);
    case 'html':
      return page(502, '502 Bad Gateway');
    case 'proxy403':
      return page(403, 'Access blocked by your network');
    case 'proxy302': {
      const found = page(302, 'Please log in');
      return { ...found, headers: { ...found.headers, Location: 'https://login.example/?return=kms' } };
    }
    case 'json403':
      return {
        status: 403,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ error: 'forbidden', message: 'Blocked by policy.' }),
      };
    default:
      return reply;
  }
}

/** `retryAfterMs` goes into `x-acs-retry-after`, in milliseconds. */
function withRetryAfter(reply: WireReply, retryAfterMs: number | undefined): WireReply {
  return retryAfterMs === undefined
    ? reply
    : { ...reply, headers: { ...reply.headers, 'x-acs-retry-after': String(retryAfterMs) } };
}

/** A throttling code under a status that says that something broke; always in JSON. */
function throttle503({ headers }: WireReply): WireReply {
  const { code, message } = kmsRefusal('Rejected.Throttling').reply;
  const RequestId = headers['x-acs-request-id'] ?? '';
  return {
    status: 503,
    headers: { ...headers, 'Content-Type': 'application/json;charset=utf-8' },
    body: JSON.stringify({ HttpStatus: 503, Code: code, Message: message, RequestId }),
  };
}

function page(status: number, title: string): WireReply {
  const head = `<head><title>${title}</title></head>`;
  const body = `<body>\r\n<center><h1>${title}</h1></center>\r\n</body>`;
  return { status, headers: { 'Content-Type': 'text/html' }, body: `<html>\r\n${head}\r\n${body}\r\n</html>\r\n` };
}

import { gatewayRefusal, kmsRefusal } from '../refusal.js';
import type { WireReply } from '../wire-reply.js';
import type { FaultKind } from './fault-plan.js';

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
    case 'html':
      return 'html';
    default:
      return undefined;
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

/** The reply with what the fault does to it. `retryAfterMs` goes into `x-acs-retry-after`, in milliseconds. */
export function alterReply(
  reply: WireReply,
  fault: FaultKind | undefined,
  retryAfterMs: number | undefined,
): WireReply {
  switch (fault) {
    case 'truncate':
      return { ...reply, body: reply.body.slice(0, reply.body.length / 2) };
    case 'throttle429':
    case 'throttle400':
      return retryAfterMs === undefined
        ? reply
        : { ...reply, headers: { ...reply.headers, 'x-acs-retry-after': String(retryAfterMs) } };
    case 'html':
      return PROXY_REPLY;
    default:
      return reply;
  }
}

const PROXY_REPLY: WireReply = {
  status: 502,
  headers: { 'Content-Type': 'text/html' },
  body: '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n',
};

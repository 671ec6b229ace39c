import type { Account } from './account/account.js';
import type { Region } from './account/region.js';
import { type AuthenticationState, authenticate } from './authentication/authenticate.js';
import type { Principal } from './authentication/principal.js';
import { authorize } from './authorization.js';
import { alterReply, faultOutcome, isLostOnTheWay, refuseByFault, runWithFault } from './faults/fault-effects.js';
import type { FaultSource } from './faults/fault-source.js';
import type { FaultKind } from './faults/fault-table.js';
import type { KnownOperation, OperationCatalogue } from './operations/catalogue.js';
import type { OperationCall } from './operations/operation.js';
import { productOf } from './product.js';
import type { Quota } from './quota.js';
import { type ErrorReply, gatewayRefusal, kmsRefusal, missingCommonParameter, Refusal } from './refusal.js';
import type { RequestLog } from './request-log.js';
import {
  type ReplyBody,
  type ReplyContext,
  renderError,
  renderSuccess,
  replyFormat,
  type WireReply,
} from './wire-reply.js';
import { type IncomingCall, parseWireRequest, type WireRequest } from './wire-request.js';

/** What becomes of a request: a reply after `delayMs`, or a connection that is reset. */
export type Disposition =
  | { readonly kind: 'reply'; readonly reply: WireReply; readonly delayMs: number }
  | { readonly kind: 'reset' };

export interface ServiceParts extends AuthenticationState {
  readonly account: Account;
  /** The region whose endpoint this is. */
  readonly region: Region;
  readonly catalogue: OperationCatalogue;
  /** Actions that RAM denies. */
  readonly denied: ReadonlySet<string>;
  /** Of the region. */
  readonly quota: Quota;
  /** Of what the regions share: STS and RAM. */
  readonly accountQuota: Quota;
  readonly log: RequestLog;
  readonly newRequestId: () => string;
  readonly clock: () => number;
  /** Asked anew for each request, because faults can be changed while the emulator runs. */
  readonly faults: () => FaultSource;
}

/** The whole service, apart from HTTP. Never throws. */
export type Service = (incoming: IncomingCall) => Disposition;

type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorReply };

export function createService(parts: ServiceParts): Service {
  return (incoming) => {
    const uuid = parts.newRequestId();
    const decoded = attempt(() => parseWireRequest(incoming));
    const request = decoded.ok ? decoded.value : undefined;
    const faults = parts.faults();
    const fault = faults.next(request?.action ?? '');
    const { answer, caller } = decoded.ok ? answerTo(decoded.value, parts, fault, faults) : { answer: decoded };
    const reply = render(answer, request?.action ?? '', {
      product: productOf(request?.version ?? '') ?? 'Kms',
      regionId: parts.region.regionId,
      uuid,
      format: replyFormat(incoming),
    });
    parts.log.add(incoming, request, {
      at: parts.clock(),
      regionId: parts.region.regionId,
      outcome: faultOutcome(fault) ?? (answer.ok ? 'ok' : answer.error.code),
      requestId: reply.headers['x-acs-request-id'] ?? uuid,
      caller,
      ...(fault === undefined ? {} : { fault }),
    });
    if (fault === 'drop-before' || fault === 'drop-after') {
      return { kind: 'reset' };
    }
    return {
      kind: 'reply',
      reply: alterReply(reply, fault, faults),
      delayMs: fault === 'slow' ? faults.slowMs : 0,
    };
  };
}

/** What is answered, and to whom as far as that is known. */
interface Answered {
  readonly answer: Result<ReplyBody>;
  readonly caller?: Principal;
}

function answerTo(
  request: WireRequest,
  parts: ServiceParts,
  fault: FaultKind | undefined,
  faults: FaultSource,
): Answered {
  if (isLostOnTheWay(fault)) {
    return { answer: { ok: true, value: {} } };
  }
  const now = parts.clock();
  const admitted = attempt(() => admit(request, parts, now));
  if (!admitted.ok) {
    return { answer: admitted };
  }
  const { operation, caller } = admitted.value;
  return { answer: attempt(() => perform(request, { operation, caller, now }, parts, fault, faults)), caller };
}

/** What is called, and by whom. */
function admit(request: WireRequest, parts: ServiceParts, now: number) {
  if (request.method !== 'GET' && request.method !== 'POST') {
    throw kmsRefusal('UnsupportedHTTPMethod');
  }
  const operation = readOperation(request, parts.catalogue);
  return { operation, caller: authenticate(request, parts, now) };
}

/** The checks in the gateway's order: where, how often, whether it is permitted. Then the operation itself. */
function perform(
  { action, parameters }: WireRequest,
  { operation, caller, now }: { readonly operation: KnownOperation; readonly caller: Principal; readonly now: number },
  parts: ServiceParts,
  fault: FaultKind | undefined,
  faults: FaultSource,
): ReplyBody {
  const { account, region } = parts;
  const isKms = operation.product === 'Kms';
  const { RegionId: regionId = '' } = parameters;
  if (isKms && regionId !== '' && regionId !== region.regionId) {
    throw gatewayRefusal('InvalidRegionId.NotFound');
  }
  const quota = isKms ? parts.quota : parts.accountQuota;
  if (operation.quota !== undefined && !quota(operation.quota, now)) {
    throw isKms ? kmsRefusal('Rejected.Throttling') : gatewayRefusal('Throttling.User');
  }
  const hidden = fault === 'stale' ? [now + faults.staleMs] : [];
  const call: OperationCall = {
    action,
    parameters,
    account,
    region,
    caller,
    now,
    tagsOf: (resource) => region.shownTags(resource, now),
    setTags: (resource, tags) => region.setTags(resource, tags, ...hidden),
  };
  authorize(call, operation, parts.denied);
  refuseByFault(fault);
  return runWithFault(call, operation, fault, faults);
}

function readOperation(request: WireRequest, catalogue: OperationCatalogue): KnownOperation {
  if (request.path !== '/') {
    throw gatewayRefusal('InvalidAction.NotFound');
  }
  for (const [name, value] of [
    ['Action', request.action],
    ['Version', request.version],
  ] as const) {
    if (value === '') {
      throw missingCommonParameter(name);
    }
  }
  const product = productOf(request.version);
  if (product === undefined) {
    throw gatewayRefusal('InvalidVersion');
  }
  const operation = catalogue.find(product, request.action);
  if (operation === undefined) {
    throw gatewayRefusal('InvalidAction.NotFound');
  }
  return operation;
}

function render(answer: Result<ReplyBody>, action: string, context: ReplyContext): WireReply {
  return answer.ok ? renderSuccess(answer.value, action, context) : renderError(answer.error, context);
}

function attempt<T>(work: () => T): Result<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    // Whatever else is thrown is a mistake of ours; a service under test must answer all the same.
    const refusal = error instanceof Refusal ? error : kmsRefusal('InternalFailure');
    return { ok: false, error: refusal.reply };
  }
}

import type { Principal } from './authentication/principal.js';
import type { FaultKind } from './faults/fault-table.js';
import { headerOf, type IncomingCall, type SignatureScheme, type WireRequest } from './wire-request.js';

/** One request that the emulator received. */
export interface RequestRecord {
  /** By the emulator's clock, in milliseconds. */
  readonly at: number;
  /** The region whose endpoint received it. */
  readonly regionId: string;
  readonly method: string;
  /** Empty when the request named none, or could not be decoded. */
  readonly action: string;
  readonly scheme: SignatureScheme;
  /** Whose credentials signed it, when they were found to be genuine: a session of a role by its name. */
  readonly sessionName?: string;
  /** Of the session, when it was given one. */
  readonly sourceIdentity?: string;
  /** `ok`, the code of the error, or what a fault made of it: `dropped-before`, `dropped-after`, `truncated`, or its name. */
  readonly outcome: string;
  /** What was made to go wrong with it. */
  readonly fault?: FaultKind;
  /** As in the reply; also of replies that were dropped. */
  readonly requestId: string;
  /** Of URL and form together, without `Signature` and `SecurityToken`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The nonce, from the parameters or from the header. */
  readonly nonce: string;
}

export interface RequestLog {
  /** The latest thousand, oldest first. */
  readonly records: readonly RequestRecord[];
  /** `request` is undefined for one that could not be decoded. */
  add(
    incoming: IncomingCall,
    request: WireRequest | undefined,
    result: Pick<RequestRecord, 'at' | 'regionId' | 'outcome' | 'requestId' | 'fault'> & {
      readonly caller: Principal | undefined;
    },
  ): void;
  /** All requests ever received, or those for one action. */
  count(action?: string): number;
}

const KEPT = 1000;

/** Adds to both logs. What is read is the first one's. */
export function logBoth(own: RequestLog, whole: RequestLog): RequestLog {
  return {
    ...own,
    add(...entry) {
      own.add(...entry);
      whole.add(...entry);
    },
  };
}

/** A bounded log. Only `actions` are counted by name, so that made-up names cannot fill the memory. */
export function createRequestLog(actions: readonly string[]): RequestLog {
  const records: RequestRecord[] = [];
  const counts = new Map(actions.map((action) => [action, 0]));
  let total = 0;
  return {
    records,
    add(incoming, request, { caller, ...result }) {
      const { Signature: _, SecurityToken: __, ...parameters } = request?.parameters ?? {};
      const action = request?.action ?? '';
      const nonce = parameters['SignatureNonce'] ?? headerOf(incoming, 'x-acs-signature-nonce');
      total += 1;
      const count = counts.get(action);
      if (count !== undefined) {
        counts.set(action, count + 1);
      }
      const scheme = request?.scheme ?? 'v1';
      const record = { ...result, ...sessionOf(caller), method: incoming.method, action, scheme, parameters, nonce };
      if (records.push(record) > KEPT) {
        records.shift();
      }
    },
    count: (action) => (action === undefined ? total : (counts.get(action) ?? 0)),
  };
}

function sessionOf(caller: Principal | undefined): Pick<RequestRecord, 'sessionName' | 'sourceIdentity'> {
  if (caller?.type !== 'AssumedRoleUser') {
    return {};
  }
  const { sessionName, sourceIdentity } = caller;
  return sourceIdentity === undefined ? { sessionName } : { sessionName, sourceIdentity };
}

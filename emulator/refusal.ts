import {
  type GatewayErrorCode,
  gatewayErrors,
  type KmsErrorCode,
  kmsErrors,
  type RamErrorCode,
  ramErrors,
} from './error-table.js';

/** An error reply before it is rendered. `source` decides the shape of its body and the case of its RequestId. */
export interface ErrorReply {
  readonly source: 'kms' | 'gateway';
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Thrown by whatever refuses a request, caught once by the service, which turns it into the reply. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reply: ErrorReply;

  constructor(reply: ErrorReply) {
    super(reply.message);
    this.reply = reply;
  }
}

/** A refusal by KMS itself, with the documented message unless another is given. */
export function kmsRefusal(code: KmsErrorCode, message: string = kmsErrors[code].message): Refusal {
  return new Refusal({ source: 'kms', status: kmsErrors[code].status, code, message });
}

/** A refusal by the shared gateway, with the documented message unless another is given. */
export function gatewayRefusal(code: GatewayErrorCode, message: string = gatewayErrors[code].message): Refusal {
  return new Refusal({ source: 'gateway', status: gatewayErrors[code].status, code, message });
}

/** A refusal by RAM, ResourceManager or STS, in the gateway's shape. */
export function ramRefusal(code: RamErrorCode, message: string = ramErrors[code].message): Refusal {
  return new Refusal({ source: 'gateway', status: ramErrors[code].status, code, message });
}

/** The gateway's refusal of a request that lacks a common parameter: `Missing<Name>`, 400. */
export function missingCommonParameter(name: string): Refusal {
  const message = `${name} is mandatory for this action.`;
  return new Refusal({ source: 'gateway', status: 400, code: `Missing${name}`, message });
}

/** KMS's refusal of a request that lacks a parameter of the operation. The grammar is the service's own. */
export function missingParameter(name: string): Refusal {
  return kmsRefusal('MissingParameter', `The parameter  ${name}  needed but no provided.`);
}

/** KMS's refusal of a parameter that breaks a documented rule. */
export function invalidParameter(name: string): Refusal {
  return kmsRefusal('InvalidParameter', `The specified parameter "${name}" is not valid.`);
}

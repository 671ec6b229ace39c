import type { Account } from '../account/account.js';
import type { Region } from '../account/region.js';
import type { Principal } from '../authentication/principal.js';
import type { ReplyBody } from '../wire-reply.js';

/** An authenticated call of an operation. */
export interface OperationCall {
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly account: Account;
  /** The region whose endpoint was called. */
  readonly region: Region;
  readonly caller: Principal;
}

/** Does what the call asks, or throws `Refusal` and changes nothing. Answers without the RequestId. */
export type Operation = (call: OperationCall) => ReplyBody;

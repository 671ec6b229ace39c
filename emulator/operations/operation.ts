import type { Account } from '../account/account.js';
import type { Region } from '../account/region.js';
import type { Resource } from '../account/resource.js';
import type { TagSet } from '../account/tag-set.js';
import type { Principal } from '../authentication/principal.js';
import type { QuotaGroup } from '../quota.js';
import type { ReplyBody } from '../wire-reply.js';

/** An authenticated call of an operation. */
export interface OperationCall {
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly account: Account;
  /** The region whose endpoint was called. */
  readonly region: Region;
  readonly caller: Principal;
  /** The service's clock, in milliseconds. */
  readonly now: number;
  /** The tags that a read shows, which may lag behind those that a resource has. */
  tagsOf(resource: Resource): TagSet;
  setTags(resource: Resource, tags: TagSet): void;
}

/** Does what the call asks, or throws `Refusal` and changes nothing. Answers without the RequestId. */
export type Operation = (call: OperationCall) => ReplyBody;

/** What the emulator knows of one operation. */
export interface OperationDefinition {
  readonly run: Operation;
  /** What the caller must be permitted to do this to: ARNs. Left out: no permission is needed. */
  readonly permittedOn?: (call: OperationCall) => readonly string[];
  /** Left out: no figure is known, and none is enforced. */
  readonly quota?: QuotaGroup;
  /** For lists with a token: the fields that lead to the page once more that the call asks for. */
  readonly samePage?: (call: OperationCall) => ReplyBody;
  /** For the README, in a few words. */
  readonly does: string;
}

/** The operations of one product by the names of their actions. */
export type OperationTable = Readonly<Record<string, OperationDefinition>>;

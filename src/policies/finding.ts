import type { ResourceType } from '../aliyun/kms/kms-client.js';
import type { Doubt } from './course.js';
import type { TagOperation } from './operations.js';
import type { Attachment } from './source.js';
import type { Condition, Patterns, Statement } from './statement.js';

/**
 * What would become of a statement. A removal gives the first two and `cannot tell`, and nothing else. Setting a tag, or
 * another value, can make a statement match that did not: who is granted or blocked then is known as well as in the other
 * direction, so that neither silence nor `cannot tell` would be honest, and the report says so in words of its own.
 * None of them is a verdict on access: another policy may grant or block the same.
 */
export type FindingKind =
  | 'would stop blocking'
  | 'would start granting'
  | 'would stop granting'
  | 'would start blocking'
  | 'cannot tell';

/** Why a finding says that it cannot tell, beyond what its conditions leave open. */
export type FindingDoubt =
  | Doubt
  /** None of the statement's actions is documented to read tags. */
  | 'actions without documented effect'
  /** No document says that the tags of a secret or a certificate decide access. */
  | 'tags of secrets and certificates'
  /** The statement names single keys, and the resource is known by an alias only; or its pattern holds a variable. */
  | 'resource pattern'
  /** More statements, different values and resources than a call has time for. */
  | 'too much to evaluate';

/** A resource that a change is about, with what becomes of its tags. */
export interface AffectedResource {
  readonly type: ResourceType;
  /** Key ID, secret name or certificate ID; an ARN is taken, too. With an alias, statements on single keys stay open. */
  readonly id: string;
  readonly regionId: string;
  /** A key's aliases, with or without `alias/`. */
  readonly aliases: readonly string[];
  readonly changes: readonly TagChange[];
}

/** A tag of a resource before and after a change; undefined where it is not there. */
export interface TagChange {
  readonly tagKey: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** One statement of which it can be said, or not be told, what the change does to it. Its text is other people's. */
export interface Finding {
  readonly kind: FindingKind;
  /** Why it cannot be told; empty for the other kinds. */
  readonly doubts: readonly FindingDoubt[];
  readonly policy: { readonly kind: 'ram' | 'key' | 'secret'; readonly name: string; readonly regionId?: string };
  readonly sid: string | undefined;
  readonly effect: Statement['effect'];
  readonly actions: Patterns;
  /** The operations documented to read tags that the actions cover. */
  readonly operations: readonly TagOperation[];
  /** On the tags that change. */
  readonly conditions: readonly Condition[];
  /** Other conditions of the statement: listed, not evaluated. */
  readonly alsoRequires: readonly Condition[];
  /** Undefined when that could not be read. */
  readonly attachedTo: readonly Attachment[] | undefined;
  readonly resources: {
    readonly count: number;
    /** The first few. */
    readonly examples: readonly Pick<AffectedResource, 'type' | 'id' | 'regionId'>[];
  };
}

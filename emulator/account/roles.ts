import * as z from 'zod';
import { oneOrMore } from '../policy/one-or-more.js';
import type { RoleData } from './account-data.js';
import { madeUpId } from './made-up-id.js';

export interface Role {
  readonly name: string;
  readonly id: string;
  /** Undefined: everybody in the account. */
  readonly trust: TrustPolicy | undefined;
  readonly maxSessionSeconds: number;
}

/** Whom a role trusts. Actions are `sts:AssumeRole` and, for a SourceIdentity, `sts:SetSourceIdentity`. */
export interface TrustPolicy {
  readonly Statement: readonly {
    readonly Effect: 'Allow' | 'Deny';
    readonly Principal: { readonly RAM: readonly string[] };
    readonly Action: readonly string[];
  }[];
}

const trustPolicy: z.ZodType<TrustPolicy> = z.strictObject({
  Version: z.literal('1'),
  Statement: z.array(
    z.strictObject({
      Effect: z.enum(['Allow', 'Deny']),
      Principal: z.strictObject({ RAM: oneOrMore(z.string()) }),
      Action: oneOrMore(z.string()),
    }),
  ),
});

/** Whether a document says whom a role trusts. */
export function isTrustPolicy(document: Readonly<Record<string, unknown>>): boolean {
  return trustPolicy.safeParse(document).success;
}

/** Roles by name. Throws `Error` for a trust policy that is none. */
export function createRoles(roles: readonly RoleData[]): ReadonlyMap<string, Role> {
  return new Map(
    roles.map(({ RoleName: name, AssumeRolePolicyDocument: document, MaxSessionDuration: seconds = 3600 }) => [
      name,
      {
        name,
        id: madeUpId('role', name),
        trust: document === undefined ? undefined : trustPolicy.parse(document),
        maxSessionSeconds: seconds,
      },
    ]),
  );
}

/** Whether a role trusts a user or a role of its account, given by ARN, with an action. A Deny beats every Allow. */
export function trusts({ trust }: Role, accountId: string, callerArn: string, action: string): boolean {
  if (trust === undefined) {
    return true;
  }
  const about = trust.Statement.filter(({ Principal, Action }) => {
    const isCaller = Principal.RAM.some((arn) => arn === callerArn || arn === `acs:ram::${accountId}:root`);
    return isCaller && Action.some((one) => one === action || one === 'sts:*');
  });
  return about.some(({ Effect }) => Effect === 'Allow') && !about.some(({ Effect }) => Effect === 'Deny');
}

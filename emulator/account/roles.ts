import * as z from 'zod';
import { oneOrMore } from '../policy/policy-document.js';
import { madeUpId } from './made-up-id.js';

/** A RAM role that can be assumed. */
export interface RoleData {
  readonly RoleName: string;
  /** Who may assume it. Left out: every user and role of the account. */
  readonly AssumeRolePolicyDocument?: Readonly<Record<string, unknown>> | undefined;
  /** Seconds, 3600 to 43200. Default 3600. */
  readonly MaxSessionDuration?: number | undefined;
}

export interface Role {
  readonly name: string;
  readonly id: string;
  /** Undefined: everybody in the account. */
  readonly trust: TrustPolicy | undefined;
  readonly maxSessionSeconds: number;
}

/** Whom a role trusts. Actions are `sts:AssumeRole` and, for a SourceIdentity, `sts:SetSourceIdentity`. */
export type TrustPolicy = z.infer<typeof trustPolicy>;

const trustPolicy = z.strictObject({
  Version: z.literal('1'),
  Statement: z.array(
    z.strictObject({
      Effect: z.enum(['Allow', 'Deny']),
      Principal: z.strictObject({ RAM: oneOrMore(z.string()) }),
      Action: oneOrMore(z.string()),
    }),
  ),
});

export const roleSchema: z.ZodType<RoleData> = z.strictObject({
  RoleName: z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, . _ or -'),
  AssumeRolePolicyDocument: z
    .record(z.string(), z.unknown())
    .refine((document) => trustPolicy.safeParse(document).success, 'must be a trust policy with Principal.RAM')
    .optional(),
  MaxSessionDuration: z.int().min(3600).max(43_200).optional(),
});

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

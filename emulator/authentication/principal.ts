import type { PolicyDocument } from '../policy/policy-document.js';

/** Who makes a request: a RAM user with an access key, or a session of a RAM role with temporary credentials. */
export type Principal = UserPrincipal | SessionPrincipal;

export interface UserPrincipal {
  readonly type: 'RAMUser';
  readonly userName: string;
  readonly userId: string;
}

export interface SessionPrincipal {
  readonly type: 'AssumedRoleUser';
  readonly roleName: string;
  readonly roleId: string;
  readonly sessionName: string;
  readonly sourceIdentity?: string;
  /** What the session may do at most. Undefined: whatever the role may. */
  readonly policy?: PolicyDocument;
}

/** A principal and the secret that its requests are signed with. */
export interface Identity {
  readonly principal: Principal;
  readonly accessKeySecret: string;
}

/** The owner of the emulator's own access key, which is a session's when it comes with a security token. */
export function keyOwner(isSession: boolean): Principal {
  return isSession
    ? { type: 'AssumedRoleUser', roleName: 'emulator', roleId: '300000000000000001', sessionName: 'emulator' }
    : { type: 'RAMUser', userName: 'emulator', userId: '200000000000000001' };
}

/** As trust policies name it: the user, or the role whatever its session. */
export function trustedArn(principal: Principal, accountId: string): string {
  return principal.type === 'RAMUser'
    ? `acs:ram::${accountId}:user/${principal.userName}`
    : `acs:ram::${accountId}:role/${principal.roleName}`;
}

/** Who makes a request: a RAM user with an access key, or a session of a RAM role with temporary credentials. */
export type Principal =
  | { readonly type: 'RAMUser'; readonly userName: string; readonly userId: string }
  | {
      readonly type: 'AssumedRoleUser';
      readonly roleName: string;
      readonly roleId: string;
      readonly sessionName: string;
    };

/** The owner of the emulator's own access key, which is a session's when it comes with a security token. */
export function keyOwner(isSession: boolean): Principal {
  return isSession
    ? { type: 'AssumedRoleUser', roleName: 'emulator', roleId: '300000000000000001', sessionName: 'emulator' }
    : { type: 'RAMUser', userName: 'emulator', userId: '200000000000000001' };
}

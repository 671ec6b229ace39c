import type { Operation } from '../operation.js';

/**
 * Who makes the request. `UserId` is given for users alone, `RoleId` for sessions of a role alone.
 * Source: https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-getcalleridentity
 */
export const getCallerIdentity: Operation = ({ account: { accountId }, caller }) => {
  const common = { IdentityType: caller.type, AccountId: accountId };
  switch (caller.type) {
    case 'RAMUser':
      return {
        ...common,
        UserId: caller.userId,
        PrincipalId: caller.userId,
        Arn: `acs:ram::${accountId}:user/${caller.userName}`,
      };
    case 'AssumedRoleUser':
      return {
        ...common,
        RoleId: caller.roleId,
        PrincipalId: `${caller.roleId}:${caller.sessionName}`,
        Arn: `acs:ram::${accountId}:assumed-role/${caller.roleName}/${caller.sessionName}`,
      };
  }
};

import { type Role, trusts } from '../../account/roles.js';
import { assumptions } from '../../assumptions.js';
import { trustedArn } from '../../authentication/principal.js';
import { type PolicyDocument, parsePolicy } from '../../policy/policy-document.js';
import { missingCommonParameter, ramRefusal } from '../../refusal.js';
import { printTime } from '../../wire-reply.js';
import type { Operation, OperationCall } from '../operation.js';

/** Seconds. Source: the AssumeRole page. */
const SHORTEST_SESSION = 900;
const LONGEST_POLICY = 2048;

/**
 * Temporary credentials of a session of a role. The session may do what its `Policy` allows; without one, everything,
 * because what the role itself may is not emulated.
 * Source: https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
 */
export const assumeRole: Operation = (call) => {
  const arn = required(call, 'RoleArn');
  const sessionName = required(call, 'RoleSessionName');
  if (!/^acs:ram::\d{16}:role\/[\w.-]{1,64}$/.test(arn)) {
    throw ramRefusal('InvalidParameter.RoleArn');
  }
  if (!/^[\w.@-]{2,64}$/.test(sessionName)) {
    throw ramRefusal('InvalidParameter.RoleSessionName');
  }
  const role = findRole(call, arn);
  const policy = readPolicy(call);
  const seconds = readDuration(call, role);
  const sourceIdentity = readSourceIdentity(call);
  checkTrust(call, role);

  const expiresAt = call.now + seconds * 1000;
  const { accessKeyId, accessKeySecret, securityToken } = call.account.sessions.issue(
    {
      type: 'AssumedRoleUser',
      roleName: role.name,
      roleId: role.id,
      sessionName,
      ...(sourceIdentity === '' ? {} : { sourceIdentity }),
      ...(policy === undefined ? {} : { policy }),
    },
    expiresAt,
  );
  return {
    Credentials: {
      AccessKeyId: accessKeyId,
      AccessKeySecret: accessKeySecret,
      SecurityToken: securityToken,
      Expiration: printTime(expiresAt),
    },
    AssumedRoleUser: { Arn: `${arn}/${sessionName}`, AssumedRoleId: `${role.id}:${sessionName}` },
    ...(sourceIdentity === '' ? {} : { SourceIdentity: sourceIdentity }),
  };
};

function required({ parameters }: OperationCall, name: string): string {
  const value = parameters[name] ?? '';
  if (value === '') {
    throw missingCommonParameter(name);
  }
  return value;
}

function findRole({ account }: OperationCall, arn: string): Role {
  const prefix = `acs:ram::${account.accountId}:role/`;
  const role = arn.startsWith(prefix) ? account.roles.get(arn.slice(prefix.length)) : undefined;
  if (role === undefined) {
    throw ramRefusal('EntityNotExist.Role', `The role not exists: ${arn}.`);
  }
  return role;
}

function readPolicy({ parameters }: OperationCall): PolicyDocument | undefined {
  const text = parameters['Policy'] ?? '';
  if (text === '') {
    return undefined;
  }
  if (text.length > LONGEST_POLICY) {
    throw ramRefusal('InvalidParameter.PolicySize');
  }
  const policy = parsePolicy(text);
  if (policy === undefined) {
    throw ramRefusal('InvalidParameter.PolicyGrammar');
  }
  return policy;
}

function readDuration({ parameters }: OperationCall, { maxSessionSeconds }: Role): number {
  const text = parameters['DurationSeconds'] ?? '';
  const seconds = text === '' ? 3600 : /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds < SHORTEST_SESSION || seconds > maxSessionSeconds) {
    throw ramRefusal('InvalidParameter.DurationSeconds');
  }
  return seconds;
}

/** A session that has one keeps it when it assumes another role. Source: "Use SourceIdentity". */
function readSourceIdentity({ parameters, caller }: OperationCall): string {
  const given = parameters['SourceIdentity'] ?? '';
  if (given !== '' && !assumptions.sourceIdentityPattern.test(given)) {
    throw ramRefusal('InvalidParameter.SourceIdentity');
  }
  const inherited = caller.type === 'AssumedRoleUser' ? (caller.sourceIdentity ?? '') : '';
  if (given !== '' && inherited !== '' && given !== inherited) {
    throw ramRefusal('NoPermission');
  }
  return inherited === '' ? given : inherited;
}

function checkTrust({ account: { accountId }, caller, parameters }: OperationCall, role: Role): void {
  const setsIdentity = (parameters['SourceIdentity'] ?? '') !== '';
  const actions = ['sts:AssumeRole', ...(setsIdentity ? [assumptions.sourceIdentityAction] : [])];
  if (!actions.every((action) => trusts(role, accountId, trustedArn(caller, accountId), action))) {
    throw ramRefusal('NoPermission');
  }
}

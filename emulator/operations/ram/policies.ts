import { madeUpId } from '../../account/made-up-id.js';
import type { Attachment, RamPolicy } from '../../account/policy-book.js';
import { missingCommonParameter, ramRefusal } from '../../refusal.js';
import { printTime, type ReplyBody } from '../../wire-reply.js';
import type { Operation, OperationCall } from '../operation.js';

/** The account's policies, up to `MaxItems` a page; `Marker` is there only while there are more. */
export const listPolicies: Operation = ({ account, parameters }) => {
  const { PolicyType: type = '', MaxItems: asked = '', Marker: marker = '' } = parameters;
  if (type !== '') {
    checkType(type);
  }
  const most = asked === '' ? 100 : /^\d{1,4}$/.test(asked) ? Number(asked) : 0;
  if (most < 1 || most > 1000) {
    throw ramRefusal('InvalidParameter.MaxItems');
  }
  const all = account.policies.all.filter((policy) => type === '' || policy.type === type);
  const start = marker === '' ? 0 : all.findIndex((policy) => markerOf(policy) === marker);
  if (start < 0) {
    throw ramRefusal('InvalidParameter.Marker');
  }
  const next = all[start + most];
  return {
    Policies: {
      Policy: all.slice(start, start + most).map((policy) => ({ ...printPolicy(policy), Tags: { Tag: [] } })),
    },
    IsTruncated: next !== undefined,
    ...(next === undefined ? {} : { Marker: markerOf(next) }),
  };
};

/** The page of ListPolicies that a call asks for, once more. */
export const samePolicyPage = ({ account, parameters }: OperationCall): ReplyBody => {
  const [first] = account.policies.all;
  return { IsTruncated: true, Marker: parameters['Marker'] || (first === undefined ? '' : markerOf(first)) };
};

/** One policy with the document of its default version, a string that holds JSON. */
export const getPolicy: Operation = (call) => {
  const policy = findPolicy(call);
  return {
    Policy: printPolicy(policy),
    DefaultPolicyVersion: {
      VersionId: `v${policy.version}`,
      IsDefaultVersion: true,
      CreateDate: printTime(policy.updatedAt),
      PolicyDocument: policy.document,
    },
  };
};

/** To whom a policy is attached in the whole account; what is attached in a resource group alone is not shown. */
export const listEntitiesForPolicy: Operation = (call) => {
  const { attachments, createdAt } = findPolicy(call);
  const names = (type: Attachment['type']) =>
    attachments.filter((one) => one.type === type && one.resourceGroupId === undefined).map((one) => one.name);
  const AttachDate = printTime(createdAt);
  return {
    Groups: { Group: names('IMSGroup').map((GroupName) => ({ GroupName, Comments: '', AttachDate })) },
    Users: {
      User: names('IMSUser').map((UserName) => ({
        UserId: madeUpId('user', UserName),
        UserName,
        DisplayName: UserName,
        AttachDate,
      })),
    },
    Roles: {
      Role: names('ServiceRole').map((RoleName) => ({
        RoleId: madeUpId('role', RoleName),
        RoleName,
        Arn: `acs:ram::${call.account.accountId}:role/${RoleName}`,
        Description: '',
        AttachDate,
      })),
    },
  };
};

/** Throws `Refusal` for a PolicyType other than System and Custom. */
export function checkType(type: string): void {
  if (type !== 'System' && type !== 'Custom') {
    throw ramRefusal('InvalidParameter.PolicyType');
  }
}

function findPolicy({ account, parameters }: OperationCall): RamPolicy {
  const { PolicyName: name = '', PolicyType: type = '' } = parameters;
  for (const [parameter, value] of Object.entries({ PolicyName: name, PolicyType: type })) {
    if (value === '') {
      throw missingCommonParameter(parameter);
    }
  }
  checkType(type);
  const policy = account.policies.find(type, name);
  if (policy === undefined) {
    throw ramRefusal('EntityNotExist.Policy');
  }
  return policy;
}

function printPolicy(policy: RamPolicy): ReplyBody {
  return {
    PolicyName: policy.name,
    PolicyType: policy.type,
    Description: policy.description,
    DefaultVersion: `v${policy.version}`,
    CreateDate: printTime(policy.createdAt),
    UpdateDate: printTime(policy.updatedAt),
    AttachmentCount: policy.attachments.length,
  };
}

function markerOf({ type, name }: RamPolicy): string {
  return Buffer.from(`${type}/${name}`).toString('base64url');
}

import type { Attachment, PrincipalType, RamPolicy } from '../../account/policy-book.js';
import { ramRefusal } from '../../refusal.js';
import { printTime, type ReplyBody } from '../../wire-reply.js';
import type { Operation } from '../operation.js';
import { pageOf } from '../paging.js';
import { checkType } from './policies.js';

const HOSTS: Readonly<Record<PrincipalType, (accountId: string) => string>> = {
  IMSUser: (accountId) => `${accountId}.onaliyun.com`,
  IMSGroup: (accountId) => `group.${accountId}.onaliyun.com`,
  ServiceRole: (accountId) => `role.${accountId}.onaliyunservice.com`,
};

/**
 * Every attachment of every policy, in the whole account and in resource groups; the account's number stands for the
 * whole account. Filtered by `PolicyType`, `PolicyName`, `PrincipalType`, `PrincipalName`, `ResourceGroupId`.
 */
export const listPolicyAttachments: Operation = ({ account, parameters }) => {
  const { PolicyType: type = '', PrincipalType: principal = '' } = parameters;
  if (type !== '') {
    checkType(type);
  }
  if (principal !== '' && !Object.hasOwn(HOSTS, principal)) {
    throw ramRefusal('InvalidParameter.PrincipalType');
  }
  const filters = Object.entries(parameters).filter(([name, value]) => FILTERS.includes(name) && value !== '');
  const found = account.policies.all
    .flatMap((policy) => policy.attachments.map((one) => printAttachment(account.accountId, policy, one)))
    .filter((row) => filters.every(([name, value]) => row[name] === value));
  const { items, summary } = pageOf(parameters, found, { min: 1, max: 100 });
  return { PolicyAttachments: { PolicyAttachment: items }, ...summary };
};

const FILTERS = ['PolicyType', 'PolicyName', 'PrincipalType', 'PrincipalName', 'ResourceGroupId'];

function printAttachment(accountId: string, policy: RamPolicy, one: Attachment): ReplyBody {
  return {
    PolicyName: policy.name,
    PolicyType: policy.type,
    PrincipalName: `${one.name}@${HOSTS[one.type](accountId)}`,
    PrincipalType: one.type,
    ResourceGroupId: one.resourceGroupId ?? accountId,
    AttachDate: printTime(policy.createdAt),
    Description: policy.description,
  };
}

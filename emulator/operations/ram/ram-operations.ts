import type { OperationCall, OperationTable } from '../operation.js';
import { listPolicyAttachments } from './attachments.js';
import { getPolicy, listEntitiesForPolicy, listPolicies, samePolicyPage } from './policies.js';

const allPolicies = ({ account }: OperationCall) => [`acs:ram:*:${account.accountId}:policy/*`];

/** System policies belong to no account. Source: the RAM authorization page. */
const onePolicy = ({ account, parameters }: OperationCall) => {
  const owner = parameters['PolicyType'] === 'System' ? 'system' : account.accountId;
  return [`acs:ram:*:${owner}:policy/${parameters['PolicyName'] ?? ''}`];
};

/** The operations of RAM 2015-05-01. That GetPolicy has the quota of the others is a guess. */
export const ramOperations: OperationTable = {
  ListPolicies: {
    run: listPolicies,
    permittedOn: allPolicies,
    quota: 'RAM ListPolicies',
    samePage: samePolicyPage,
    does: 'policies, up to `MaxItems` a page, on by `Marker`',
  },
  GetPolicy: {
    run: getPolicy,
    permittedOn: onePolicy,
    quota: 'RAM GetPolicy',
    does: 'one policy with the document of its default version',
  },
  ListEntitiesForPolicy: {
    run: listEntitiesForPolicy,
    permittedOn: onePolicy,
    quota: 'RAM ListEntitiesForPolicy',
    does: 'users, groups and roles to which it is attached in the whole account',
  },
};

/** The operations of ResourceManager 2020-03-31, whose permissions are RAM's. */
export const resourceManagerOperations: OperationTable = {
  ListPolicyAttachments: {
    run: listPolicyAttachments,
    permittedOn: allPolicies,
    does: 'attachments of all policies, in pages, those in resource groups too',
  },
};

import type { RamPolicyData } from './account-data.js';

/** The instance in which one key of the sample account is, so that it has a policy of its own. */
export const SAMPLE_INSTANCE = 'kst-hzz65f1c2d3a4b5c6d7aa';

/** Policies of the sample account. What becomes of each when a tag goes is said beside it. */
export function samplePolicies(): readonly RamPolicyData[] {
  return [
    {
      // Stops blocking: a key that loses env=prod can be scheduled for deletion.
      PolicyName: 'guard-production-keys',
      Description: 'Nobody deletes a production key',
      PolicyDocument: {
        Version: '1',
        Statement: [
          {
            Sid: 'NoDeletionOfProduction',
            Effect: 'Deny',
            Action: ['kms:ScheduleKeyDeletion', 'kms:DisableKey'],
            Resource: 'acs:kms:*:*:key/*',
            Condition: { StringEquals: { 'kms:tag/env': 'prod' } },
          },
        ],
      },
      Users: ['alice', 'bob'],
      Groups: ['operators'],
    },
    {
      // Stops granting: order services can no longer decrypt with a key that loses its cost centre.
      PolicyName: 'orders-decrypt',
      Description: 'Order services use the keys of their cost centre',
      PolicyDocument: {
        Version: '1',
        Statement: [
          {
            Sid: 'UseOrderKeys',
            Effect: 'Allow',
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Resource: ['acs:kms:*:*:key/*'],
            Condition: { StringEqualsIgnoreCase: { 'kms:tag/cost-center': ['cc-1001'] } },
          },
        ],
      },
      Roles: ['orders-service'],
    },
    {
      // Cannot be told: whether a negated operator holds without the tag is documented nowhere.
      PolicyName: 'no-export-outside-test',
      PolicyDocument: {
        Version: '1',
        Statement: [
          {
            Effect: 'Deny',
            Action: 'kms:ExportDataKey',
            Resource: '*',
            Condition: { StringNotEquals: { 'kms:tag/env': ['test', 'dev'] } },
          },
        ],
      },
      Groups: ['developers'],
      ResourceGroups: { 'rg-acfm2example': { Users: ['dave'] } },
    },
    {
      PolicyName: 'tag-cleaners',
      Description: 'May change tags, whatever they are',
      PolicyDocument: {
        Version: '1',
        Statement: [{ Effect: 'Allow', Action: ['kms:List*', 'kms:Describe*', 'kms:*Tag*'], Resource: '*' }],
      },
      Roles: ['tag-cleaner'],
    },
  ];
}

/** The policy of the sample account's key in an instance: stops granting when `team` goes. */
export function sampleKeyPolicy(accountId: string) {
  return {
    Version: '1',
    Statement: [
      {
        Sid: 'OwnerManages',
        Effect: 'Allow',
        Principal: { RAM: [`acs:ram::${accountId}:*`] },
        Action: ['kms:*'],
        Resource: ['*'],
      },
      {
        Sid: 'PersonnelDecrypts',
        Effect: 'Allow',
        Principal: { RAM: [`acs:ram::${accountId}:role/hr-service`] },
        Action: ['kms:Decrypt'],
        Resource: ['*'],
        Condition: { StringEquals: { 'kms:tag/team': ['hr'] } },
      },
    ],
  };
}

import type { AccountData, RegionData } from './account-data.js';
import { SAMPLE_INSTANCE, sampleKeyPolicy, samplePolicies } from './sample-policies.js';

const ACCOUNT_ID = '1234567890123456';

/**
 * The sample account: the resources of the UntagResource page, and a believable few more: untagged ones, values
 * that look like typos of one another, a disabled key, one pending deletion, one with a system tag, one in a KMS instance; and RAM policies that read tags. Each of
 * `otherRegions` holds a few, among them secrets of the same names.
 */
export function sampleData(otherRegions: readonly string[] = []): AccountData {
  const page = { tagkey1: 'tagvalue1', tagkey2: 'tagvalue2', owner: 'alice' };
  return {
    AccountId: ACCOUNT_ID,
    keys: [
      {
        KeyId: '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678',
        Alias: 'alias/payments',
        Description: 'Card data of the payment service',
        Tags: { ...page },
      },
      {
        KeyId: 'key-hzz65f1c2d3a4b5c6d7e8',
        Alias: 'alias/orders',
        Description: 'Order archive',
        Tags: { env: 'prod', owner: 'bob', 'cost-center': 'cc-1001' },
      },
      {
        KeyId: 'key-hzz65f1c2d3a4b5c6d7e9',
        Alias: 'alias/orders-staging',
        Description: 'Order archive, staging',
        Tags: { env: 'Prod', owner: 'bob', 'cost-center': 'cc-1001', temp: 'migration-2025' },
      },
      {
        KeyId: 'key-hzz65f1c2d3a4b5c6d7f0',
        Alias: 'alias/invoices',
        Description: 'Invoices',
        Tags: { env: 'prd', Owner: 'carol', costcenter: 'cc-1002' },
      },
      {
        KeyId: 'key-hzz65f1c2d3a4b5c6d7f1',
        Alias: 'alias/analytics',
        Description: 'Event warehouse',
        Tags: { env: 'production', owner: 'carol', project: 'warehouse' },
      },
      {
        KeyId: 'key-hzz65f1c2d3a4b5c6d7f2',
        Alias: 'alias/ci-signing',
        Description: 'Signs build artifacts',
        Tags: { env: 'dev', owner: 'dave', temp: 'spike' },
      },
      {
        KeyId: 'key-hzz65f1c2d3a4b5c6d7f3',
        Description: 'Load test, March',
        KeyState: 'Disabled',
        Tags: { env: 'test', owner: 'dave', temp: 'load-test', 'delete-after': '2025-04-01' },
      },
      {
        KeyId: 'key-hzz65f1c2d3a4b5c6d7f4',
        Alias: 'alias/legacy-crm',
        Description: 'Old CRM, being retired',
        KeyState: 'PendingDeletion',
        Tags: { env: 'prod', owner: 'erin', temp: 'retire' },
      },
      {
        KeyId: 'key-hzz65f1c2d3a4b5c6d7f5',
        Alias: 'alias/rds-backups',
        Description: 'Default key of database backups',
        Tags: { 'acs:rds:instance': 'rm-bp1example', env: 'prod' },
      },
      { KeyId: 'key-hzz65f1c2d3a4b5c6d7f6', Alias: 'alias/oss-default', Description: 'Object storage' },
      { KeyId: '4c1f7d0e-93b2-4f5a-8a77-0b6e2d9c1a35', Description: 'Created by hand, owner unknown' },
      {
        KeyId: 'key-hzz65f1c2d3a4b5c6d7f7',
        Alias: 'alias/hr-files',
        Description: 'Personnel files',
        DKMSInstanceId: SAMPLE_INSTANCE,
        Policy: sampleKeyPolicy(ACCOUNT_ID),
        Tags: { env: 'prod', owner: 'erin', team: 'hr', confidentiality: 'high' },
      },
    ],
    secrets: [
      { SecretName: 'MyDbCredentials', Description: 'Database of the payment service', Tags: { ...page } },
      {
        SecretName: 'orders/db-password',
        Description: 'Order database',
        Tags: { env: 'prod', owner: 'bob', 'cost-center': 'cc-1001' },
      },
      { SecretName: 'orders/db-password-staging', Tags: { env: 'stagin', owner: 'bob', temp: 'migration-2025' } },
      { SecretName: 'smtp-relay', Description: 'Outgoing mail', Tags: { env: 'PROD', owner: 'Alice' } },
      { SecretName: 'ci/registry-token', Description: 'Container registry', Tags: { env: 'dev', temp: 'spike' } },
      { SecretName: 'partner-api-key', Description: 'Untagged since the handover' },
      { SecretName: 'feature-flags', Tags: { env: 'test', owner: 'grace' } },
    ],
    certificates: [
      { CertificateId: '770dbe42-e146-43d1-a55a-1355db861234', Tags: { ...page } },
      { CertificateId: '9f3b6a10-52cd-4e87-b1f4-6c2d8e0a7b91', Tags: { env: 'prod', owner: 'frank' } },
      { CertificateId: 'c2a7e5d4-08f9-4b36-97e1-3d5f6a8b0c12' },
    ],
    policies: samplePolicies(),
    roles: [{ RoleName: 'tag-cleaner' }],
    ...(otherRegions.length === 0 ? {} : { regions: Object.fromEntries(otherRegions.map(sampleRegion)) }),
  };
}

/** A region to which some services were copied: other keys, secrets of the same names. */
function sampleRegion(regionId: string): readonly [string, RegionData] {
  const keyId = (last: string) => `key-${regionId.replaceAll('-', '')}65f1c2d3a4${last}`;
  return [
    regionId,
    {
      keys: [
        {
          KeyId: keyId('a1'),
          Alias: 'alias/orders',
          Description: 'Order archive, copy',
          Tags: { env: 'prod', owner: 'bob', 'cost-center': 'cc-1001' },
        },
        {
          KeyId: keyId('a2'),
          Alias: 'alias/ledger',
          Description: 'Ledger, moved here in 2025',
          Tags: { env: 'prod', owner: 'frank', temp: 'migration-2025', legacy: 'true' },
        },
        {
          KeyId: keyId('a3'),
          Description: 'Load test, April',
          Tags: { env: 'test', owner: 'dave', temp: 'load-test' },
        },
        { KeyId: keyId('a4'), Alias: 'alias/oss-default', Description: 'Object storage' },
      ],
      secrets: [
        {
          SecretName: 'MyDbCredentials',
          Description: 'Database of the payment service, standby',
          Tags: { env: 'prod', owner: 'alice', legacy: 'true' },
        },
        { SecretName: 'smtp-relay', Description: 'Outgoing mail', Tags: { env: 'prod', owner: 'alice' } },
      ],
      certificates: [],
    },
  ];
}

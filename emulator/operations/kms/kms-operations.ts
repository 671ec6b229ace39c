import type { OperationTable } from '../operation.js';
import { createAlias, deleteAlias, listAliases, listAliasesByKeyId, updateAlias } from './aliases.js';
import { tagResources, untagResources } from './bulk-tags.js';
import { describeCertificate } from './certificates.js';
import { listKmsInstances } from './instances.js';
import { describeKey, listKeys } from './keys.js';
import { permittedOn } from './permitted-on.js';
import { describeRegions } from './regions.js';
import { getKeyPolicy, getSecretPolicy, setKeyPolicy, setSecretPolicy } from './resource-policies.js';
import { describeSecret, listSecrets } from './secrets.js';
import { listResourceTags, tagResource, untagResource } from './single-tags.js';
import { listTagResources, sameTagPage } from './tag-listing.js';

/** The operations of KMS 2016-01-20. */
export const kmsOperations: OperationTable = {
  UntagResource: {
    run: untagResource,
    permittedOn: permittedOn.tagTarget,
    quota: 'write',
    does: 'removes tags of one key, secret or certificate',
  },
  TagResource: {
    run: tagResource,
    permittedOn: permittedOn.tagTarget,
    quota: 'write',
    does: 'sets tags of one key, secret or certificate; the key by ID, alias or ARN',
  },
  ListResourceTags: {
    run: listResourceTags,
    permittedOn: permittedOn.key,
    quota: 'resource tags',
    does: 'tags of one key',
  },
  TagResources: {
    run: tagResources,
    permittedOn: permittedOn.bulk,
    quota: 'write',
    does: 'sets up to 20 tags of up to 50 keys or secrets, all or none',
  },
  UntagResources: {
    run: untagResources,
    permittedOn: permittedOn.bulk,
    quota: 'write',
    does: 'removes up to 20 tags, or all, of up to 50 keys or secrets',
  },
  ListTagResources: {
    run: listTagResources,
    permittedOn: permittedOn.bulk,
    quota: 'read',
    samePage: sameTagPage,
    does: 'tags of keys or secrets, 200 rows a page by `NextToken`',
  },
  ListKeys: {
    run: listKeys,
    permittedOn: permittedOn.keys,
    quota: 'read',
    does: 'keys, in pages, with all documented `Filters`',
  },
  DescribeKey: {
    run: describeKey,
    permittedOn: permittedOn.key,
    quota: 'read',
    does: 'one key by ID, alias or ARN; answers the real ID',
  },
  ListAliases: { run: listAliases, permittedOn: permittedOn.aliases, quota: 'read', does: 'aliases, in pages' },
  ListAliasesByKeyId: {
    run: listAliasesByKeyId,
    permittedOn: permittedOn.key,
    quota: 'read',
    does: 'aliases of one key, in pages',
  },
  CreateAlias: {
    run: createAlias,
    permittedOn: permittedOn.newAlias,
    quota: 'write',
    does: 'gives a key one more alias',
  },
  UpdateAlias: {
    run: updateAlias,
    permittedOn: permittedOn.newAlias,
    quota: 'write',
    does: 'points an alias to another key',
  },
  DeleteAlias: { run: deleteAlias, permittedOn: permittedOn.alias, quota: 'write', does: 'removes an alias' },
  ListSecrets: {
    run: listSecrets,
    permittedOn: permittedOn.secrets,
    quota: 'secret list',
    does: 'secrets, in pages, with all documented `Filters`, on request with tags',
  },
  DescribeSecret: {
    run: describeSecret,
    permittedOn: permittedOn.secret,
    quota: 'secret value',
    does: 'one secret by name or ARN, never its value; on request with tags',
  },
  DescribeCertificate: {
    run: describeCertificate,
    permittedOn: permittedOn.certificate,
    does: 'one certificate with its tags; can be switched off',
  },
  DescribeRegions: { run: describeRegions, quota: 'read', does: 'the regions of KMS' },
  ListKmsInstances: {
    run: listKmsInstances,
    permittedOn: permittedOn.instances,
    quota: 'instance',
    does: 'KMS instances, in pages; no `Filters`',
  },
  GetKeyPolicy: {
    run: getKeyPolicy,
    permittedOn: permittedOn.key,
    quota: 'read',
    does: 'policy of a key in a KMS instance, by ID or ARN',
  },
  SetKeyPolicy: {
    run: setKeyPolicy,
    permittedOn: permittedOn.key,
    quota: 'write',
    does: 'replaces it; the grammar is checked',
  },
  GetSecretPolicy: {
    run: getSecretPolicy,
    permittedOn: permittedOn.secret,
    quota: 'read',
    does: 'policy of a secret in a KMS instance, by name or ARN',
  },
  SetSecretPolicy: {
    run: setSecretPolicy,
    permittedOn: permittedOn.secret,
    quota: 'write',
    does: 'replaces it; the grammar is checked',
  },
};

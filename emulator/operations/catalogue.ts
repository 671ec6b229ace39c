import { listAliases, listAliasesByKeyId } from './aliases.js';
import { tagResources, untagResources } from './bulk-tags.js';
import { describeCertificate } from './certificates.js';
import { describeKey, listKeys } from './keys.js';
import type { Operation } from './operation.js';
import { describeRegions } from './regions.js';
import { describeSecret, listSecrets } from './secrets.js';
import { listResourceTags, tagResource, untagResource } from './single-tags.js';
import { listTagResources } from './tag-listing.js';

/** Every operation the emulator knows, by the name of its action. */
export type OperationCatalogue = ReadonlyMap<string, Operation>;

/** Newer accounts no longer have the certificate operations. */
export function createCatalogue(certificateOperations: boolean): OperationCatalogue {
  const operations = new Map<string, Operation>([
    ['UntagResource', untagResource],
    ['TagResource', tagResource],
    ['ListResourceTags', listResourceTags],
    ['TagResources', tagResources],
    ['UntagResources', untagResources],
    ['ListTagResources', listTagResources],
    ['ListKeys', listKeys],
    ['DescribeKey', describeKey],
    ['ListAliases', listAliases],
    ['ListAliasesByKeyId', listAliasesByKeyId],
    ['ListSecrets', listSecrets],
    ['DescribeSecret', describeSecret],
    ['DescribeRegions', describeRegions],
  ]);
  return certificateOperations ? operations.set('DescribeCertificate', describeCertificate) : operations;
}

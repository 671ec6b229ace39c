import type { Product } from '../product.js';
import { listAliases, listAliasesByKeyId } from './aliases.js';
import { tagResources, untagResources } from './bulk-tags.js';
import { getCallerIdentity } from './caller-identity.js';
import { describeCertificate } from './certificates.js';
import { describeKey, listKeys } from './keys.js';
import type { Operation } from './operation.js';
import { describeRegions } from './regions.js';
import { describeSecret, listSecrets } from './secrets.js';
import { listResourceTags, tagResource, untagResource } from './single-tags.js';
import { listTagResources } from './tag-listing.js';

/** Every operation the emulator knows: for each product, by the name of its action. */
export type OperationCatalogue = Readonly<Record<Product, ReadonlyMap<string, Operation>>>;

/** Newer accounts no longer have the certificate operations. */
export function createCatalogue(certificateOperations: boolean): OperationCatalogue {
  const kms = new Map<string, Operation>([
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
  if (certificateOperations) {
    kms.set('DescribeCertificate', describeCertificate);
  }
  return { Kms: kms, Sts: new Map([['GetCallerIdentity', getCallerIdentity]]) };
}

import type { Product } from '../product.js';
import { listAliases, listAliasesByKeyId } from './kms/aliases.js';
import { tagResources, untagResources } from './kms/bulk-tags.js';
import { describeCertificate } from './kms/certificates.js';
import { describeKey, listKeys } from './kms/keys.js';
import { describeRegions } from './kms/regions.js';
import { describeSecret, listSecrets } from './kms/secrets.js';
import { listResourceTags, tagResource, untagResource } from './kms/single-tags.js';
import { listTagResources } from './kms/tag-listing.js';
import type { Operation } from './operation.js';
import { getCallerIdentity } from './sts/caller-identity.js';

/** Every operation the emulator knows: for each product, by the name of its action. */
export type OperationCatalogue = Readonly<Record<Product, ReadonlyMap<string, Operation>>>;

/** The names of all operations, of whatever product. */
export function actionsOf(catalogue: OperationCatalogue): readonly string[] {
  return Object.values(catalogue).flatMap((operations) => [...operations.keys()]);
}

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

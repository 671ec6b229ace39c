/** What answers on an endpoint of the emulator, by the version that a request names. */
export const PRODUCTS = {
  '2016-01-20': 'Kms',
  '2015-04-01': 'Sts',
  '2015-05-01': 'Ram',
  '2020-03-31': 'ResourceManager',
} as const;

export type Product = (typeof PRODUCTS)[keyof typeof PRODUCTS];

/** The product of a `Version` or `x-acs-version`; undefined for one that the emulator does not know. */
export function productOf(version: string): Product | undefined {
  return Object.entries(PRODUCTS).find(([known]) => known === version)?.[1];
}

/** The host that would answer in the real cloud, as errors of the gateway name it. KMS has one in each region. */
export function hostOf(product: Product, regionId: string): string {
  return product === 'Kms' ? `kms.${regionId}.aliyuncs.com` : `${product.toLowerCase()}.aliyuncs.com`;
}

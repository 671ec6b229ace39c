/** Where KMS is reached instead of its own host names. Each URL is scheme, host and port. */
export type KmsEndpoint =
  /** One URL, which serves one region. */
  | { readonly kind: 'one'; readonly url: string }
  /** A URL for each region that is served; there are no others. */
  | { readonly kind: 'by-region'; readonly urls: ReadonlyMap<string, string> };

/** From `--endpoint` and `--network`. */
export interface EndpointOptions {
  readonly endpoint: KmsEndpoint | undefined;
  readonly network: 'public' | 'vpc';
}

/**
 * The forms of the region IDs that KMS has (its SDK's endpoint map, 3.2.0): `cn-hangzhou`, `cn-wuhan-lr`,
 * `cn-shanghai-finance-1`, `cn-north-2-gov-1`, `cn-heyuan-acdr-1`; elsewhere an area of two letters, a direction and a
 * number: `ap-southeast-1`. New regions appear, so there is no list, only their form. A zone (`cn-hangzhou-h`,
 * `us-west-1a`) and another product's region (`oss-cn-hangzhou`) have none of these.
 */
const REGION_FORMS: readonly RegExp[] = [
  /^cn-[a-z]{2,}(?:-\d{1,2})?(?:-[a-z]{2,}){0,2}(?:-\d{1,2})?$/,
  /^(?!cn-)[a-z]{2}-[a-z]{2,}-\d{1,2}(?:-[a-z]{2,}(?:-\d{1,2})?)?$/,
];
/** Words of host names that stand beside a region and belong to none. */
const NO_REGION = /-(?:internal|vpc|share|public)\b/;
/** Longest part of a host name. */
const MAX_LABEL = 63;

/** Whether `text` has the form of a region ID of KMS. It becomes part of a host name, so nothing else may pass. */
export function isRegionId(text: string): boolean {
  return text.length <= MAX_LABEL && !NO_REGION.test(text) && REGION_FORMS.some((form) => form.test(text));
}

/**
 * Scheme, host and port for a region: `kms.{region}.aliyuncs.com`, or `kms-vpc.{region}.aliyuncs.com` inside a VPC.
 * Undefined for a region that the endpoints given do not serve.
 * Source: https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/endpoints
 * Throws `TypeError` for what is no region ID: one can come from the journal, and a signed request must not go elsewhere.
 */
export function resolveEndpoint(regionId: string, { endpoint, network }: EndpointOptions): string | undefined {
  switch (endpoint?.kind) {
    case 'one':
      return endpoint.url;
    case 'by-region':
      return endpoint.urls.get(regionId);
    case undefined:
      if (!isRegionId(regionId)) throw new TypeError('not a region ID');
      return `https://${network === 'vpc' ? 'kms-vpc' : 'kms'}.${regionId}.aliyuncs.com`;
  }
}

/**
 * The regions that the endpoints given serve; undefined: there are none given, or nobody can tell. `region` is what a single
 * URL serves that is not Alibaba's own.
 */
export function servedRegions(
  endpoint: KmsEndpoint | undefined,
  region: string | undefined,
): readonly string[] | undefined {
  if (endpoint === undefined) return undefined;
  if (endpoint.kind === 'by-region') return [...endpoint.urls.keys()];
  const only = regionOfEndpoint(endpoint.url) ?? region;
  return only === undefined ? undefined : [only];
}

/** The region that an Alibaba Cloud endpoint serves, or undefined for any other host. */
export function regionOfEndpoint(origin: string): string | undefined {
  return /^kms(?:-vpc)?\.([a-z0-9-]+)\.aliyuncs\.com$/.exec(new URL(origin).hostname)?.[1];
}

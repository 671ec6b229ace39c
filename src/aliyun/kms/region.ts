/** Where KMS is reached, from `--region`, `--endpoint` and `--network`. */
export interface EndpointOptions {
  /** The one endpoint to use, whatever the region: scheme, host and port. */
  readonly endpoint: string | undefined;
  readonly network: 'public' | 'vpc';
}

/** Longest part of a host name. */
const MAX_LABEL = 63;

/**
 * Whether `text` has the form of a region ID. It becomes part of a host name, so nothing else may pass.
 * No list of regions is kept here: new ones appear, and `DescribeRegions` knows them.
 */
export function isRegionId(text: string): boolean {
  return text.length <= MAX_LABEL && /^[a-z]{2,8}(-[a-z0-9]+)+$/.test(text);
}

/**
 * Scheme, host and port for a region: `kms.{region}.aliyuncs.com`, or `kms-vpc.{region}.aliyuncs.com` inside a VPC.
 * Source: https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/endpoints
 * Throws `TypeError` for what is no region ID: one can come from the journal, and a signed request must not go elsewhere.
 */
export function resolveEndpoint(regionId: string, { endpoint, network }: EndpointOptions): string {
  if (endpoint !== undefined) return endpoint;
  if (!isRegionId(regionId)) throw new TypeError('not a region ID');
  return `https://${network === 'vpc' ? 'kms-vpc' : 'kms'}.${regionId}.aliyuncs.com`;
}

/** The region that an Alibaba Cloud endpoint serves, or undefined for any other host. */
export function regionOfEndpoint(origin: string): string | undefined {
  return /^kms(?:-vpc)?\.([a-z0-9-]+)\.aliyuncs\.com$/.exec(new URL(origin).hostname)?.[1];
}

/** Whether requests to `origin` stay on this machine. */
export function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

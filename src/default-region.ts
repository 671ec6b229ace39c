import { type KmsEndpoint, servedRegions } from './aliyun/kms/region.js';

/** Regions of the embedded emulator: two, since people mean all of them when they say "our keys". */
export const EMULATED_REGIONS = ['cn-hangzhou', 'cn-shanghai'] as const;

/** The region of calls that name none: the option, the only one there is, or none. */
export function defaultRegionOf(values: {
  readonly region: string | undefined;
  readonly emulator: boolean;
  readonly endpoint: KmsEndpoint | undefined;
}): string | undefined {
  const { region, emulator, endpoint } = values;
  if (region !== undefined) return region;
  if (emulator) return EMULATED_REGIONS[0];
  const served = servedRegions(endpoint, undefined);
  return served?.length === 1 ? served[0] : undefined;
}

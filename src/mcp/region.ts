import { isRegionId } from '../aliyun/kms/region.js';
import { quote, quoteList } from '../base/quote.js';
import { TagsError } from '../base/tags-error.js';
import type { Call } from './call.js';

type RegionRules = Pick<Call, 'defaultRegion' | 'servedRegions'>;

/** The region to act in. Throws `REGION_REQUIRED`, or `INVALID_ARGUMENT` where the endpoints serve others only. */
export function resolveRegion({ defaultRegion, servedRegions }: RegionRules, requested: string | undefined): string {
  const only = servedRegions?.length === 1 ? servedRegions[0] : undefined;
  const regionId = requested ?? defaultRegion ?? only;
  if (regionId === undefined) {
    throw new TagsError(
      'REGION_REQUIRED',
      'No region was given, and this server has no default region.',
      'Ask the person which region is meant; find_resources with Name and RegionId "*" shows where a name exists.',
    );
  }
  // Arguments are checked before; a region of the journal is not.
  if (!isRegionId(regionId)) {
    const text = `${quote(regionId, 64)} is not a region ID.`;
    throw new TagsError('INVALID_ARGUMENT', text, 'Ask the operator of this server to look at the journal.');
  }
  if (servedRegions === undefined || servedRegions.includes(regionId)) return regionId;
  const text = `This server's endpoints serve ${quoteList(servedRegions)} only, not ${quote(regionId, 64)}.`;
  throw new TagsError('INVALID_ARGUMENT', text, 'Name one of these regions, or ask the operator of this server.');
}

/** Any region that KMS surely has, to ask for the others. */
const SOME_REGION = 'cn-hangzhou';

/** The regions to read: all that KMS has for `"*"`, else the one. Rejects with `RpcError`. */
export async function resolveRegions(call: Call, requested: string | undefined): Promise<readonly string[]> {
  if (requested !== '*') return [resolveRegion(call, requested)];
  if (call.servedRegions !== undefined) return call.servedRegions;
  const { regionIds } = await call.kms(call.defaultRegion ?? SOME_REGION).describeRegions(call.options);
  return [...regionIds].sort();
}

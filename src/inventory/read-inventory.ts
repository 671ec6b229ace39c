import type { BulkResourceType, Kms } from '../aliyun/kms/kms-client.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import type { Inventory } from './recent-regions.js';
import { readRegion } from './region.js';
import { readRegions } from './regions.js';

/** All keys or secrets of the regions, see `readRegion` for what it costs. Rejects with `RpcError`. */
export async function readInventory(
  kmsOf: (regionId: string) => Kms,
  type: BulkResourceType,
  regionIds: readonly string[],
  options: CallOptions & { readonly deadline: number },
  elapsed: () => number,
): Promise<Inventory> {
  const { read, unread } = await readRegions(regionIds, options, elapsed, (regionId, limited) =>
    readRegion(kmsOf(regionId), type, regionId, limited),
  );
  return { resources: [...read.values()].flat(), regionIds: [...read.keys()], unread };
}

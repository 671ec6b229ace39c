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
  // In this order the resources are paged through.
  const inOrder = [...regionIds].sort();
  const { read, unread } = await readRegions(inOrder, options, elapsed, (regionId, limited) =>
    readRegion(kmsOf(regionId), type, regionId, limited),
  );
  return { resources: [...read.values()].flat(), regionIds: [...read.keys()], unread };
}

import { createSessionStore, type SessionStore } from '../authentication/session-store.js';
import type { AccountData, RegionData } from './account-data.js';
import { kmsRegionIds } from './kms-regions.js';
import { createPolicyBook, type PolicyBook } from './policy-book.js';
import { createRegion, type Region } from './region.js';
import { createRoles, type Role } from './roles.js';

/** The state of the emulated account: what its regions hold, and what they share. */
export interface Account {
  /** 16 digits, as ARNs have it. */
  readonly accountId: string;
  /** The emulated regions, the first one first. */
  readonly regions: ReadonlyMap<string, Region>;
  /** What DescribeRegions names. */
  readonly listedRegions: readonly string[];
  /** What ListTagResources says to an unknown id is documented nowhere: it refuses, or finds nothing. */
  readonly refusesUnknownIds: boolean;
  /** Of RAM. */
  readonly policies: PolicyBook;
  /** Of RAM, by name. */
  readonly roles: ReadonlyMap<string, Role>;
  /** What STS gave out. */
  readonly sessions: SessionStore;
}

/** Which regions an account has. */
export type RegionChoice =
  /** These, and DescribeRegions names no others. */
  | { readonly only: readonly string[] }
  /** This one, and those of the data; DescribeRegions names all that KMS has. */
  | { readonly first: string };

/**
 * An account with a copy of `data`. What stands at the top of the data belongs to the first region.
 * Throws `Error` for data of a region that the account does not have, and for a region with two lists of one kind.
 */
export function createAccount(
  data: AccountData,
  accountId: string,
  choice: RegionChoice,
  refusesUnknownIds: boolean,
): Account {
  const inData = Object.keys(data.regions ?? {});
  const regionIds = 'only' in choice ? choice.only : [...new Set([choice.first, ...inData])];
  const stray = inData.find((regionId) => !regionIds.includes(regionId));
  if (stray !== undefined) {
    throw new Error(`The account data holds region ${JSON.stringify(stray)}, which is not among those to emulate.`);
  }
  const regions = new Map(
    regionIds.map((regionId, index) => {
      const own = index === 0 ? firstRegionData(data, regionId) : (data.regions?.[regionId] ?? {});
      return [regionId, createRegion(own, regionId, accountId)];
    }),
  );
  const listedRegions = 'only' in choice ? regionIds : [...new Set([...kmsRegionIds, ...regionIds])];
  return {
    accountId,
    regions,
    listedRegions,
    refusesUnknownIds,
    policies: createPolicyBook(data.policies ?? []),
    roles: createRoles(data.roles ?? []),
    sessions: createSessionStore(),
  };
}

function firstRegionData(data: AccountData, regionId: string): RegionData {
  const own = data.regions?.[regionId];
  for (const list of ['keys', 'secrets', 'certificates'] as const) {
    if (own?.[list] !== undefined && data[list] !== undefined) {
      throw new Error(`The account data gives ${list} of ${regionId} twice: at the top and in regions.`);
    }
  }
  const { keys = own?.keys, secrets = own?.secrets, certificates = own?.certificates } = data;
  return { keys, secrets, certificates };
}

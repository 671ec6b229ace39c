import type { Operation } from '../operation.js';

/** The regions that the account says it has. */
export const describeRegions: Operation = ({ account }) => ({
  Regions: { Region: account.listedRegions.map((RegionId) => ({ RegionId })) },
});

import type { AccountData } from './account/account-data.js';
import type { FaultPlan } from './faults/fault-plan.js';

export interface EmulatorOptions {
  /** On 127.0.0.1, of the first region; those of the others follow it. Default 0: free ones. */
  readonly port?: number;
  /** The one region, or the first of several that `data` holds. Default `cn-hangzhou`. */
  readonly regionId?: string;
  /** Instead of `regionId`: these regions, one endpoint each, the first one first. DescribeRegions names no others. */
  readonly regions?: readonly string[];
  /** Default `testid`. */
  readonly accessKeyId?: string;
  /** Default `testsecret`. */
  readonly accessKeySecret?: string;
  /** When given, requests must carry it, as those of an STS session do. */
  readonly securityToken?: string;
  /** What the account holds. Default: `sampleData()` of the regions. */
  readonly data?: AccountData;
  /** Instead of `data`: this many generated keys in each region, see `generatedData`. */
  readonly keys?: number;
  /** Enforce the documented requests a second. Default false. */
  readonly quota?: boolean;
  /** A plan, or a SPEC for `parseFaultSpec`. Default: none. Each region has its own draws and its own script. */
  readonly faults?: FaultPlan | string;
  /** False: DescribeCertificate is not found, as in newer accounts. Default true. */
  readonly certificateOperations?: boolean;
  /** ListTagResources refuses a request that names an unknown resource, as the writes do. Default false: no rows. */
  readonly refuseUnknownIds?: boolean;
  /** Actions that RAM denies to the access key, such as `ListResourceTags`. Default: none. */
  readonly deny?: readonly string[];
  /** The service's clock, in milliseconds. Default `Date.now`. */
  readonly clock?: () => number;
  /** From 0 up to 1, for request IDs and a made-up account's number; faults have a seed of their own. */
  readonly random?: () => number;
}

import { type Account, createAccount, type Resource, type ResourceType, tagRecord } from './account/account.js';
import type { AccountData } from './account/account-data.js';
import { newAccountId } from './account/account-id.js';
import { generatedData } from './account/generated-data.js';
import { sampleData } from './account/sample-data.js';
import { withoutTags, withTags } from './account/tag-set.js';
import { type AccessKey, createAccessKeyHolder } from './authentication/access-key.js';
import { createNonceStore } from './authentication/nonce-store.js';
import type { FaultPlan } from './faults/fault-plan.js';
import { createFaultSource } from './faults/fault-source.js';
import { listen } from './listener.js';
import { createCatalogue } from './operations/catalogue.js';
import { createQuota, noQuota } from './quota.js';
import { createRequestIds } from './request-id.js';
import { createRequestLog, type RequestRecord } from './request-log.js';
import { createService } from './service.js';

export interface EmulatorOptions {
  /** On 127.0.0.1. Default 0: a free one. */
  readonly port?: number;
  /** Default `cn-hangzhou`. */
  readonly regionId?: string;
  /** Default `testid`. */
  readonly accessKeyId?: string;
  /** Default `testsecret`. */
  readonly accessKeySecret?: string;
  /** When given, requests must carry it, as those of an STS session do. */
  readonly securityToken?: string;
  /** What the account holds. Default: `sampleData()`. */
  readonly data?: AccountData;
  /** Instead of `data`: this many generated keys, see `generatedData`. */
  readonly keys?: number;
  /** Enforce the documented requests a second. Default false. */
  readonly quota?: boolean;
  /** A plan, or a SPEC for `parseFaultSpec`. Default: none. */
  readonly faults?: FaultPlan | string;
  /** False: DescribeCertificate is not found, as in newer accounts. Default true. */
  readonly certificateOperations?: boolean;
  /** Actions that RAM denies to the access key, such as `ListResourceTags`. Default: none. */
  readonly deny?: readonly string[];
  /** The service's clock, in milliseconds. Default `Date.now`. */
  readonly clock?: () => number;
  /** From 0 up to 1, for request IDs and a made-up account's number; faults have a seed of their own. */
  readonly random?: () => number;
}

/** A running endpoint of KMS, which answers STS as well. */
export interface Emulator {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly regionId: string;
  /** The data's `AccountId`, or a random one: 16 digits. */
  readonly accountId: string;
  /** The current one. */
  readonly accessKeyId: string;
  /** The current one. */
  readonly accessKeySecret: string;
  /** The latest thousand requests, oldest first. */
  readonly requests: readonly RequestRecord[];
  /** How many requests were received in all, or for one action. */
  count(action?: string): number;
  /** The tags of a resource, or undefined when there is no such resource. */
  tagsOf(type: ResourceType, id: string): Readonly<Record<string, string>> | undefined;
  /** A change by somebody else: no limits, no log. Throws `Error` when there is no such resource. */
  setTag(type: ResourceType, id: string, key: string, value: string): void;
  /** As `setTag`. A key that is not there does not matter. */
  removeTag(type: ResourceType, id: string, key: string): void;
  /** Replaces plan, script and seed; undefined ends all faults. Throws `Error` for a wrong plan. */
  setFaults(faults: FaultPlan | string | undefined): void;
  /** From now on only this access key is known. */
  rotateAccessKey(next: AccessKey): void;
  /** From now on the current token is answered with InvalidSecurityToken.Expired. Throws `Error` without one. */
  expireSecurityToken(): void;
  /** Destroys open connections, too. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts a KMS 2016-01-20 endpoint on 127.0.0.1 that checks signatures and keeps an account in memory.
 * Rejects for options that contradict each other, a wrong fault plan, and a port that is taken.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { regionId = 'cn-hangzhou', clock = Date.now } = options;
  const data = accountData(options);
  const accountId = data.AccountId ?? newAccountId(options.random ?? Math.random);
  const account = createAccount(data, regionId, accountId);
  const accessKeys = createAccessKeyHolder({
    accessKeyId: options.accessKeyId ?? 'testid',
    accessKeySecret: options.accessKeySecret ?? 'testsecret',
    ...(options.securityToken === undefined ? {} : { securityToken: options.securityToken }),
  });
  const catalogue = createCatalogue(options.certificateOperations ?? true);
  const log = createRequestLog(Object.values(catalogue).flatMap((operations) => [...operations.keys()]));
  let faults = createFaultSource(options.faults);
  const service = createService({
    account,
    accessKeys,
    nonces: createNonceStore(),
    catalogue,
    denied: new Set(options.deny),
    quota: options.quota === true ? createQuota() : noQuota(),
    log,
    newRequestId: createRequestIds(options.random),
    clock,
    faults: () => faults,
  });
  const listener = await listen(service, options.port ?? 0, clock);
  return {
    endpoint: listener.endpoint,
    regionId,
    accountId,
    get accessKeyId() {
      return accessKeys.current.accessKeyId;
    },
    get accessKeySecret() {
      return accessKeys.current.accessKeySecret;
    },
    requests: log.records,
    count: log.count,
    tagsOf(type, id) {
      const resource = account[type].find(id);
      return resource === undefined ? undefined : tagRecord(resource.tags);
    },
    setTag(type, id, key, value) {
      const resource = existing(account, type, id);
      account.setTags(resource, withTags(resource.tags, [account.intern(key, value)]));
    },
    removeTag(type, id, key) {
      const resource = existing(account, type, id);
      account.setTags(resource, withoutTags(resource.tags, new Set([key])));
    },
    setFaults(next) {
      faults = createFaultSource(next);
    },
    rotateAccessKey: accessKeys.rotate,
    expireSecurityToken: accessKeys.expireToken,
    close: listener.close,
  };
}

function accountData({ data, keys }: EmulatorOptions): AccountData {
  if (keys === undefined) {
    return data ?? sampleData();
  }
  if (data !== undefined) {
    throw new Error('The emulator takes either `data` or `keys`, not both.');
  }
  return generatedData(keys);
}

function existing(account: Account, type: ResourceType, id: string): Resource {
  const resource = account[type].find(id);
  if (resource === undefined) {
    throw new Error(`The emulated account has no ${type} ${JSON.stringify(id)}.`);
  }
  return resource;
}

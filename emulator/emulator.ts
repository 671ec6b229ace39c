import { type Account, createAccount } from './account/account.js';
import type { RamPolicyData } from './account/account-data.js';
import { newAccountId } from './account/account-id.js';
import { generatedData } from './account/generated-data.js';
import { sampleData } from './account/sample-data.js';
import { type AccessKey, createAccessKeyHolder } from './authentication/access-key.js';
import { createNonceStore } from './authentication/nonce-store.js';
import { createFaultHolder, type EmulatedRegion, emulatedRegion } from './emulated-region.js';
import type { EmulatorOptions } from './emulator-options.js';
import type { FaultPlan } from './faults/fault-plan.js';
import { type Listener, listen } from './listener.js';
import { createCatalogue } from './operations/catalogue.js';
import { createQuota, noQuota } from './quota.js';
import { createRequestIds } from './request-id.js';
import { createRequestLog, logBoth, type RequestRecord } from './request-log.js';
import { createService } from './service.js';

/**
 * A running emulator. Endpoint and tags are those of the first region; requests and counts are those of all regions
 * together, and faults are set in all of them. `region` gives one region alone.
 */
export interface Emulator extends EmulatedRegion {
  /** By region ID. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Throws `Error` for a region that is not emulated. */
  region(regionId: string): EmulatedRegion;
  /** The data's `AccountId`, or a random one: 16 digits. */
  readonly accountId: string;
  /** The current one. */
  readonly accessKeyId: string;
  /** The current one. */
  readonly accessKeySecret: string;
  /** The latest thousand requests, oldest first. */
  readonly requests: readonly RequestRecord[];
  /** Adds a RAM policy, or gives one that is there a new version. */
  setPolicy(policy: RamPolicyData): void;
  /** From now on only this access key is known. */
  rotateAccessKey(next: AccessKey): void;
  /** From now on the current token is answered with InvalidSecurityToken.Expired. Throws `Error` without one. */
  expireSecurityToken(): void;
  /** From now on the credentials of sessions of this name, or of all, are expired. How many there were. */
  expireSessions(sessionName?: string): number;
  /** Destroys open connections, too. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts KMS 2016-01-20 on 127.0.0.1, one endpoint for each region, with STS and RAM on each of them: it checks signatures
 * and keeps an account in memory. Rejects for options that contradict each other, a wrong fault plan, and a port
 * that is taken.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { clock = Date.now, random, quota = false, port = 0 } = options;
  const account = accountOf(options);
  const accessKeys = createAccessKeyHolder({
    accessKeyId: options.accessKeyId ?? 'testid',
    accessKeySecret: options.accessKeySecret ?? 'testsecret',
    ...(options.securityToken === undefined ? {} : { securityToken: options.securityToken }),
  });
  const catalogue = createCatalogue(options.certificateOperations ?? true);
  const whole = createRequestLog(catalogue.actions);
  const shared = {
    account,
    accessKeys,
    sessions: account.sessions,
    nonces: createNonceStore(),
    catalogue,
    accountQuota: quota ? createQuota() : noQuota(),
    denied: new Set(options.deny),
    newRequestId: createRequestIds(random),
    clock,
  };

  const listeners: Listener[] = [];
  const regions = new Map<string, EmulatedRegion>();
  const close = async () => {
    await Promise.all(listeners.map((listener) => listener.close()));
  };
  try {
    for (const [regionId, region] of account.regions) {
      const index = regions.size;
      const log = createRequestLog(catalogue.actions);
      const faults = createFaultHolder(options.faults, index);
      const service = createService({
        ...shared,
        region,
        quota: quota ? createQuota() : noQuota(),
        log: logBoth(log, whole),
        faults: () => faults.current,
      });
      const listener = await listen(service, port === 0 ? 0 : port + index, clock);
      listeners.push(listener);
      regions.set(regionId, emulatedRegion(region, listener, log, faults));
    }
  } catch (error) {
    await close();
    throw error;
  }

  const find = (regionId: string): EmulatedRegion => {
    const found = regions.get(regionId);
    if (found === undefined) {
      throw new Error(`Region ${JSON.stringify(regionId)} is not emulated.`);
    }
    return found;
  };
  return {
    ...find([...regions.keys()][0] ?? ''),
    endpoints: Object.fromEntries([...regions].map(([regionId, { endpoint }]) => [regionId, endpoint])),
    region: find,
    accountId: account.accountId,
    get accessKeyId() {
      return accessKeys.current.accessKeyId;
    },
    get accessKeySecret() {
      return accessKeys.current.accessKeySecret;
    },
    requests: whole.records,
    count: whole.count,
    setFaults(next: FaultPlan | string | undefined) {
      for (const region of regions.values()) {
        region.setFaults(next);
      }
    },
    setPolicy: (policy) => account.policies.set(policy, clock()),
    rotateAccessKey: accessKeys.rotate,
    expireSecurityToken: accessKeys.expireToken,
    expireSessions: account.sessions.expire,
    close,
  };
}

function accountOf(options: EmulatorOptions): Account {
  const { regions, regionId, keys, random = Math.random } = options;
  if (regions !== undefined && regionId !== undefined) {
    throw new Error('The emulator takes either `regions` or `regionId`, not both.');
  }
  if (keys !== undefined && options.data !== undefined) {
    throw new Error('The emulator takes either `data` or `keys`, not both.');
  }
  const [first = 'cn-hangzhou', ...others] = regions ?? (regionId === undefined ? [] : [regionId]);
  if (regions !== undefined && new Set(regions).size !== Math.max(regions.length, 1)) {
    throw new Error('`regions` must name at least one region, and each of them once.');
  }
  const data = options.data ?? (keys === undefined ? sampleData(others) : generatedData(keys, others));
  const accountId = data.AccountId ?? newAccountId(random);
  const choice = regions === undefined ? { first } : { only: regions };
  return createAccount(data, accountId, choice, options.refuseUnknownIds ?? false);
}

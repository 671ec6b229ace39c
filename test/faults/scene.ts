import { startEmulator } from '../../emulator/index.js';
import { KMS_VERSION, type Kms, kmsClient } from '../../src/aliyun/kms/kms-client.js';
import { accountFinder } from '../../src/aliyun/sts/account.js';
import { STS_VERSION, stsClient } from '../../src/aliyun/sts/sts-client.js';
import type { Clock } from '../../src/base/clock.js';
import { type RpcClientOptions, rpcClient } from '../../src/rpc/rpc-client.js';
import { undiciTransport } from '../../src/rpc/transport.js';
import { openWorkbench, type Workbench } from '../support/workbench.js';
import { type Place, PROTECTED_KEY, type RandomAccount, randomAccount, stateOf } from './account.js';
import { accessKey, type Keyring, keyringOf } from './keyring.js';
import { createLedger, type Ledger } from './ledger.js';
import type { Seeded } from './seeded.js';
import { virtualClock } from './virtual-clock.js';
import { openWire, type Wire } from './wire.js';

/** A server with a client before it and an account behind it, and a network where anything happens. */
export interface Scene extends RandomAccount {
  readonly random: Seeded;
  readonly bench: Workbench;
  readonly wire: Wire;
  readonly ledger: Ledger;
  /** Undefined where the access key stays. */
  readonly keyring: Keyring | undefined;
  /** By name. */
  readonly placeOf: ReadonlyMap<string, Place>;
  /** Sets the service's clock off by so many milliseconds. */
  setSkew(ms: number): void;
  /** Waits for what a call began and did not need: whose account it is. */
  settle(): Promise<void>;
  /** Lets time pass. */
  pass(ms: number): void;
  close(): Promise<void>;
}

export async function openScene(seed: number, random: Seeded): Promise<Scene> {
  const account = randomAccount(random);
  const { data, regionIds, places } = account;
  const clock = virtualClock();
  let skew = 0;
  const emulator = await startEmulator({
    data,
    regions: regionIds,
    clock: () => clock.now() + skew,
    certificateOperations: random.chance(0.7),
    ...accessKey(1),
  });
  const ledger = createLedger(stateOf(emulator, places));
  const wire = await openWire({ seed, emulator, places, ledger, clock });
  const transport = undiciTransport({ env: {}, loopback: true });
  const keyring = keyringOf(emulator);
  const rpcOf = (regionId: string, version: string): RpcClientOptions => ({
    origin: wire.gates.get(regionId)?.endpoint ?? '',
    version,
    signature: regionId === regionIds[0] ? signature : 'v3',
    credentials: keyring.source,
    transport,
    userAgent: 'test',
    timeoutMs: 10_000,
    clock,
    random: () => 0.5,
    sleep: clock.sleep,
  });
  const signature = random.chance(0.3) ? 'v1' : 'v3';
  const clients = new Map<string, Kms>(
    regionIds.map((regionId) => [regionId, kmsClient(rpcClient(rpcOf(regionId, KMS_VERSION)), regionId)]),
  );
  // Where STS cannot be had, a new access key is another account: nothing of the old one's could be undone. Where it
  // can be, it is not too late because of time that a request to KMS let pass.
  const isStsSure = random.chance(0.8);
  let passed = 0;
  const steady: Clock = { ...clock, elapsed: () => passed };
  const stsOptions = rpcOf(regionIds[0] ?? '', STS_VERSION);
  const sts = stsClient(
    rpcClient(isStsSure ? { ...stsOptions, origin: emulator.endpoint, clock: steady } : stsOptions),
  );
  const accountClock = isStsSure ? steady : clock;
  const bench = await openWorkbench({
    emulator,
    credentials: keyring.source,
    protect: [PROTECTED_KEY],
    clock,
    deps: {
      kms(regionId) {
        const kms = clients.get(regionId);
        if (kms === undefined) throw new Error(`no client for ${regionId}`);
        return kms;
      },
      servedRegions: regionIds,
      account: accountFinder({ sts, credentials: keyring.source, endpoint: 'gate', clock: accountClock }),
    },
  });
  return {
    ...account,
    random,
    bench,
    wire,
    ledger,
    keyring: isStsSure ? keyring : undefined,
    placeOf: new Map(places.map((place) => [place.name, place])),
    setSkew(ms) {
      skew = ms;
    },
    async settle() {
      if (isStsSure) await bench.deps.account({});
    },
    pass(ms) {
      passed += ms;
      clock.pass(ms);
    },
    async close() {
      await bench.close();
      await transport.close();
      await wire.close();
      await emulator.close();
    },
  };
}

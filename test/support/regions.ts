import type { Emulator } from '../../emulator/index.js';
import { KMS_VERSION, kmsClient } from '../../src/aliyun/kms/kms-client.js';
import { staticCredentials } from '../../src/credentials/source.js';
import type { ServerDeps } from '../../src/mcp/call.js';
import { rpcClient } from '../../src/rpc/rpc-client.js';
import { undiciTransport } from '../../src/rpc/transport.js';
import { QUICK_RETRY } from './session.js';

/** For `tune`: a server that reaches every region of the emulator, each at its own endpoint. */
export function inAllRegionsOf(emulator: Emulator): (deps: ServerDeps) => ServerDeps {
  const { accessKeyId, accessKeySecret } = emulator;
  const transport = undiciTransport({ env: {}, loopback: true });
  const common = {
    version: KMS_VERSION,
    signature: 'v3' as const,
    credentials: staticCredentials({ accessKeyId, accessKeySecret }),
    transport,
    userAgent: 'test',
    timeoutMs: 2_000,
    retry: QUICK_RETRY,
  };
  const kms = (regionId: string) =>
    kmsClient(rpcClient({ ...common, origin: emulator.region(regionId).endpoint }), regionId);
  return (deps) => ({ ...deps, kms, servedRegions: Object.keys(emulator.endpoints) });
}

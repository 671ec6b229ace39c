// Makes one call as the program does, with the proxies of its environment, and prints what came of it. A program of
// its own, because Node reads the certificates to trust at its start.
import { inspect } from 'node:util';
import { isLoopback } from '../../src/base/loopback.js';
import { environmentCredentials } from '../../src/credentials/environment.js';
import { staticCredentials } from '../../src/credentials/source.js';
import { rpcClient } from '../../src/rpc/rpc-client.js';
import { RpcError } from '../../src/rpc/rpc-error.js';
import { undiciTransport } from '../../src/rpc/transport.js';

const [origin = '', signature = 'v3', bypass = 'bypass'] = process.argv.slice(2);
const { env } = process;
const credentials = environmentCredentials(env);
if (credentials === undefined) throw new Error('no credentials');
const client = rpcClient({
  origin,
  version: '2016-01-20',
  signature: signature === 'v1' ? 'v1' : 'v3',
  credentials: staticCredentials(credentials),
  transport: undiciTransport({ env, loopback: bypass === 'bypass' && isLoopback(origin) }),
  userAgent: 'test',
  timeoutMs: 2_000,
  retry: { maxAttempts: 2, baseDelayMs: 1, maxDelayMs: 1 },
});
try {
  const { requestId } = await client.call({ action: 'DescribeRegions', parameters: {} });
  process.stdout.write(JSON.stringify({ requestId }));
} catch (error) {
  const failure =
    error instanceof RpcError ? { ...error.failure, effect: error.effect, attempts: error.attempts } : String(error);
  process.stdout.write(JSON.stringify(failure));
  process.stderr.write(inspect(error, { showHidden: true, depth: 10 }));
}
process.exit();

// A signed call, whole path, beside the official clients and beside bare undici without a signature: CPU and time at
// 1, 16 and 64 in flight, alternating rounds in one process, against an endpoint in another that answers all alike.
// With `checked`, that endpoint is the emulator, which checks each signature: it is then what limits the rate, every
// reply wakes the client by itself, and that costs all clients alike. Bare undici is answered with an error there.
//   npm run bench -- signed-call [calls a round] [rounds] [checked]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'undici';
import * as z from 'zod';
import { KMS_VERSION } from '../src/aliyun/kms/kms-client.js';
import { staticCredentials } from '../src/credentials/source.js';
import { rpcClient } from '../src/rpc/rpc-client.js';
import { undiciTransport } from '../src/rpc/transport.js';
import { kmsSdk, openApiClient, popCore } from '../test/emulator/official-clients.js';
import { machineLine, median, series, table } from './figures.js';

const CALLS = Number(process.argv[2] ?? 1500);
const ROUNDS = Number(process.argv[3] ?? 7);

const isChecked = process.argv[4] === 'checked';
const child = fork('scripts/run-ts.js', ['bench/constant-endpoint.ts', ...(isChecked ? ['checked'] : [])]);
const [endpoint] = z.tuple([z.string()]).parse((await once(child, 'message')).slice(0, 1));
const [accessKeyId, accessKeySecret] = ['testid', 'testsecret'];
const target = { endpoint, accessKeyId, accessKeySecret, regionId: 'cn-hangzhou' };

const parameters = { KeyId: '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678', TagKeys: '["tagkey1","tagkey2"]' };
const query = new URLSearchParams({ Action: 'UntagResource', ...parameters }).toString();
const ours = (signature: 'v3' | 'v1') => {
  const rpc = rpcClient({
    origin: endpoint,
    version: KMS_VERSION,
    signature,
    credentials: staticCredentials({ accessKeyId, accessKeySecret, source: 'bench' }),
    transport: undiciTransport({ env: {}, loopback: true }),
    userAgent: 'bench',
    timeoutMs: 10_000,
  });
  // With what every tool call gives it: a signal and a deadline.
  const { signal } = new AbortController();
  return () => rpc.call({ action: 'UntagResource', parameters }, { signal, deadline: Date.now() + 60_000 });
};
const official = (call: ReturnType<typeof popCore>) => () => call('UntagResource', parameters);

const clients = [
  {
    name: 'bare undici, unsigned',
    call: async () => {
      const { body } = await request(`${endpoint}/?${query}`, {
        method: 'POST',
        headers: { accept: 'application/json' },
      });
      return body.json();
    },
  },
  { name: 'this client, ACS3', call: ours('v3') },
  { name: 'this client, HMAC-SHA1', call: ours('v1') },
  { name: '@alicloud/pop-core, HMAC-SHA1', call: official(popCore(target, 'POST')) },
  { name: '@alicloud/kms20160120, HMAC-SHA1', call: official(kmsSdk(target)) },
  { name: '@alicloud/openapi-client, ACS3', call: official(openApiClient(target)) },
];

console.log(`${machineLine()}; endpoint: ${isChecked ? 'the emulator' : 'answers all alike'}`);
for (const { call } of clients) await run(call, 300, 16);
for (const inFlight of [1, 16, 64]) {
  const figures = clients.map(({ name, call }) => ({ name, call, cpu: series(), time: series() }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const figure of figures) {
      const { cpu, time } = await run(figure.call, CALLS, inFlight);
      figure.cpu.push(cpu);
      figure.time.push(time);
    }
  }
  const base = figures[1];
  const rows = figures.map(({ name, cpu, time }) => [
    name,
    median(cpu).toFixed(0),
    median(time).toFixed(0),
    (median(base?.cpu ?? []) / median(cpu)).toFixed(2),
  ]);
  console.log(
    `\n${table([`${inFlight} in flight`, 'CPU µs a call', 'time µs a call', 'this client’s CPU ÷ its'], rows)}`,
  );
}
console.log(
  `\n${CALLS} calls a round, ${ROUNDS} alternating rounds, medians. Targets at 16 in flight: 0.65 of the cheapest official client, 0.45 of openapi-client, 1.35 of bare undici.`,
);
child.kill();
process.exit(0);

/** Microseconds of CPU and of time a call. */
async function run(
  call: () => Promise<unknown>,
  calls: number,
  inFlight: number,
): Promise<{ cpu: number; time: number }> {
  let left = calls;
  const from = process.hrtime.bigint();
  const cpuFrom = process.cpuUsage();
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const { user, system } = process.cpuUsage(cpuFrom);
  return { cpu: (user + system) / calls, time: Number(process.hrtime.bigint() - from) / 1000 / calls };
}

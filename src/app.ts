import { randomBytes } from 'node:crypto';
import { KMS_VERSION, type Kms, kmsClient } from './aliyun/kms/kms-client.js';
import { kmsRateLimiter } from './aliyun/kms/quota.js';
import { type KmsEndpoint, resolveEndpoint, servedRegions } from './aliyun/kms/region.js';
import { accountFinder } from './aliyun/sts/account.js';
import { STS_VERSION, stsClient } from './aliyun/sts/sts-client.js';
import { systemClock } from './base/clock.js';
import { logSafe } from './base/log-safe.js';
import { isLoopback } from './base/loopback.js';
import { quote } from './base/quote.js';
import type { Environment } from './base/setting.js';
import { TagsError } from './base/tags-error.js';
import { VERSION } from './base/version.js';
import { tagProtection } from './changes/protection.js';
import type { CredentialSource } from './credentials/credentials.js';
import { credentialSource, staticCredentials } from './credentials/source.js';
import { defaultRegionOf, EMULATED_REGIONS } from './default-region.js';
import { recentRegions } from './inventory/recent-regions.js';
import { fileJournalStore } from './journal/file-store.js';
import { changeJournal } from './journal/journal.js';
import type { JournalStore } from './journal/store.js';
import type { ServerDeps } from './mcp/call.js';
import { tokenSigner } from './mcp/signed-token.js';
import { credentialNetwork } from './rpc/credential-network.js';
import type { RetryPolicy } from './rpc/retry-policy.js';
import { type RateLimiter, type RpcClient, rpcClient } from './rpc/rpc-client.js';
import { type Transport, undiciTransport } from './rpc/transport.js';
import { stateDirectory } from './state-directory.js';

/** What a server is made of, and what to do with it at the end. */
export interface App {
  readonly deps: ServerDeps;
  /** Closes connections, the embedded emulator, and whatever else holds the process. */
  close(): Promise<void>;
}

/** The options that a server is made of; `cli/options.ts` says what each is. */
export interface AppOptions {
  readonly region: string | undefined;
  readonly endpoint: KmsEndpoint | undefined;
  readonly 'sts-endpoint': string | undefined;
  readonly network: 'public' | 'vpc';
  readonly signature: 'v3' | 'v1';
  readonly profile: string | undefined;
  readonly timeout: number;
  readonly emulator: boolean;
  readonly protect: readonly string[];
  readonly 'read-only': boolean;
  readonly confirm: 'host' | 'always';
  readonly 'no-snapshot': boolean;
  readonly 'state-dir': string | undefined;
  readonly 'state-key': string | undefined;
}

/** What tests change: a process takes the defaults. */
export interface AppTuning {
  readonly retry?: RetryPolicy;
  readonly store?: JournalStore | undefined;
}

const USER_AGENT = `alicloud-kms-tags-mcp/${VERSION} Node.js/${process.version}`;
/** Questions are good for this long. */
const TOKEN_TTL_MS = 10 * 60_000;
/** A person's time on a connection that holds the call open; the call as a whole stays under 55 s. */
const ANSWER_MS = 40_000;

/** Makes a server of its options. Nothing is loaded, opened or sent before it is needed. */
export async function createApp(values: AppOptions, env: Environment, tuning: AppTuning = {}): Promise<App> {
  const upstream = values.emulator ? await emulatedUpstream(values) : realUpstream(values, env);
  const { credentials, endpoint } = upstream;
  const transports = new Map<string, Transport>();
  const openRpc = (origin: string, version: string, limiter?: RateLimiter): RpcClient => {
    const transport = transports.get(origin) ?? undiciTransport({ env, loopback: isLoopback(origin) });
    transports.set(origin, transport);
    return rpcClient({
      origin,
      version,
      signature: values.signature,
      credentials,
      transport,
      userAgent: USER_AGENT,
      timeoutMs: values.timeout,
      ...(limiter === undefined ? {} : { limiter }),
      ...(tuning.retry === undefined ? {} : { retry: tuning.retry }),
    });
  };
  const clients = new Map<string, Kms>();
  const openKms = (regionId: string): Kms => {
    const origin = resolveEndpoint(regionId, { endpoint, network: values.network });
    if (origin === undefined) throw notServed(regionId);
    return kmsClient(openRpc(origin, KMS_VERSION, kmsRateLimiter()), regionId);
  };
  const account = accountFinder({
    sts: stsClient(openRpc(values['sts-endpoint'] ?? stsEndpoint(endpoint), STS_VERSION)),
    credentials,
    endpoint: nameOf(endpoint),
    clock: systemClock,
  });
  const journal = changeJournal(tuning.store ?? fileJournalStore(stateDirectory(values, env)));
  return {
    deps: {
      kms(regionId) {
        const kms = clients.get(regionId) ?? openKms(regionId);
        clients.set(regionId, kms);
        return kms;
      },
      account,
      journal,
      protection: tagProtection(values.protect),
      tokens: tokenSigner(values['state-key'] ?? randomBytes(32), TOKEN_TTL_MS, Date.now),
      recentRegions: recentRegions(systemClock.elapsed),
      defaultRegion: defaultRegionOf(values),
      servedRegions: upstream.servedRegions,
      readOnly: values['read-only'],
      confirmMode: values.confirm,
      readBeforeWrite: !values['no-snapshot'],
      answerMs: ANSWER_MS,
      clock: systemClock,
      onUnexpectedError(error) {
        const { name, stack } = logSafe(error);
        process.stderr.write(`unexpected error: ${name}\n${stack.join('\n')}\n`);
      },
    },
    async close() {
      // Calls that were aborted write down what came of their changes: else these would show as running until the lease lapses.
      await journal.settled();
      // The process is about to end: what cannot be closed is no reason to end badly.
      await Promise.allSettled([...transports.values()].map((transport) => transport.close()));
      await upstream.close();
    },
  };
}

interface Upstream {
  readonly endpoint: KmsEndpoint | undefined;
  readonly servedRegions: readonly string[] | undefined;
  readonly credentials: CredentialSource;
  close(): Promise<void>;
}

function realUpstream(values: AppOptions, env: Environment): Upstream {
  const { endpoint, profile, region, signature } = values;
  const network = credentialNetwork({ env, userAgent: USER_AGENT, signature });
  return {
    endpoint,
    servedRegions: servedRegions(endpoint, region),
    credentials: credentialSource({ env, network, profile, stsEndpoint: values['sts-endpoint'] }),
    close: () => network.close(),
  };
}

async function emulatedUpstream(values: AppOptions): Promise<Upstream> {
  const { startEmulator } = await import('../emulator/index.js');
  const first = values.region === undefined ? [] : [values.region];
  const emulator = await startEmulator({ regions: [...new Set([...first, ...EMULATED_REGIONS])] });
  const { accessKeyId, accessKeySecret } = emulator;
  const urls = new Map(Object.entries(emulator.endpoints));
  return {
    endpoint: { kind: 'by-region', urls },
    servedRegions: [...urls.keys()],
    credentials: staticCredentials({ accessKeyId, accessKeySecret, source: 'embedded emulator' }),
    close: () => emulator.close(),
  };
}

/** What stands for the endpoints in the records of an account whose id is not known. */
function nameOf(endpoint: KmsEndpoint | undefined): string {
  if (endpoint === undefined) return 'aliyuncs.com';
  return endpoint.kind === 'one' ? endpoint.url : [...endpoint.urls.values()].sort().join();
}

function notServed(regionId: string): TagsError {
  const text = `This server has no endpoint for ${quote(regionId, 64)}.`;
  return new TagsError('INVALID_ARGUMENT', text, 'Ask the operator of this server to add the region to --endpoint.');
}

/** An endpoint on this machine is an emulator, which answers for STS, too: nothing may leave for Alibaba Cloud then. */
function stsEndpoint(endpoint: KmsEndpoint | undefined): string {
  const [first] = endpoint === undefined ? [] : endpoint.kind === 'one' ? [endpoint.url] : endpoint.urls.values();
  return first !== undefined && isLoopback(first) ? first : 'https://sts.aliyuncs.com';
}

import { randomBytes } from 'node:crypto';
import { KMS_VERSION, type Kms, kmsClient } from './aliyun/kms/kms-client.js';
import { quotaPacer } from './aliyun/kms/quota.js';
import { boundRegion, type KmsEndpoint, resolveEndpoint } from './aliyun/kms/region.js';
import { isLoopback } from './base/loopback.js';
import { quote, quoteList } from './base/quote.js';
import type { Environment } from './base/setting.js';
import { TagsError } from './base/tags-error.js';
import { VERSION } from './base/version.js';
import { tagProtection } from './changes/protection.js';
import type { OptionValues } from './cli/options.js';
import type { CredentialSource } from './credentials/credentials.js';
import { credentialSource, staticCredentials } from './credentials/source.js';
import { recentList } from './inventory/recent-list.js';
import { fileJournalStore } from './journal/file-store.js';
import { changeJournal, type JournalStore } from './journal/journal.js';
import type { ServerDeps } from './mcp/call.js';
import { hmacSeal } from './mcp/signed-token.js';
import { credentialNetwork } from './rpc/credential-network.js';
import { rpcClient } from './rpc/rpc-client.js';
import { type Transport, undiciTransport } from './rpc/transport.js';
import { stateDirectory } from './state-directory.js';

/** A server's parts, put together, and what to do with them at the end. */
export interface Assembly {
  readonly deps: ServerDeps;
  /** Closes connections, the embedded emulator, and whatever else holds the process. */
  close(): Promise<void>;
}

const USER_AGENT = `alicloud-kms-tags-mcp/${VERSION} Node.js/${process.version}`;
/** Plans and questions are good for this long. */
const SEAL_TTL_MS = 10 * 60_000;
/** A person's time on a connection that holds the call open; the call as a whole stays under 55 s. */
const ANSWER_MS = 40_000;

/** Puts a server together from its options. Nothing is loaded, opened or sent before it is needed. */
export async function assemble(values: OptionValues, env: Environment, store?: JournalStore): Promise<Assembly> {
  const target = values.emulator ? await emulatedTarget(values) : realTarget(values, env);
  const transports = new Map<string, Transport>();
  const clients = new Map<string, Kms>();
  const openKms = (regionId: string): Kms => {
    const origin = resolveEndpoint(regionId, { endpoint: target.endpoint, network: values.network });
    if (origin === undefined) throw notServed(regionId, target.endpoint);
    const transport = transports.get(origin) ?? undiciTransport({ env, loopback: isLoopback(origin) });
    transports.set(origin, transport);
    const rpc = rpcClient({
      origin,
      version: KMS_VERSION,
      signature: values.signature,
      credentials: target.credentials,
      transport,
      userAgent: USER_AGENT,
      timeoutMs: values.timeout,
      pace: quotaPacer(),
    });
    return kmsClient(rpc, regionId);
  };
  return {
    deps: {
      kms(regionId) {
        const kms = clients.get(regionId) ?? openKms(regionId);
        clients.set(regionId, kms);
        return kms;
      },
      journal: changeJournal({ store: store ?? fileJournalStore(stateDirectory(values, env)) }),
      protection: tagProtection(values.protect),
      seal: hmacSeal(values['state-key'] ?? randomBytes(32), SEAL_TTL_MS),
      recentList: recentList(Date.now),
      defaultRegion: values.region ?? target.boundRegion,
      boundRegion: target.boundRegion,
      readOnly: values['read-only'],
      confirmMode: values.confirm,
      snapshot: !values['no-snapshot'],
      answerMs: ANSWER_MS,
      now: Date.now,
      reportBug: (error) => {
        // The name and the place; a message may quote what must not be logged.
        const stack = error instanceof Error ? (error.stack ?? '').split('\n').slice(1, 6).join('\n') : '';
        process.stderr.write(`internal error: ${error instanceof Error ? error.name : typeof error}\n${stack}\n`);
      },
    },
    async close() {
      // The process is about to end: what cannot be closed is no reason to end badly.
      await Promise.allSettled([...transports.values()].map((transport) => transport.close()));
      await target.close();
    },
  };
}

interface Upstream {
  readonly endpoint: KmsEndpoint | undefined;
  /** The one region that a fixed endpoint serves. */
  readonly boundRegion: string | undefined;
  readonly credentials: CredentialSource;
  close(): Promise<void>;
}

function realTarget(values: OptionValues, env: Environment): Upstream {
  const { endpoint, profile, region, signature } = values;
  const network = credentialNetwork({ env, userAgent: USER_AGENT, signature });
  return {
    endpoint,
    boundRegion: boundRegion(endpoint, region),
    credentials: credentialSource({ env, network, profile, stsEndpoint: values['sts-endpoint'] }),
    close: () => network.close(),
  };
}

async function emulatedTarget(values: OptionValues): Promise<Upstream> {
  const { startEmulator } = await import('../emulator/index.js');
  const emulator = await startEmulator(values.region === undefined ? {} : { regionId: values.region });
  const { accessKeyId, accessKeySecret } = emulator;
  return {
    endpoint: { kind: 'one', url: emulator.endpoint },
    boundRegion: emulator.regionId,
    credentials: staticCredentials({ accessKeyId, accessKeySecret, source: 'embedded emulator' }),
    close: () => emulator.close(),
  };
}

/** The refusal of a region that the list of `--endpoint` does not name. */
function notServed(regionId: string, endpoint: KmsEndpoint | undefined): TagsError {
  const served = endpoint?.kind === 'by-region' ? [...endpoint.urls.keys()] : [];
  return new TagsError(
    'INVALID_ARGUMENT',
    `This server has no endpoint for ${quote(regionId, 64)}; it serves ${quoteList(served, 60)}.`,
    'Repeat the call with one of these regions, or ask the operator to add the region to --endpoint.',
  );
}

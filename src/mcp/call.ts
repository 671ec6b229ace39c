import type { McpServer, ServerContext } from '@modelcontextprotocol/server';
import type { Kms } from '../aliyun/kms/kms-client.js';
import type { Account } from '../aliyun/sts/account.js';
import type { Clock } from '../base/clock.js';
import type { Protection } from '../changes/protection.js';
import type { RecentRegions } from '../inventory/recent-regions.js';
import type { Journal } from '../journal/journal.js';
import type { Principal } from '../journal/principal.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import type { TokenSigner } from './signed-token.js';

/** What all calls of a server share. */
export interface ServerDeps {
  /** KMS of a region. */
  readonly kms: (regionId: string) => Kms;
  /** The account behind the credentials of the moment. */
  readonly account: (options: CallOptions) => Promise<Account>;
  readonly journal: Journal;
  readonly protection: Protection;
  readonly tokens: TokenSigner;
  readonly recentRegions: RecentRegions;
  /** Region of calls that name none. */
  readonly defaultRegion: string | undefined;
  /** The regions that configured endpoints serve; undefined: every region has its own. */
  readonly servedRegions: readonly string[] | undefined;
  readonly readOnly: boolean;
  readonly confirmMode: 'host' | 'always';
  /** False: tags are not read before a change of one resource. */
  readonly readBeforeWrite: boolean;
  /** How long a person may take to answer on a connection that holds the call open. */
  readonly answerMs: number;
  readonly clock: Clock;
  readonly onUnexpectedError: (error: unknown) => void;
}

/** One tool call: the shared parts, and what belongs to this call alone. */
export interface Call extends ServerDeps {
  readonly tool: string;
  /** By `Clock.elapsed`. */
  readonly startedAt: number;
  readonly principal: Principal;
  /** Signal and deadline for every request of the call. */
  readonly options: CallOptions & { readonly deadline: number };
  readonly connection: Connection;
}

/** What the call came on. */
export interface Connection {
  readonly server: McpServer;
  readonly context: ServerContext;
  readonly era: 'legacy' | 'modern';
}

/** No request of a call goes on after this; clients give up after 60 s. */
export const CALL_DEADLINE_MS = 52_000;

/** A long run starts nothing new after this, so that what is under way can end, and be read back, within the deadline. */
export const RUN_MS = 42_000;

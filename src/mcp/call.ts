import type { InputRequiredResult } from '@modelcontextprotocol/server';
import type { Kms } from '../aliyun/kms/kms-client.js';
import { quote, quoteList } from '../base/quote.js';
import { TagsError } from '../base/tags-error.js';
import type { Protection } from '../changes/protection.js';
import { WriteFailed } from '../changes/single-change.js';
import type { RecentList } from '../inventory/recent-list.js';
import type { Journal, Viewer } from '../journal/journal.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { RpcError } from '../rpc/rpc-error.js';
import type { Question } from './confirmation.js';
import type { Seal } from './signed-token.js';

/** What all calls of a server share. */
export interface ServerDeps {
  /** KMS of a region. */
  readonly kms: (regionId: string) => Kms;
  readonly journal: Journal;
  readonly protection: Protection;
  readonly seal: Seal;
  readonly recentList: RecentList;
  /** Region when a call names none. */
  readonly defaultRegion: string | undefined;
  /** The one region that a fixed endpoint serves. */
  readonly boundRegion: string | undefined;
  readonly readOnly: boolean;
  readonly confirmMode: 'host' | 'always';
  /** False: tags are not read before a change of one resource. */
  readonly snapshot: boolean;
  /** How long a person may take to answer on a connection that holds the call open. */
  readonly answerMs: number;
  readonly now: () => number;
  /** Told of errors that nobody foresaw. */
  readonly reportBug: (error: unknown) => void;
}

/** One tool call: the shared parts, and what belongs to this call alone. */
export interface Call extends ServerDeps {
  readonly tool: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly viewer: Viewer;
  /** Signal and deadline for every request of the call. */
  readonly options: CallOptions;
  /** The region to act in. Throws `REGION_REQUIRED`, or `INVALID_ARGUMENT` where a fixed endpoint serves another. */
  region(requested: string | undefined): Promise<string>;
  /**
   * Under `--confirm always`, asks the person. Returns a reply for the client to carry on with, or undefined when the
   * change may go ahead. Throws the code of whatever else was answered.
   */
  confirm(question: Question): Promise<{ readonly ask: InputRequiredResult } | undefined>;
  /** Tells a waiting client how far the call is. Never rejects. */
  progress(done: number, total: number, message: string): Promise<void>;
}

/** No request of a call goes on after this; clients give up after 60 s. */
export const CALL_DEADLINE_MS = 52_000;

/** A long run starts nothing new after this, so that what is under way can end within the deadline. */
export const RUN_MS = 44_000;

/** Resolves the region of a call, see `Call.region`. */
export async function resolveRegion(
  deps: ServerDeps,
  requested: string | undefined,
  options: CallOptions,
): Promise<string> {
  const regionId = requested ?? deps.defaultRegion ?? deps.boundRegion;
  if (regionId === undefined) {
    const next = 'Repeat the call with RegionId, such as "cn-hangzhou", or ask the operator for a default.';
    throw new TagsError('REGION_REQUIRED', 'No region was given, and this server has no default region.', next);
  }
  const { boundRegion } = deps;
  if (boundRegion === undefined || boundRegion === regionId) return regionId;
  const known = await regionsOf(deps, boundRegion, options);
  if (known !== undefined && !known.includes(regionId)) throw noSuchRegion(regionId, known);
  const text = `This server’s endpoint serves ${boundRegion} only, not ${quote(regionId, 64)}.`;
  throw new TagsError('INVALID_ARGUMENT', text, 'Leave RegionId out, or ask the operator for a server of that region.');
}

/** Any region that KMS surely has, to ask for the others. */
const SOME_REGION = 'cn-hangzhou';

/**
 * A better error for a region without KMS, whose host name does not exist: the regions that there are, as the API
 * lists them. Any other error, or when they cannot be learned, comes back as it is.
 */
export async function explainUnknownRegion(
  error: unknown,
  { options, ...deps }: Pick<Call, 'kms' | 'boundRegion' | 'defaultRegion' | 'options'>,
): Promise<unknown> {
  const cause = error instanceof WriteFailed ? error.cause : error;
  if (!(cause instanceof RpcError) || cause.effect === 'unknown' || deps.boundRegion !== undefined) return error;
  const { failure } = cause;
  const host = failure.kind === 'unreachable' && failure.reason === 'ENOTFOUND' ? failure.host : '';
  const regionId = /^kms(?:-vpc)?\.([a-z0-9-]+)\./.exec(host)?.[1];
  if (regionId === undefined) return error;
  const { defaultRegion = SOME_REGION } = deps;
  const known = await regionsOf(deps, defaultRegion === regionId ? SOME_REGION : defaultRegion, options);
  return known === undefined || known.includes(regionId) ? error : noSuchRegion(regionId, known);
}

function noSuchRegion(regionId: string, known: readonly string[]): TagsError {
  const next = `Repeat the call with one of its regions: ${quoteList(known, 60)}.`;
  return new TagsError('INVALID_ARGUMENT', `KMS has no region ${quote(regionId, 64)}.`, next);
}

/** The regions of KMS, as the one that can be `reached` lists them; undefined when it does not answer. */
function regionsOf(
  { kms }: Pick<ServerDeps, 'kms'>,
  reached: string,
  options: CallOptions,
): Promise<readonly string[] | undefined> {
  return kms(reached)
    .describeRegions(options)
    .then(
      (reply) => reply.regionIds,
      () => undefined,
    );
}

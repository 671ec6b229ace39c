import { CredentialsError } from '../credentials/credentials.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { RpcError } from '../rpc/rpc-error.js';
import { timeLimit } from '../rpc/time-limit.js';
import type { NotRead, Part } from './not-read.js';

/** What one kind of request is about, and what must be granted for it. */
export interface Question {
  readonly part: Part;
  /** RAM action. */
  readonly action: string;
  /** Codes that are an answer, not a failure: there is no policy. */
  readonly absentCodes?: RegExp;
}

export type Answer<Value> =
  | { readonly kind: 'answer'; readonly value: Value }
  /** There is none. */
  | { readonly kind: 'absent' }
  /** Noted, with the reason. */
  | { readonly kind: 'not read' };

/** The requests of one run, which fail each by itself. */
export interface Asking {
  /** Makes one request. Never rejects. */
  ask<Value>(question: Question, request: (options: CallOptions) => Promise<Value>): Promise<Answer<Value>>;
  /** Notes what no single request failed at. */
  note(entry: NotRead): void;
  /** What was noted: the same kind of failure once, with a count. */
  notRead(): readonly NotRead[];
  /** Gives the timer back. */
  release(): void;
}

export interface AskingOptions {
  /** Milliseconds as `now` gives them; nothing is sent later, and what is under way is given up. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** Resolves after so many milliseconds, or rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** `NoPermission` of RAM, `Forbidden.NoPermission` and `Forbidden.RAM` of KMS. */
const NO_PERMISSION = /(^|\.)(NoPermission|RAM)$/;
/** While somebody writes many policies, RAM was seen to answer NoPermission to reads that are permitted. */
const SECOND_TRY_MS = 1_000;

/** How an action fared so far. */
interface Standing {
  granted: boolean;
  refused: boolean;
  /** The pause before the second try, which all requests that were refused at the same time share. */
  pause: Promise<void> | undefined;
}

export function asking({ deadline, signal, now, sleep }: AskingOptions): Asking {
  const limit = timeLimit(Math.max(0, deadline - now()), signal);
  const standings = new Map<string, Standing>();
  const noted = new Map<string, NotRead>();
  const note = (entry: NotRead): void => {
    const { count, ...kind } = 'count' in entry ? entry : { ...entry, count: 0 };
    const key = JSON.stringify(kind);
    const known = noted.get(key);
    const before = known !== undefined && 'count' in known ? known.count : 0;
    noted.set(key, 'count' in entry ? { ...entry, count: before + count } : entry);
  };
  const isLate = (): boolean => limit.signal.aborted || now() >= deadline;

  return {
    async ask({ part, action, absentCodes }, request) {
      const standing = standings.get(action) ?? { granted: false, refused: false, pause: undefined };
      standings.set(action, standing);
      const notRead = (entry: NotRead): Answer<never> => {
        note(entry);
        return { kind: 'not read' };
      };
      for (;;) {
        if (isLate()) return notRead({ why: 'time ran out', part, count: 1 });
        // Refused twice and never granted: the rest is taken to be refused, too, and thousands are not asked in vain.
        const isHopeless = standing.refused && !standing.granted;
        if (isHopeless) return notRead({ why: 'no permission', part, action, count: 1 });
        const isFirstTry = standing.pause === undefined;
        try {
          const value = await request({ signal: limit.signal });
          standing.granted = true;
          return { kind: 'answer', value };
        } catch (error) {
          const code = codeOf(error);
          if (absentCodes?.test(code)) {
            standing.granted = true;
            return { kind: 'absent' };
          }
          if (isLate()) return notRead({ why: 'time ran out', part, count: 1 });
          if (!NO_PERMISSION.test(code)) return notRead({ why: 'failed', part, code, count: 1 });
          if (!isFirstTry || now() + SECOND_TRY_MS >= deadline) {
            standing.refused = true;
            return notRead({ why: 'no permission', part, action, count: 1 });
          }
          standing.pause ??= sleep(SECOND_TRY_MS, limit.signal).catch(() => undefined);
          await standing.pause;
        }
      }
    },
    note,
    notRead: () => [...noted.values()],
    release: () => limit.release(),
  };
}

/** The service's code, or a word of ours. */
function codeOf(error: unknown): string {
  if (error instanceof CredentialsError) return 'CREDENTIALS_NOT_FOUND';
  if (!(error instanceof RpcError)) return 'INTERNAL_ERROR';
  return error.failure.kind === 'service' ? error.failure.code : error.failure.kind;
}

/** Does `work` for each item, `atOnce` at a time. */
export async function inParallel<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const lane = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
}

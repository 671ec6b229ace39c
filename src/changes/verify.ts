import type { Tags } from '../aliyun/kms/tag-record.js';
import type { Clock } from '../base/clock.js';
import { sleep as sleepFor } from '../base/sleep.js';
import type { TagStates } from '../journal/tag-states.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import type { TagWriter } from './tag-writer.js';

/** When requests must end, by which clock, and how to wait. */
export interface Timing extends CallOptions {
  readonly deadline: number;
  readonly elapsed: Clock['elapsed'];
  /** Default: real time. */
  readonly sleep?: Clock['sleep'];
}

/** What reading back showed. */
export interface Verification {
  readonly reached: ReadonlySet<string>;
  /** Those that could not be read are in neither. */
  readonly others: ReadonlySet<string>;
}

interface Wanted {
  readonly id: string;
  readonly after: TagStates;
}

/** Whether tags are as wanted. */
function isReached(tags: Tags | undefined, after: TagStates): boolean {
  return Object.entries(after).every(([key, value]) => (tags?.[key] ?? null) === value);
}

/** Reads resources and splits them by whether they are in the wanted state. Never rejects. */
export async function readBack(
  writer: TagWriter,
  items: readonly Wanted[],
  options: CallOptions,
): Promise<Verification> {
  const reached = new Set<string>();
  const others = new Set<string>();
  if (items.length === 0) return { reached, others };
  try {
    const keys = [...new Set(items.flatMap(({ after }) => Object.keys(after)))];
    const ids = items.map(({ id }) => id);
    const { byId, refused } = await writer.read(ids, keys, options);
    for (const { id, after } of items) {
      if (refused.has(id)) continue;
      (isReached(byId.get(id), after) ? reached : others).add(id);
    }
  } catch {
    // What cannot be read is not verified: nothing more is known.
  }
  return { reached, others };
}

/** From so many resources on, asking who still carries a tag is cheaper than asking each resource for its tags. */
const MANY = 250;
/** Requests that asking so may take, as a part of those that asking each resource takes. */
const SHARE = 1 / 4;
const PER_REQUEST = 50;

/**
 * As `readBack`, for very many removals: they are read back by who still carries the tags. Undefined where that is no
 * cheaper than asking each resource. Never rejects.
 */
async function readBackByCarriers(
  writer: TagWriter,
  items: readonly Wanted[],
  options: CallOptions,
): Promise<Verification | undefined> {
  const isRemoval = items.every(({ after }) => Object.values(after).every((value) => value === null));
  if (items.length < MANY || writer.carriers === undefined || !isRemoval) return undefined;
  const most = Math.ceil((items.length / PER_REQUEST) * SHARE);
  const carriersOf = new Map<string, ReadonlySet<string>>();
  try {
    for (const key of new Set(items.flatMap(({ after }) => Object.keys(after)))) {
      const carriers = await writer.carriers(key, most, options);
      if (carriers === undefined) return undefined;
      carriersOf.set(key, carriers);
    }
  } catch {
    return undefined;
  }
  const reached = new Set<string>();
  const others = new Set<string>();
  for (const { id, after } of items) {
    const isGone = Object.keys(after).every((key) => carriersOf.get(key)?.has(id) === false);
    (isGone ? reached : others).add(id);
  }
  return { reached, others };
}

/** Milliseconds between looks: what KMS acknowledged may take a moment to show. */
const PAUSES: readonly number[] = [300, 1_000, 3_000];

/** As `readBack`, and looks again after pauses at what does not show yet. Never rejects. */
export async function verify(writer: TagWriter, items: readonly Wanted[], options: Timing): Promise<Verification> {
  const { elapsed, sleep = sleepFor } = options;
  const first = (await readBackByCarriers(writer, items, options)) ?? (await readBack(writer, items, options));
  const reached = new Set(first.reached);
  let others = first.others;
  for (const pause of PAUSES) {
    if (others.size === 0 || elapsed() + pause >= options.deadline || options.signal?.aborted) break;
    await sleep(pause, options.signal).catch(() => undefined);
    const again = await readBack(
      writer,
      items.filter(({ id }) => others.has(id)),
      options,
    );
    for (const id of again.reached) reached.add(id);
    others = new Set([...others].filter((id) => !again.reached.has(id)));
  }
  return { reached, others };
}

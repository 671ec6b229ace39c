import {
  type BulkResourceType,
  type Kms,
  type Page,
  type PageRequest,
  unreadableReply,
} from '../aliyun/kms/kms-client.js';
import { MAX_PAGE_SIZE } from '../aliyun/kms/limits.js';
import { inParallel } from '../base/parallel.js';
import { classifyFailure } from '../rpc/retry-policy.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { RpcError } from '../rpc/rpc-error.js';

/** Requests of one reading that are under way at once; the rate limiter spaces them, this hides the latency. */
const PAGES_AT_ONCE = 8;

/** Every state that a key can be in. ListKeys says none, but filters by them. Source: KeyMetadata on the help pages. */
export const KEY_STATES = ['Enabled', 'Disabled', 'PendingDeletion', 'PendingImport'] as const;

/**
 * All rows of a list with numbered pages: the first page tells how many there are, the others are read side by side.
 * `each` sees every page once, in any order. Rejects with `RpcError`, also for a list that repeats itself.
 */
export async function readPages<Row>(
  readPage: (page: PageRequest) => Promise<Page<Row>>,
  each: (rows: readonly Row[]) => void,
  options: CallOptions,
): Promise<void> {
  const pageSize = MAX_PAGE_SIZE;
  const read = (pageNumber: number): Promise<Page<Row>> => patiently(() => readPage({ pageNumber, pageSize }), options);
  const repeats = repeatFinder();
  const first = await read(1);
  if (first.totalCount < first.rows.length) throw unreadableReply('a list with more rows than it says');
  each(first.rows);
  repeats.refuse(first.rows);
  let last = Math.ceil(first.totalCount / pageSize);
  const rest = function* (): Iterable<number> {
    for (let page = 2; page <= last; page += 1) yield page;
  };
  await inParallel(rest(), PAGES_AT_ONCE, async (page) => {
    const { rows } = await read(page);
    // The count is the service's word; an empty page is the end, whatever it was.
    if (rows.length === 0) last = Math.min(last, page);
    repeats.refuse(rows);
    each(rows);
  });
}

/** Knows pages by their first rows: a page that comes twice comes in place of another, or for ever. */
function repeatFinder(): { refuse(rows: readonly unknown[]): void } {
  const heads = new Set<string>();
  return {
    refuse(rows) {
      if (rows.length === 0) return;
      const head = JSON.stringify(rows[0]);
      if (heads.has(head)) throw unreadableReply('a list whose pages repeat');
      heads.add(head);
    },
  };
}

/**
 * Pages of ListTagResources, which can only be read one after the other; at most `most` of them. Resolves with whether
 * that was all. Rejects with `RpcError`.
 */
export async function readTagRows(
  kms: Kms,
  query: Parameters<Kms['listTagResources']>[0],
  each: (rows: Awaited<ReturnType<Kms['listTagResources']>>['rows']) => void,
  options: CallOptions,
  most = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  const seen = new Set<string>();
  const repeats = repeatFinder();
  let nextToken: string | undefined;
  for (let pages = 0; pages === 0 || nextToken !== undefined; pages += 1) {
    if (pages >= most) return false;
    const from = { ...query, nextToken };
    const page = await patiently(() => kms.listTagResources(from, options), options);
    repeats.refuse(page.rows);
    each(page.rows);
    nextToken = page.nextToken;
    if (nextToken !== undefined && seen.has(nextToken)) throw unreadableReply('a list whose page tokens repeat');
    if (nextToken !== undefined) seen.add(nextToken);
  }
  return true;
}

/**
 * Asks again while the service is too busy, as long as there is time: one busy moment must not throw away the hundred
 * pages before. The rate limiter has slowed down by then.
 */
async function patiently<Reply>(read: () => Promise<Reply>, { deadline }: CallOptions): Promise<Reply> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const isBusy = error instanceof RpcError && classifyFailure(error.failure) === 'throttled';
      if (!isBusy || deadline === undefined) throw error;
    }
  }
}

/** IDs of all keys, or names of all secrets, of the region. Rejects with `RpcError`. */
export async function readResourceIds(kms: Kms, type: BulkResourceType, options: CallOptions): Promise<Set<string>> {
  const ids = new Set<string>();
  const addAll = (some: readonly string[]): void => {
    for (const id of some) ids.add(id);
  };
  if (type === 'key') {
    await readPages(
      (page) => kms.listKeys(page, undefined, options),
      (rows) => addAll(rows),
      options,
    );
  } else {
    await readPages(
      (page) => kms.listSecrets(page, options),
      (rows) => addAll(rows.map(({ name }) => name)),
      options,
    );
  }
  return ids;
}

import type { BulkResourceType, Kms, Page, PageRequest, TagRow } from '../aliyun/kms/kms-client.js';
import { MAX_PAGE_SIZE } from '../aliyun/kms/limits.js';
import { judge } from '../rpc/retry-policy.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { RpcError } from '../rpc/rpc-error.js';

/** Requests of one reading that are under way at once; the pacer spaces them, this hides the latency. */
const PAGES_AT_ONCE = 8;

/** Every state that a key can be in. ListKeys says none, but filters by them. Source: KeyMetadata on the help pages. */
export const KEY_STATES = ['Enabled', 'Disabled', 'PendingDeletion', 'PendingImport'] as const;

/**
 * All rows of a list with numbered pages: the first page tells how many there are, the others are read side by side.
 * `each` sees every page once, in any order.
 */
export async function readPages<Row>(
  readPage: (page: PageRequest) => Promise<Page<Row>>,
  each: (rows: readonly Row[]) => void,
  options: CallOptions,
): Promise<void> {
  const pageSize = MAX_PAGE_SIZE;
  const read = (page: PageRequest): Promise<Page<Row>> => patiently(() => readPage(page), options);
  const first = await read({ pageNumber: 1, pageSize });
  each(first.rows);
  const last = Math.ceil(first.totalCount / pageSize);
  const rest = Array.from({ length: Math.max(0, last - 1) }, (_, index) => index + 2);
  await inParallel(rest, PAGES_AT_ONCE, async (pageNumber) => each((await read({ pageNumber, pageSize })).rows));
}

/** All rows of ListTagResources, whose pages can only be read one after the other. */
export async function readTagRows(
  kms: Kms,
  query: Parameters<Kms['listTagResources']>[0],
  each: (row: TagRow) => void,
  options: CallOptions,
): Promise<void> {
  let nextToken: string | undefined;
  do {
    const after = { ...query, nextToken };
    const page = await patiently(() => kms.listTagResources(after, options), options);
    for (const row of page.rows) each(row);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
}

/**
 * Asks again while the service is too busy, as long as there is time: one busy moment must not throw away the hundred
 * pages before. The pacer has slowed down by then.
 */
async function patiently<Reply>(read: () => Promise<Reply>, { deadline }: CallOptions): Promise<Reply> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const isBusy = error instanceof RpcError && judge(error.failure) === 'throttled';
      if (!isBusy || deadline === undefined) throw error;
    }
  }
}

/** IDs of all keys, or names of all secrets, of the region. */
export async function readResourceIds(kms: Kms, type: BulkResourceType, options: CallOptions): Promise<Set<string>> {
  const ids = new Set<string>();
  if (type === 'key') {
    await readPages(
      (page) => kms.listKeys(page, undefined, options),
      (rows) => addAll(ids, rows),
      options,
    );
  } else {
    await readPages(
      (page) => kms.listSecrets(page, options),
      (rows) =>
        addAll(
          ids,
          rows.map((secret) => secret.name),
        ),
      options,
    );
  }
  return ids;
}

/** Runs `work` over `items` in order, at most `limit` at once. The first failure stops the rest and is thrown. */
export async function inParallel<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true && !failed; next = queue.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

/** `items` in runs of at most `size`. */
export function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function addAll(set: Set<string>, items: readonly string[]): void {
  for (const item of items) set.add(item);
}

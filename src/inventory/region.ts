import type { BulkResourceType, Kms } from '../aliyun/kms/kms-client.js';
import { tagRecord } from '../aliyun/kms/tag-record.js';
import { inParallel } from '../base/parallel.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { KEY_STATES, readPages, readTagRows } from './pages.js';
import type { Resource } from './resource.js';
import { tagTable } from './tag-table.js';

const NO_TAGS = tagRecord([]);

/**
 * All keys or secrets of a region with names, states and tags, sorted by id. The lists are read whole and joined here,
 * so the cost grows with their pages: for N keys about N/100 requests for ids (by state, which the list does not say),
 * N/100 for aliases and rows/200 for tags; for secrets N/100. Rejects with `RpcError`.
 */
export async function readRegion(
  kms: Kms,
  type: BulkResourceType,
  regionId: string,
  options: CallOptions,
): Promise<readonly Resource[]> {
  const found = type === 'key' ? await readKeys(kms, regionId, options) : await readSecrets(kms, regionId, options);
  return found.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

async function readKeys(kms: Kms, regionId: string, options: CallOptions): Promise<Resource[]> {
  const states = new Map<string, string>();
  const names = new Map<string, string[]>();
  const table = tagTable();
  const readers = [
    ...KEY_STATES.map(
      (state) => () =>
        readPages(
          (page) => kms.listKeys(page, state, options),
          (ids) => {
            for (const id of ids) states.set(id, state);
          },
          options,
        ),
    ),
    () =>
      readPages(
        (page) => kms.listAliases(page, options),
        (rows) => {
          for (const { keyId, alias } of rows) names.set(keyId, [...(names.get(keyId) ?? []), alias].sort());
        },
        options,
      ),
    async () => void (await readTagRows(kms, { type: 'key' }, table.add, options)),
  ];
  await inParallel(readers, readers.length, (read) => read());
  return [...states].map(([id, state]) => ({
    id,
    regionId,
    state,
    names: names.get(id) ?? [],
    tags: table.byId.get(id) ?? NO_TAGS,
  }));
}

async function readSecrets(kms: Kms, regionId: string, options: CallOptions): Promise<Resource[]> {
  const found = new Map<string, Resource>();
  await readPages(
    (page) => kms.listSecrets(page, options),
    (rows) => {
      for (const { name, pendingDeletion, tags } of rows) {
        found.set(name, {
          id: name,
          regionId,
          names: [name],
          state: pendingDeletion ? 'PendingDeletion' : 'Active',
          tags,
        });
      }
    },
    options,
  );
  return [...found.values()];
}

/** Names and states of a few resources, for people to read: what cannot be read stays empty. Never rejects. */
export async function describeResources(
  kms: Kms,
  type: BulkResourceType,
  ids: readonly string[],
  options: CallOptions,
): Promise<ReadonlyMap<string, Pick<Resource, 'names' | 'state'>>> {
  const described = new Map<string, Pick<Resource, 'names' | 'state'>>();
  await inParallel(ids, ids.length, async (id) => {
    if (type === 'secret') {
      const state = await kms.describeSecret(id, options).then(stateOfSecret, () => '');
      described.set(id, { names: [id], state });
      return;
    }
    const [state, names] = await Promise.all([
      kms.describeKey(id, options).then(
        (key) => key.state,
        () => '',
      ),
      kms.listAliasesByKeyId(id, options).then(
        (reply) => [...reply.aliases].sort(),
        () => [],
      ),
    ]);
    described.set(id, { names, state });
  });
  return described;
}

function stateOfSecret({ pendingDeletion }: { readonly pendingDeletion: boolean }): string {
  return pendingDeletion ? 'PendingDeletion' : 'Active';
}

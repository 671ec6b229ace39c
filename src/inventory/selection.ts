import type { BulkResourceType, Kms } from '../aliyun/kms/kms-client.js';
import { type Tags, tagRecord } from '../aliyun/kms/tag-record.js';
import { inParallel } from '../base/parallel.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { RpcError } from '../rpc/rpc-error.js';
import { admitsUntagged, type Condition, meets } from './conditions.js';
import { readResourceIds, readTagRows } from './pages.js';
import { readTagsById, resourceRefusal } from './tag-reader.js';
import { tagTable } from './tag-table.js';

/** Which resources of a region are asked for. */
export type Asked =
  /** By id, alias or ARN of a key; by name or ARN of a secret. */
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'where'; readonly conditions: readonly Condition[] };

/** A selection as it is now. */
export interface SelectionReading {
  readonly selected: ReadonlyMap<string, Tags>;
  /** Others that were seen on the way. */
  readonly others: ReadonlyMap<string, Tags>;
  /** Asked for by name, and not there or not to be read. */
  readonly missing: readonly { readonly id: string; readonly why: string }[];
}

const NO_TAGS = tagRecord([]);
/** So many resources are asked for one by one whether they exist; beyond that the list of all is cheaper. */
const FEW = 20;

/** Reads a selection: every tag of each resource. Rejects with `RpcError`. */
export async function readSelection(
  kms: Kms,
  type: BulkResourceType,
  asked: Asked,
  options: CallOptions,
): Promise<SelectionReading> {
  return asked.kind === 'ids'
    ? readByIds(kms, type, asked.ids, options)
    : readByConditions(kms, type, asked.conditions, options);
}

async function readByConditions(
  kms: Kms,
  type: BulkResourceType,
  conditions: readonly Condition[],
  options: CallOptions,
): Promise<SelectionReading> {
  const table = tagTable();
  const untagged = new Set<string>();
  const readers = [
    async () => void (await readTagRows(kms, { type }, table.add, options)),
    ...(admitsUntagged(conditions)
      ? [
          async () => {
            for (const id of await readResourceIds(kms, type, options)) untagged.add(id);
          },
        ]
      : []),
  ];
  await inParallel(readers, readers.length, (read) => read());
  const selected = new Map<string, Tags>();
  const others = new Map<string, Tags>();
  for (const [id, tags] of table.byId) (meets(tags, conditions) ? selected : others).set(id, tags);
  for (const id of untagged) if (!table.byId.has(id)) selected.set(id, NO_TAGS);
  return { selected, others, missing: [] };
}

async function readByIds(
  kms: Kms,
  type: BulkResourceType,
  asked: readonly string[],
  options: CallOptions,
): Promise<SelectionReading> {
  const missing: { id: string; why: string }[] = [];
  const ids = new Set<string>();
  await inParallel([...new Set(asked)], 8, async (name) => {
    const id = await idOf(kms, type, name, options);
    if (id === undefined) missing.push({ id: name, why: NOT_THERE });
    else ids.add(id);
  });
  const { byId, refused } = await readTagsById(kms, type, [...ids], options);
  for (const [id, code] of refused) missing.push({ id, why: code });
  const untagged = [...ids].filter((id) => !byId.has(id) && !refused.has(id));
  const selected = new Map(byId);
  // A resource without tags and one that does not exist look alike so far.
  const there = await existing(kms, type, untagged, options);
  for (const id of untagged) {
    if (there.has(id)) selected.set(id, NO_TAGS);
    else missing.push({ id, why: NOT_THERE });
  }
  return { selected, others: new Map(), missing };
}

const NOT_THERE = 'is not in this region';

async function existing(
  kms: Kms,
  type: BulkResourceType,
  ids: readonly string[],
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  if (ids.length > FEW) return readResourceIds(kms, type, options);
  const there = new Set<string>();
  await inParallel(ids, 8, async (id) => {
    try {
      await (type === 'key' ? kms.describeKey(id, options) : kms.describeSecret(id, options));
      there.add(id);
    } catch (error) {
      if (resourceRefusal(error) === undefined && !isNoPermission(error)) throw error;
      // Without the permission to look, a resource without tags is taken to be there: nothing is done to it anyway.
      if (isNoPermission(error)) there.add(id);
    }
  });
  return there;
}

function isNoPermission(error: unknown): boolean {
  return (
    error instanceof RpcError &&
    error.failure.kind === 'service' &&
    /NoPermission|Forbidden\.RAM/.test(error.failure.code)
  );
}

/** Whether a key is named by an alias, which may point to another key tomorrow. */
export function isAlias(name: string): boolean {
  return name.startsWith('alias/') || /^acs:kms:[^:]*:[^:]*:alias\//.test(name);
}

/** The key that an alias points to now, or undefined when there is none. Rejects with `RpcError`. */
async function keyOfAlias(kms: Kms, alias: string, options: CallOptions): Promise<string | undefined> {
  try {
    return (await kms.describeKey(alias, options)).keyId;
  } catch (error) {
    if (resourceRefusal(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * The id of a key or the name of a secret. What an ARN names is for KMS to say: an ARN of another account or region ends
 * like one of ours, and must not be taken for it. Undefined when there is none here. Rejects with `RpcError`.
 */
async function idOf(kms: Kms, type: BulkResourceType, name: string, options: CallOptions): Promise<string | undefined> {
  const isArn = name.startsWith('acs:');
  if (type === 'key') return isArn || isAlias(name) ? keyOfAlias(kms, name, options) : name;
  if (!isArn) return name;
  try {
    await kms.describeSecret(name, options);
  } catch (error) {
    if (resourceRefusal(error) === undefined) throw error;
    return undefined;
  }
  return /^acs:kms:[^:]*:[^:]*:secret\/(.+)$/s.exec(name)?.[1];
}

import { randomBytes } from 'node:crypto';
import type { BulkResourceType, Kms } from '../aliyun/kms/kms-client.js';
import { MAX_RESOURCES_PER_REQUEST } from '../aliyun/kms/limits.js';
import { QUOTAS } from '../aliyun/kms/quota.js';
import type { Account } from '../aliyun/sts/account.js';
import type { Clock } from '../base/clock.js';
import { describeResources } from '../inventory/region.js';
import { readRegions, type UnreadRegion } from '../inventory/regions.js';
import type { Resource } from '../inventory/resource.js';
import { type Asked, readSelection } from '../inventory/selection.js';
import type { ItemGroup } from '../journal/change.js';
import type { Operations, StoredPlan } from '../journal/plan.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { type NearMiss, nearMissFinder } from './near-misses.js';
import type { LeftOutKey } from './operations.js';
import { type Planned, planOperations, type Selected, type ValueChange, valueChanges } from './plan.js';
import { resourcesOf } from './run-result.js';
import { sentenceOf } from './sentence.js';

/** Plans are good for this long. */
export const PLAN_TTL_MS = 10 * 60_000;
/** Resources that a plan shows one by one. */
const SHOWN_ROWS = 20;
const SHOWN_NEAR_MISSES = 10;

export interface PlanRequest {
  readonly kmsOf: (regionId: string) => Kms;
  readonly regionIds: readonly string[];
  readonly type: BulkResourceType;
  readonly asked: Asked;
  /** Without what is protected. */
  readonly operations: Operations;
  readonly leftOutKeys: readonly LeftOutKey[];
  readonly account: (options: CallOptions) => Promise<Account>;
  readonly subject: string | undefined;
  readonly options: CallOptions & { readonly deadline: number };
  readonly clock: Clock;
}

/** A resource of a plan, for people to read. */
export interface PlanRow extends Pick<Resource, 'id' | 'regionId' | 'names' | 'state'> {
  readonly tags: readonly ValueChange[];
}

/** A plan with what it shows. */
export interface PlanReport {
  readonly plan: StoredPlan;
  readonly selected: number;
  readonly rows: readonly PlanRow[];
  /** Most frequent first. */
  readonly values: readonly ValueChange[];
  readonly leftOut: readonly { readonly id: string; readonly why: string }[];
  readonly leftOutKeys: readonly LeftOutKey[];
  /** Not part of the plan, and nearly what was asked for. */
  readonly missed: NearMissList;
  /** Part of the plan, and nearly what was to be kept out of it. */
  readonly nearlyKeptOut: NearMissList;
  readonly notRestorable: Planned['notRestorable'];
  /** Write requests that applying takes, and seconds, at the quota. */
  readonly requests: number;
  readonly seconds: number;
  readonly unreadRegions: readonly UnreadRegion[];
}

/** Reads a selection and plans operations on it; nothing is changed or kept. Rejects with `RpcError`. */
export async function makePlan(request: PlanRequest): Promise<PlanReport> {
  const { kmsOf, regionIds, type, asked, operations, options, clock } = request;
  const conditions = asked.kind === 'where' ? asked.conditions : [];
  const [account, { read, unread }] = await Promise.all([
    request.account(options),
    readRegions(regionIds, options, clock.elapsed, (regionId, limited) =>
      readSelection(kmsOf(regionId), type, asked, limited),
    ),
  ]);

  const finder = nearMissFinder(operations, conditions);
  const missed = nearMissList();
  const nearlyKeptOut = nearMissList();
  const selected: Selected[] = [];
  const missing: { id: string; why: string }[] = [];
  for (const [regionId, reading] of read) {
    for (const [id, tags] of reading.selected) selected.push({ id, regionId, tags });
    for (const [id, tags] of reading.others) missed.add(finder.find(id, tags));
    missing.push(...reading.missing);
  }
  const planned = planOperations(selected, operations, conditions);
  const concerned = new Set(planned.groups.flatMap(({ regionId, ids }) => ids.map((id) => `${regionId} ${id}`)));
  for (const { id, regionId, tags } of selected) {
    if (concerned.has(`${regionId} ${id}`)) nearlyKeptOut.add(finder.findPlanned(id, tags));
    else missed.add(finder.find(id, tags));
  }

  const plan = newPlan(request, account, planned.groups);
  return {
    plan,
    selected: selected.length,
    rows: await rowsOf(planned.groups, request),
    values: planned.values,
    leftOut: [...missing, ...planned.leftOut],
    leftOutKeys: request.leftOutKeys,
    missed,
    nearlyKeptOut,
    notRestorable: planned.notRestorable,
    ...costOf(planned.groups),
    unreadRegions: unread,
  };
}

function newPlan(
  { type, asked, operations, subject, clock }: PlanRequest,
  account: Account,
  groups: readonly ItemGroup[],
) {
  return planOf({
    resourceType: type,
    operations,
    selection: asked.kind === 'where' ? asked : { kind: 'ids' },
    account,
    subject,
    groups,
    now: clock.now(),
  });
}

/** A plan for what time was too short for: its own sentence, its own id. */
export function planForRest(plan: StoredPlan, groups: readonly ItemGroup[], now: number): StoredPlan {
  return planOf({ ...plan, groups, now });
}

function planOf(
  parts: Pick<StoredPlan, 'resourceType' | 'operations' | 'selection' | 'account' | 'subject' | 'groups'> & {
    readonly now: number;
  },
): StoredPlan {
  const { resourceType, operations, selection, account, subject, groups, now } = parts;
  const regions = new Map<string, number>();
  for (const { regionId, ids } of groups) regions.set(regionId, (regions.get(regionId) ?? 0) + ids.length);
  const ids = groups.flatMap((group) => group.ids.slice(0, 6)).slice(0, 6);
  return {
    planId: `p-${randomBytes(12).toString('base64url')}`,
    sentence: sentenceOf({ operations, selection, resourceType, regions, ids, account }),
    expiresAt: new Date(now + PLAN_TTL_MS).toISOString(),
    resourceType,
    resources: resourcesOf(groups),
    operations,
    selection,
    account,
    subject,
    groups,
  };
}

/** The first of many, and their number. */
export interface NearMissList {
  readonly shown: readonly NearMiss[];
  readonly count: number;
}

function nearMissList(): NearMissList & { add(miss: NearMiss | undefined): void } {
  const shown: NearMiss[] = [];
  let count = 0;
  return {
    shown,
    get count() {
      return count;
    },
    add(miss) {
      if (miss === undefined) return;
      count += 1;
      if (shown.length < SHOWN_NEAR_MISSES) shown.push(miss);
    },
  };
}

async function rowsOf(
  groups: readonly ItemGroup[],
  { kmsOf, type, options }: Pick<PlanRequest, 'kmsOf' | 'type' | 'options'>,
): Promise<readonly PlanRow[]> {
  const shown: { id: string; group: ItemGroup }[] = [];
  for (const group of groups) {
    for (const id of group.ids.slice(0, SHOWN_ROWS - shown.length)) shown.push({ id, group });
    if (shown.length === SHOWN_ROWS) break;
  }
  const regionIds = [...new Set(shown.map(({ group }) => group.regionId))];
  const described = await Promise.all(
    regionIds.map(async (regionId) => {
      const ids = shown.filter(({ group }) => group.regionId === regionId).map(({ id }) => id);
      return [regionId, await describeResources(kmsOf(regionId), type, ids, options)] as const;
    }),
  );
  const byRegion = new Map(described);
  return shown.map(({ id, group }) => {
    const known = byRegion.get(group.regionId)?.get(id);
    const tags = valueChanges({ ...group, ids: [id] });
    return { id, regionId: group.regionId, names: known?.names ?? [], state: known?.state ?? '', tags };
  });
}

/** What applying takes: the slowest region sets the time. */
function costOf(groups: readonly ItemGroup[]): { readonly requests: number; readonly seconds: number } {
  const writes = new Map<string, number>();
  const settings = new Map<string, { regionId: string; resources: number }>();
  const removals = new Map<string, number>();
  for (const { regionId, ids, after } of groups) {
    const pairs = Object.entries(after).filter(([, value]) => value !== null);
    const name = `${regionId}${JSON.stringify(pairs)}`;
    const known = settings.get(name)?.resources ?? 0;
    if (pairs.length > 0) settings.set(name, { regionId, resources: known + ids.length });
    if (pairs.length < Object.keys(after).length) removals.set(regionId, (removals.get(regionId) ?? 0) + ids.length);
  }
  const add = (regionId: string, resources: number): void => {
    writes.set(regionId, (writes.get(regionId) ?? 0) + Math.ceil(resources / MAX_RESOURCES_PER_REQUEST));
  };
  for (const { regionId, resources } of settings.values()) add(regionId, resources);
  for (const [regionId, resources] of removals) add(regionId, resources);
  const all = [...writes.values()];
  return {
    requests: all.reduce((sum, count) => sum + count, 0),
    seconds: Math.ceil(Math.max(0, ...all) / QUOTAS.write),
  };
}

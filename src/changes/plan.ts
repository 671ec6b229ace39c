import { isSettable } from '../aliyun/kms/limits.js';
import type { Tags } from '../aliyun/kms/tag-record.js';
import type { Condition } from '../inventory/conditions.js';
import type { ItemGroup } from '../journal/change.js';
import type { Operations } from '../journal/plan.js';
import { stateName, statesOf, type TagStates, tagStates } from '../journal/tag-states.js';
import { effectOf, keysOf } from './operations.js';

/** A resource that was selected, with all its tags. */
export interface Selected {
  readonly id: string;
  readonly regionId: string;
  readonly tags: Tags;
}

/** A value that goes, comes or is overwritten, and on how many resources. `undefined`: the tag is not there. */
export interface ValueChange {
  readonly key: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly resources: number;
}

/** What operations come to on a selection. */
export interface Planned {
  /** Resources that would be changed, alike ones together; `before` holds every tag that the plan depends on. */
  readonly groups: readonly ItemGroup[];
  /** Most frequent first. */
  readonly values: readonly ValueChange[];
  readonly leftOut: readonly { readonly id: string; readonly why: string }[];
  /** Tags that go and that KMS would not take back. */
  readonly notRestorable: readonly { readonly id: string; readonly key: string; readonly value: string }[];
}

/** Plans operations on resources as they were read. Pure: nothing is sent, nothing is kept. */
export function planOperations(
  selected: Iterable<Selected>,
  operations: Operations,
  conditions: readonly Condition[],
): Planned {
  const seenKeys = [...new Set([...keysOf(operations), ...conditions.map(({ key }) => key)])];
  const groups = new Map<string, ItemGroup & { readonly ids: string[] }>();
  const values = new Map<string, ValueChange>();
  const leftOut: { id: string; why: string }[] = [];
  const notRestorable: { id: string; key: string; value: string }[] = [];
  for (const { id, regionId, tags } of selected) {
    // What has no UTF-8 form cannot be named in a request; it comes from the service, escaped in its JSON.
    if (!id.isWellFormed()) {
      leftOut.push({ id, why: 'has a name that cannot be sent (invalid Unicode)' });
      continue;
    }
    const effect = effectOf(tags, operations);
    if (effect.kind === 'left out') leftOut.push({ id, why: effect.why });
    if (effect.kind !== 'change') continue;
    const before = statesOf(tags, seenKeys);
    const name = `${regionId}${stateName(effect.after)}${stateName(before)}`;
    const group = groups.get(name) ?? { regionId, ids: [], before, after: effect.after };
    group.ids.push(id);
    groups.set(name, group);
  }
  for (const group of groups.values()) {
    for (const change of valueChanges(group)) {
      const name = JSON.stringify([change.key, change.before, change.after]);
      values.set(name, { ...change, resources: change.resources + (values.get(name)?.resources ?? 0) });
      const { key, before } = change;
      if (before !== undefined && !isSettable(key, before)) {
        for (const id of group.ids) notRestorable.push({ id, key, value: before });
      }
    }
  }
  return {
    // Alike wanted states beside each other, so that requests are full.
    groups: [...groups.values()].sort((a, b) => compare(stateName(a.after), stateName(b.after))),
    values: [...values.values()].sort((a, b) => b.resources - a.resources),
    leftOut,
    notRestorable,
  };
}

/** How each tag of a group changes. */
export function valueChanges({ ids, before, after }: ItemGroup): ValueChange[] {
  return Object.entries(after).map(([key, value]) => ({
    key,
    before: before?.[key] ?? undefined,
    after: value ?? undefined,
    resources: ids.length,
  }));
}

/** The states of only those keys that change. */
export function changedStates({ before, after }: Pick<ItemGroup, 'before' | 'after'>): TagStates | undefined {
  if (before === undefined) return undefined;
  return tagStates(Object.keys(after).map((key) => [key, before[key] ?? null]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

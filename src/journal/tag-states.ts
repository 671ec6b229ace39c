/** State of some tag keys: a value, or `null` for absent. No prototype, so any key is safe. */
export type TagStates = Readonly<Record<string, string | null>>;

/** Builds `TagStates` from pairs. */
export function tagStates(pairs: Iterable<readonly [key: string, value: string | null]>): TagStates {
  const states: Record<string, string | null> = Object.create(null);
  for (const [key, value] of pairs) states[key] = value;
  return states;
}

/** States of `keys` among tags, given as a record or a map. */
export function statesOf(tags: Readonly<Record<string, string>>, keys: Iterable<string>): TagStates {
  const pairs: [string, string | null][] = [];
  for (const key of keys) pairs.push([key, Object.hasOwn(tags, key) ? (tags[key] ?? null) : null]);
  return tagStates(pairs);
}

/** Equal for equal states, whatever the order in which they were written. */
export function stateName(states: TagStates): string {
  return JSON.stringify(Object.entries(states).sort(([a], [b]) => (a < b ? -1 : 1)));
}

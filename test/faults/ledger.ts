import { type Place, type State, type TagMap, valueIn } from './account.js';

/** One tag that became another. */
export interface Entry {
  readonly who: 'server' | 'colleague';
  readonly place: string;
  readonly key: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** All that happened to the tags of an account, as the account itself showed it. */
export interface Ledger {
  readonly initial: State;
  readonly entries: readonly Entry[];
  note(who: Entry['who'], place: Place, before: TagMap, after: TagMap): void;
  /** Every value that a tag has ever had. */
  everAt(place: string, key: string): ReadonlySet<string | undefined>;
  isColleagues(place: string, key: string): boolean;
}

export function createLedger(initial: State): Ledger {
  const entries: Entry[] = [];
  const colleagues = new Set<string>();
  return {
    initial,
    entries,
    note(who, { name }, before, after) {
      for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
        const from = valueIn(before, key);
        const to = valueIn(after, key);
        if (from === to) continue;
        entries.push({ who, place: name, key, from, to });
        if (who === 'colleague') colleagues.add(`${name} ${key}`);
      }
    },
    everAt(place, key) {
      const values = new Set([valueIn(initial.get(place), key)]);
      for (const entry of entries) if (entry.place === place && entry.key === key) values.add(entry.to);
      return values;
    },
    isColleagues: (place, key) => colleagues.has(`${place} ${key}`),
  };
}

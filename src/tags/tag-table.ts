import type { TagRow } from '../kms/kms-client.js';
import { type Tags, tagRecord } from '../kms/tag-record.js';

/**
 * Some tags of very many resources, in little memory: resources whose tags are alike share one record, and equal
 * strings are kept once.
 */
export class TagTable {
  readonly #wanted: ReadonlySet<string>;
  readonly #byId = new Map<string, Tags>();
  readonly #records = new Map<string, Tags>();

  /** Only rows with one of these keys are kept. */
  constructor(keys: readonly string[]) {
    this.#wanted = new Set(keys);
  }

  add({ resourceId, key, value }: TagRow): void {
    if (!this.#wanted.has(key)) return;
    const known = this.#byId.get(resourceId);
    const pairs = new Map(Object.entries(known ?? {}));
    pairs.set(key, value);
    const sorted = [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
    const name = JSON.stringify(sorted);
    const record = this.#records.get(name) ?? tagRecord(sorted);
    this.#records.set(name, record);
    this.#byId.set(resourceId, record);
  }

  /** Undefined when the resource carries none of the keys. */
  tagsOf(resourceId: string): Tags | undefined {
    return this.#byId.get(resourceId);
  }
}

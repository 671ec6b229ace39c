/** The aliases of one region, each of which names one key. All names begin with `alias/`. */
export interface AliasBook {
  /** In order of creation. */
  readonly all: readonly Alias[];
  /** The id of the key that an alias names. */
  find(name: string): string | undefined;
  /** The aliases of one key, in order of creation. */
  of(keyId: string): readonly string[];
  /** Creates an alias, or points one that is there to another key. */
  set(name: string, keyId: string): void;
  remove(name: string): void;
}

export interface Alias {
  readonly name: string;
  readonly keyId: string;
}

export function createAliasBook(aliases: readonly Alias[]): AliasBook {
  const keyIds = new Map<string, string>();
  const names = new Map<string, string[]>();
  let all: readonly Alias[] | undefined;
  const add = (name: string, keyId: string) => {
    keyIds.set(name, keyId);
    names.set(keyId, [...(names.get(keyId) ?? []), name]);
  };
  const detach = (name: string) => {
    const keyId = keyIds.get(name) ?? '';
    const left = (names.get(keyId) ?? []).filter((other) => other !== name);
    if (left.length > 0) {
      names.set(keyId, left);
    } else {
      names.delete(keyId);
    }
  };
  for (const { name, keyId } of aliases) {
    add(name, keyId);
  }
  return {
    get all() {
      all ??= [...keyIds].map(([name, keyId]) => ({ name, keyId }));
      return all;
    },
    find: (name) => keyIds.get(name),
    of: (keyId) => names.get(keyId) ?? [],
    set(name, keyId) {
      detach(name);
      add(name, keyId);
      all = undefined;
    },
    remove(name) {
      detach(name);
      keyIds.delete(name);
      all = undefined;
    },
  };
}

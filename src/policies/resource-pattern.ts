import type { AffectedResource } from './finding.js';
import type { Patterns } from './statement.js';
import { matchesWildcard, wildcardMatcher } from './wildcard.js';

/** Whether a statement is about a resource; `maybe` where its pattern or the resource's name leaves it open. */
export type Match = 'yes' | 'no' | 'maybe';

/** The patterns of one statement. */
export interface ResourceMatcher {
  /** The answer for every resource of a type and region, when the patterns make no difference between them. */
  forAll(resource: Pick<AffectedResource, 'type' | 'regionId'>): Match | undefined;
  forOne(resource: AffectedResource): Match;
}

/**
 * Resources are `acs:kms:<region>:<account>:key/<id>`, `…:alias/<alias>`, `…:secret/<name>`, `…:certificate/<id>`; a key
 * may be called by its id or by any of its aliases, and matches when one of these names does. Without `accountId`, a
 * pattern matches whatever account it names. Case counts.
 * Source: https://www.alibabacloud.com/help/en/kms/key-management-service/support/use-ram-to-control-access-to-kms-resources
 */
export function resourceMatcher({ not, patterns }: Patterns, accountId: string | undefined): ResourceMatcher {
  const all = accountId === undefined ? patterns.map(withAnyAccount) : patterns;
  const plain = all.filter((pattern) => !VARIABLE.test(pattern));
  // A variable may come to anything.
  const open = all.filter((pattern) => VARIABLE.test(pattern)).map((pattern) => pattern.replaceAll(VARIABLES, '*'));
  const [isPlain, isOpen] = [plain.map(wildcardMatcher), open.map(wildcardMatcher)];
  const prefixOf = ({ regionId }: Pick<AffectedResource, 'regionId'>): string =>
    `acs:kms:${regionId}:${accountId ?? ''}:`;

  return {
    forAll(resource) {
      // A pattern that ends with `*` and matches what all their names begin with matches all of them.
      const begin = `${prefixOf(resource)}${resource.type}/`;
      const covers = plain.some((pattern) => pattern.endsWith('*') && matchesWildcard(pattern, begin));
      if (not) return covers && resource.type !== 'key' ? 'no' : undefined;
      return covers ? 'yes' : undefined;
    },
    forOne(resource) {
      const prefix = prefixOf(resource);
      const names = namesOf(resource, prefix);
      const matching = (list: readonly ((name: string) => boolean)[]): number =>
        names.filter((name) => list.some((matches) => matches(name))).length;
      // The id behind an alias is not known: a pattern for one key may mean this one.
      const unknownId = isAlias(resource) && all.some((pattern) => pattern.includes('key/'));
      if (not) {
        // A name that is left out of the exceptions is enough: the key can be called by it.
        if (matching(isPlain) === names.length) return unknownId ? 'maybe' : 'no';
        return unknownId || matching([...isPlain, ...isOpen]) === names.length ? 'maybe' : 'yes';
      }
      if (matching(isPlain) > 0) return 'yes';
      return unknownId || matching(isOpen) > 0 ? 'maybe' : 'no';
    },
  };
}

const VARIABLE = /\$\{[^}]*\}/;
const VARIABLES = /\$\{[^}]*\}/g;

function withAnyAccount(pattern: string): string {
  return pattern.replace(/^((?:[^:]*:){3})[^:]*(?=:)/, '$1*');
}

function isAlias({ type, id }: AffectedResource): boolean {
  return type === 'key' && /^(acs:[^/]*:)?alias\//.test(id);
}

function namesOf({ type, id, aliases }: AffectedResource, prefix: string): readonly string[] {
  const own = id.startsWith('acs:') ? id : `${prefix}${id.startsWith('alias/') ? '' : `${type}/`}${id}`;
  const others = aliases.map((alias) => `${prefix}${alias.startsWith('alias/') ? '' : 'alias/'}${alias}`);
  return [own, ...others.filter((name) => name !== own)];
}

import { quoteList } from '../base/quote.js';
import { TagsError } from '../base/tags-error.js';

/** Tag keys that must be left alone. */
export interface Protection {
  /** Those of `keys` that `--protect` names. */
  protectedOf(keys: readonly string[]): readonly string[];
  /** Throws `PROTECTED_TAG` if any of `keys` is protected. */
  refuse(keys: readonly string[]): void;
}

/** `patterns` are tag keys, a trailing `*` stands for any ending. Case counts, as it does in KMS. */
export function tagProtection(patterns: readonly string[]): Protection {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  const isProtected = (key: string): boolean => exact.has(key) || prefixes.some((prefix) => key.startsWith(prefix));
  const protectedOf = (keys: readonly string[]): readonly string[] => keys.filter(isProtected);
  return {
    protectedOf,
    refuse(keys) {
      const found = protectedOf(keys);
      if (found.length === 0) return;
      const text = `The operator of this server protects ${quoteList(found)}: such tags are never removed or overwritten.`;
      throw new TagsError('PROTECTED_TAG', text, 'Leave the protected keys out, or ask the operator.');
    },
  };
}

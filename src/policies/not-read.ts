import { quoteCode } from '../base/quote.js';

/** What the reader asks for, as it stands in a sentence. */
export type Part =
  | 'RAM policies'
  | 'users, groups and roles that RAM policies are attached to'
  | 'attachments in resource groups'
  | 'KMS instances'
  | 'keys and secrets in KMS instances'
  | 'key policies'
  | 'secret policies';

/** Something that the check did not see, and why: to be said with its findings, also when there are none. */
export type NotRead =
  /** `action` is the RAM action that would allow it. */
  | { readonly why: 'no permission'; readonly part: Part; readonly action: string; readonly count: number }
  | { readonly why: 'time ran out'; readonly part: Part; readonly count: number }
  /** `code` is the service's, or one of ours. */
  | { readonly why: 'failed'; readonly part: Part; readonly code: string; readonly count: number }
  /** These keys and secrets have no policy of their own, since only a KMS instance gives them one. */
  | { readonly why: 'not in a KMS instance'; readonly count: number }
  /** They are known by an alias, which the policy operations do not take. */
  | { readonly why: 'alias only'; readonly count: number }
  /** No document says that their tags decide access. */
  | { readonly why: 'not documented'; readonly type: 'secret' | 'certificate'; readonly count: number }
  /** What this account cannot read, or what is left out always. */
  | { readonly why: 'out of reach'; readonly what: OutOfReach };

export type OutOfReach =
  | 'attachments in resource groups'
  | 'system policies'
  | 'policies of other accounts'
  | 'session and control policies';

/** Left out of every check. */
export const ALWAYS_OUT_OF_REACH: readonly NotRead[] = (
  ['policies of other accounts', 'session and control policies', 'system policies'] as const
).map((what) => ({ why: 'out of reach', what }));

/** One line of what was not read. */
export function notReadText(entry: NotRead): string {
  switch (entry.why) {
    case 'no permission':
      return `${entry.part}: no permission for ${requests(entry.count)}; ${entry.action} would allow it`;
    case 'time ran out':
      return `${entry.part}: time ran out before ${requests(entry.count)}`;
    case 'failed':
      return `${entry.part}: ${requests(entry.count)} failed (${quoteCode(entry.code)})`;
    case 'not in a KMS instance':
      return `${resources(entry.count)} not in a KMS instance, and so without a policy of ${entry.count === 1 ? 'its' : 'their'} own`;
    case 'alias only':
      return `the key policies of ${resources(entry.count)} known by an alias only`;
    case 'not documented':
      return `tags of ${entry.count} ${entry.type}${entry.count === 1 ? '' : 's'}: no document says that they decide access`;
    case 'out of reach':
      return OUT_OF_REACH[entry.what];
  }
}

const OUT_OF_REACH: Readonly<Record<OutOfReach, string>> = {
  'attachments in resource groups': 'attachments of policies in single resource groups',
  'system policies': 'system policies, whose conditions read tags that Alibaba Cloud sets',
  'policies of other accounts': 'policies of other accounts',
  'session and control policies': 'session policies and control policies',
};

function requests(count: number): string {
  return count === 1 ? 'one request' : `${count} requests`;
}

function resources(count: number): string {
  return count === 1 ? 'one resource that is' : `${count} resources that are`;
}

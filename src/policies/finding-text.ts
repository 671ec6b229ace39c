import { quote } from '../base/quote.js';
import type { Finding, FindingDoubt } from './finding.js';
import { OPERATORS } from './operators.js';
import type { Attachment } from './source.js';
import type { Condition } from './statement.js';

/** Longest text of others within a finding, in characters, and most items of a list. */
const CAP = 80;
const MOST_ITEMS = 5;

const POLICIES = { ram: 'RAM policy', key: 'policy of key', secret: 'policy of secret' } as const;

const DOUBTS: Readonly<Record<FindingDoubt, string>> = {
  'negated operator on an absent tag': 'whether a negated operator matches a tag that is not there is not documented',
  'negated operator with several values': 'how a negated operator takes several values is not documented',
  'acs:ResourceTag': 'whether KMS honours acs:ResourceTag is not documented',
  'policy variable': 'it depends on a policy variable',
  'unknown operator': 'its operator is not one that RAM documents',
  'letter case of the condition key': 'whether letter case counts in the condition key is not documented',
  'value that is not of the type of its operator': 'a value is not of the type of its operator',
  'actions without documented effect': 'the condition has no documented effect on these actions',
  'tags of secrets and certificates': 'no document says that tags of secrets and certificates decide access',
  'resource pattern': 'its Resource may or may not name this resource',
  'too much to evaluate': 'there were too many statements and values to evaluate them all',
};

/**
 * One finding in one line: what would become of the statement, of which policy, whom it is attached to, on which
 * resources. Names, Sid, actions, conditions are other people's text: each is quoted and cut.
 */
export function findingText({ kind, doubts, policy, sid, effect, actions, ...rest }: Finding): string {
  const { conditions, alsoRequires, attachedTo, resources } = rest;
  const statement = sid === undefined ? 'a statement without Sid' : `statement ${quote(sid, CAP)}`;
  const what = `${effect} ${actions.not ? 'everything but ' : ''}${list(actions.patterns.map(short))}`;
  const when = conditions.length === 0 ? '' : ` when ${list(conditions.map(conditionText), ' and ')}`;
  const also =
    alsoRequires.length === 0 ? '' : `, which also requires ${list(alsoRequires.map(conditionText), ' and ')}`;
  const examples = list(
    resources.examples.map(({ id }) => short(id)),
    ', ',
    resources.count,
  );
  const why = doubts.length === 0 ? '' : ` (${doubts.map((doubt) => DOUBTS[doubt]).join('; ')})`;
  return `${kind}${why}: ${POLICIES[policy.kind]} ${short(policy.name)}, ${statement}: ${what}${when}${also}; ${attachmentsText(attachedTo)}; concerns ${examples}`;
}

function attachmentsText(attachedTo: readonly Attachment[] | undefined): string {
  if (attachedTo === undefined) return 'whom it is attached to could not be read';
  if (attachedTo.length === 0) return 'it names nobody';
  const names = attachedTo.map(({ type, name, resourceGroupId }) => {
    const within = resourceGroupId === undefined ? '' : ` in resource group ${short(resourceGroupId)}`;
    return `${type} ${short(name)}${within}`;
  });
  return `for ${list(names)}`;
}

function conditionText({ operator, key, values }: Condition): string {
  const name = OPERATORS.has(operator) ? operator : short(operator);
  return `${name} ${short(key)} ${list(values.map(short), ' or ')}`;
}

function short(text: string): string {
  return quote(text, CAP);
}

/** At most a few items; `total` where there are more than those at hand. */
function list(items: readonly string[], separator = ', ', total = items.length): string {
  const shown = items.slice(0, MOST_ITEMS);
  const rest = total - shown.length;
  return rest > 0 ? `${shown.join(separator)} and ${rest} more` : shown.join(separator);
}

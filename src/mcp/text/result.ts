import { hintFor } from '../../aliyun/kms/error-hints.js';
import { quote } from '../../base/quote.js';
import { TagsError } from '../../base/tags-error.js';
import { causeCode } from '../../changes/failure-code.js';

/** The one fact about tags in KMS that surprises people: in every plan, question and change. */
export const KMS_TAG_LINE =
  'A kms:tag condition in a RAM, key or secret policy can make a tag decide who may use the resource.';

/** Of a run, continuing a number of resources. */
export const WITHHELD = 'whose old tags were left beside the new ones';

/** `"owner"="alice", "env"="dev"`, at most `most` of them, then "and N more". Never empty. */
export function tagText(tags: Readonly<Record<string, string>>, most = 20): string {
  return pairText(Object.entries(tags), most);
}

/** As `tagText`, for tags of several resources: a key can be there with several values. */
export function pairText(pairs: readonly (readonly [key: string, value: string])[], most = 20): string {
  if (pairs.length === 0) return 'no tags';
  const shown = pairs.slice(0, most).map(([key, value]) => `${quote(key)}=${quote(value, 256)}`);
  const rest = pairs.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/**
 * Characters of JSON that a list in a result may take, where no larger page was asked for: with the rest of the result
 * around it less than 1,500 tokens. The lines of the text are shorter than that.
 */
export const ROOM = 3_900;

/** The first of `items` that `room` characters of JSON hold; at least one. */
export function fitting<Item>(items: readonly Item[], room: number): Item[] {
  let left = room;
  const cut = items.findIndex((item, index) => {
    left -= JSON.stringify(item).length + 1;
    return left <= 0 && index > 0;
  });
  return items.slice(0, cut < 0 ? items.length : cut);
}

/** `a; b; c and 4 more`. */
export function someOf(texts: readonly string[], count: number): string {
  const rest = count - texts.length;
  return rest > 0 ? `${texts.join('; ')} and ${rest.toLocaleString('en')} more` : texts.join('; ');
}

/** How to undo a change. */
export function undoText(changeId: string): string {
  return `To undo: call undo_change with ChangeId ${changeId}.`;
}

/** `1 key`, `3,000 keys`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** Why a run ended early, and what to do about it. Empty where only time ran out. */
export function causeText(cause: unknown): string {
  if (cause === undefined) return '';
  const code = causeCode(cause);
  return ` It ended early: ${code}. ${cause instanceof TagsError ? cause.next : hintFor(code)}`;
}

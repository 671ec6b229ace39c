import { quote } from '../../base/quote.js';

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

/** The text of a long list stays below so many characters, whatever other people’s text is in it. */
export const MAX_TEXT = 10_000;

/** As many `lines` as `room` characters hold, the first ones; then how many more there are, and what to do. */
export function fitLines(lines: readonly string[], room: number, advice: string): string {
  const more = (left: number): string => `and ${left} more ${advice}`;
  let left = room - more(lines.length).length;
  const cut = lines.findIndex((line) => {
    left -= line.length + 1;
    return left <= 0;
  });
  return cut < 0 ? lines.join('\n') : [...lines.slice(0, cut), more(lines.length - cut)].join('\n');
}

/** How to take a change back. */
export function undoText(changeId: string): string {
  return `To take it back: undo_change with ChangeId ${changeId}.`;
}

/** `1 key`, `3 keys`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

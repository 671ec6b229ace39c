import leven from 'leven';

/** Longer texts are no typos of one another in any way that a person would see. */
const LONGEST = 64;

/**
 * Whether two different tag keys or values look like spellings of one another: equal but for case, punctuation or the
 * order of letters, or one letter apart (two, where there are five or more). Digits that differ make a difference:
 * `cc-1001` and `cc-1002` are two things.
 */
export function isAlike(a: string, b: string): boolean {
  if (a === b || a.length > LONGEST || b.length > LONGEST) return false;
  const [left, right] = [plainForm(a), plainForm(b)];
  if (left === right) return true;
  if (digitsOf(left) !== digitsOf(right)) return false;
  const shorter = Math.min(left.length, right.length);
  if (shorter < 3) return false;
  const most = shorter < 5 ? 1 : 2;
  if (Math.abs(left.length - right.length) > most) return false;
  return leven(left, right, { maxDistance: most + 1 }) <= most || lettersOf(left) === lettersOf(right);
}

/** Pairs that look alike, among the most frequent of `names`; those with more resources come first. */
export function alikePairs(
  names: ReadonlyMap<string, number>,
): { readonly a: string; readonly b: string; readonly resourcesA: number; readonly resourcesB: number }[] {
  const frequent = [...names].sort(([, a], [, b]) => b - a).slice(0, MOST_COMPARED);
  return frequent.flatMap(([a, resourcesA], index) =>
    frequent.slice(index + 1).flatMap(([b, resourcesB]) => (isAlike(a, b) ? [{ a, b, resourcesA, resourcesB }] : [])),
  );
}

/** Every pair is compared, so the number is bounded: half a million comparisons take a quarter of a second. */
const MOST_COMPARED = 1_000;

function plainForm(text: string): string {
  return text.toLowerCase().replace(/[\s_\-.:/]+/g, '');
}

function digitsOf(text: string): string {
  return text.replace(/\D+/g, ' ').trim();
}

function lettersOf(text: string): string {
  return [...text].sort().join('');
}

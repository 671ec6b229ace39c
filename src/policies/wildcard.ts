/**
 * Whether `text` matches `pattern`, in which `*` stands for any characters and `?` for one. Case counts. Takes time in
 * the length of both at most, whatever the pattern: a regular expression made of other people's text would not.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let position = 0; position < text.length; ) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at;
      resume = position;
      at += 1;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[position])) {
      at += 1;
      position += 1;
    } else if (star !== -1) {
      // The last star takes one character more.
      at = star + 1;
      resume += 1;
      position = resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

/** `matchesWildcard` for a pattern that many texts are held against: what comes before and after its wildcards is looked at first. */
export function wildcardMatcher(pattern: string): (text: string) => boolean {
  const first = pattern.search(/[*?]/);
  if (first === -1) return (text) => text === pattern;
  const begin = pattern.slice(0, first);
  const end = pattern.slice(Math.max(pattern.lastIndexOf('*'), pattern.lastIndexOf('?')) + 1);
  return (text) => text.endsWith(end) && text.startsWith(begin) && matchesWildcard(pattern, text);
}

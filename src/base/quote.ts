/**
 * Other people's text, made fit to stand in a message: control, bidirectional and zero-width characters and lone
 * surrogates are taken out, the rest is cut at `cap` characters and put in JSON quotes, so that it cannot pass for
 * our own words.
 */
export function quote(text: string, cap = 160): string {
  return JSON.stringify(plain(text, cap));
}

/** As `quote`, without the quotes: for text that stands alone, such as an error message of the service. */
export function plain(text: string, cap = 300): string {
  const clean = text.toWellFormed().replace(INVISIBLE, ' ');
  const characters = [...clean];
  return characters.length <= cap ? clean : `${characters.slice(0, cap).join('')}…`;
}

/** A code or a RequestId of the service: as it is when it looks like one, else quoted like any text of others. */
export function quoteCode(text: string): string {
  return /^[\w.-]{1,80}$/.test(text) ? text : quote(text, 80);
}

/**
 * Controls, format characters (bidirectional marks, zero-width, soft hyphen, tags), line and paragraph separators, and
 * letters that show nothing: Hangul fillers, the Braille blank, the combining grapheme joiner, Khmer inherent vowels.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Variation_Selector}\p{Default_Ignorable_Code_Point}\u2800\u115f\u1160\u3164\uffa0]+/gu;

/** `items` quoted and joined, at most `most` of them, then "and N more". */
export function quoteList(items: readonly string[], most = 20): string {
  const shown = items.slice(0, most).map((item) => quote(item));
  const rest = items.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/**
 * Percent-encodes a string the way Alibaba Cloud signatures expect: UTF-8, `A-Z a-z 0-9 - _ . ~` kept,
 * every other byte `%XX` in upper case, a space as `%20`.
 *
 * `encodeURIComponent` leaves five characters alone that the rule encodes.
 * Throws `URIError` for a lone surrogate; callers validate text before it comes here.
 * Source: https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism
 */
export function percentEncode(text: string): string {
  const encoded = encodeURIComponent(text);
  return LEFT_ALONE.test(encoded) ? encoded.replace(LEFT_ALONE_ALL, escapeByte) : encoded;
}

const LEFT_ALONE = /[!'()*]/;
const LEFT_ALONE_ALL = /[!'()*]/g;

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/**
 * The canonical query string: parameters sorted by name in code-unit order (so `TagKey.10` comes before
 * `TagKey.2`), names and values percent-encoded, joined with `&`. Also a valid URL query.
 */
export function canonicalQuery(parameters: Readonly<Record<string, string>>): string {
  let query = '';
  for (const name of Object.keys(parameters).sort()) {
    query += `${query === '' ? '' : '&'}${percentEncode(name)}=${percentEncode(parameters[name] ?? '')}`;
  }
  return query;
}

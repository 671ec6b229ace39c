/** Parses JSON from outside; undefined for anything that is not JSON. The parser's own message quotes the text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

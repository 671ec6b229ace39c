/** Values by section and key. Maps, so that a section named `__proto__` is a section and nothing more. */
export type IniSections = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Parses the INI dialect of `~/.alibabacloud/credentials`: `[section]`, `key = value`, comments from `;` or `#` unless
 * escaped by a backslash, values in single or double quotes. The rules are those of the `ini` package, which the
 * official credentials package uses. A line that is none of these is skipped, as there.
 */
export function parseIni(text: string): IniSections {
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const raw of text.split(/[\r\n]+/)) {
    const line = raw.trim();
    const section = /^\[([^\]]*)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      const name = plainValue(section);
      current = sections.get(name) ?? new Map();
      sections.set(name, current);
      continue;
    }
    const pair = /^([^=;#][^=]*)=(.*)$/.exec(line);
    if (pair?.[1] !== undefined && pair[2] !== undefined) current?.set(plainValue(pair[1]), plainValue(pair[2]));
  }
  return sections;
}

function plainValue(raw: string): string {
  const value = raw.trim();
  const quoted = /^(["'])(.*)\1$/.exec(value)?.[2];
  if (quoted !== undefined) return quoted;
  const uncommented = /^(?:\\[\s\S]|[^\\;#])*/.exec(value)?.[0] ?? '';
  return uncommented.replace(/\\([\\;#])/g, '$1').trim();
}

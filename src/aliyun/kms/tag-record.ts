/** Tag keys with their values. Made by `tagRecord`: no prototype, so any key is safe. */
export type Tags = Readonly<Record<string, string>>;

export function tagRecord(pairs: Iterable<readonly [key: string, value: string]>): Tags {
  const tags: Record<string, string> = Object.create(null);
  for (const [key, value] of pairs) tags[key] = value;
  return tags;
}

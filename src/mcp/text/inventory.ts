import { quote } from '../../base/quote.js';
import type { UnreadRegion } from '../../inventory/regions.js';
import type { Resource } from '../../inventory/resource.js';
import { tagText } from './result.js';

/** `"key-1" "alias/payments" Enabled in cn-hangzhou: "env"="prod"`. */
export function resourceLine({ id, names, state, regionId, tags }: Resource): string {
  return `${nameText(id, names)} ${state === '' ? 'state unknown' : state} in ${regionId}: ${tagText(tags, 10)}`;
}

/** An id, with names that are not the id itself. */
export function nameText(id: string, names: readonly string[]): string {
  const others = names.filter((name) => name !== id);
  const shown = others.slice(0, 2).map((name) => quote(name));
  const rest = others.length > shown.length ? ` and ${others.length - shown.length} more names` : '';
  return [quote(id), ...shown].join(' ') + rest;
}

/** A sentence that names the regions that were not read, or nothing. */
export function unreadText(unread: readonly UnreadRegion[]): string {
  if (unread.length === 0) return '';
  return ` Not read: ${unread.map(({ regionId, why }) => `${regionId} (${why})`).join('; ')}.`;
}

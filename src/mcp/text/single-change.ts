import { isSettable } from '../../aliyun/kms/limits.js';
import type { Tags } from '../../aliyun/kms/tag-record.js';
import { quote, quoteList } from '../../base/quote.js';
import type { ResourceRef } from '../../inventory/resource.js';
import { capped } from '../schemas.js';
import { notRestorableLines } from './question.js';
import { tagText, undoText } from './result.js';

interface Ids {
  readonly RequestId: string;
  readonly ChangeId: string;
}

/** What was removed from one resource, what was not there, and what undo can do about it. */
export function removalMessage(
  ref: ResourceRef,
  removed: Tags,
  absent: readonly string[],
  { RequestId, ChangeId }: Ids,
): { readonly message: string; readonly notRestorable: { readonly NotRestorable?: string[] } } {
  const notThere = absent.length === 0 ? '' : ` Not there before: ${quoteList(absent)}.`;
  const lost = Object.keys(removed).filter((key) => !isSettable(key, removed[key] ?? ''));
  const notRestorable = lost.length === 0 ? {} : { NotRestorable: lost.map(capped) };
  if (Object.keys(removed).length === 0) {
    const message = `Nothing to remove from ${resourceText(ref)}.${notThere} RequestId ${RequestId}. ChangeId ${ChangeId}.`;
    return { message, notRestorable };
  }
  const warning = notRestorableLines(removed).map((line) => ` ${line}`);
  const message = `Removed from ${resourceText(ref)}: ${tagText(removed)}.${notThere} RequestId ${RequestId}.${warning.join('')} ${undoText(ChangeId)}`;
  return { message, notRestorable };
}

/** What was set on one resource, and what was overwritten. */
export function settingMessage(ref: ResourceRef, tags: Tags, overwritten: Tags, { RequestId, ChangeId }: Ids): string {
  const was = Object.keys(overwritten).length === 0 ? '' : ` Overwritten: ${tagText(overwritten)}.`;
  const warning = notRestorableLines(overwritten).map((line) => ` ${line}`);
  return `Set on ${resourceText(ref)}: ${tagText(tags)}.${was} RequestId ${RequestId}.${warning.join('')} ${undoText(ChangeId)}`;
}

/** A change whose earlier values could not be read. */
export function unknownValuesText(
  what: string,
  ref: ResourceRef,
  reason: string,
  { RequestId, ChangeId }: Ids,
): string {
  return `${what} on ${resourceText(ref)}. RequestId ${RequestId}. Earlier values are unknown: ${reason}. undo_change cannot restore them (ChangeId ${ChangeId}).`;
}

function resourceText({ type, id, regionId }: ResourceRef): string {
  return `${type} ${quote(id)} in ${regionId}`;
}

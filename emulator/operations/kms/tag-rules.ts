import type { Tag } from '../../account/tag-set.js';
import { assumptions } from '../../assumptions.js';
import { invalidParameter, kmsRefusal } from '../../refusal.js';

/** Letters, digits and `/ _ - . + = @ :`; the bulk page adds the backslash. Source: the TagResource pages. */
const CHARACTERS = /^[\w/\-.+=@:]*$/;
const BULK_CHARACTERS = /^[\w/\\\-.+=@:]*$/;

/** Whether a tag belongs to the system, by its key. */
export function isSystemTag(key: string): boolean {
  return assumptions.systemTagPrefixes.some((prefix) => key.startsWith(prefix));
}

/** A tag that TagResource may set: key 1 to 128, value 0 to 256 characters. `parameter` is named in the refusal. */
export function checkTag(tag: Tag, parameter: string): void {
  checkWritable(tag, parameter, CHARACTERS, 256);
}

/** A tag that TagResources may set: key 1 to 128, value 0 to 128 characters. */
export function checkBulkTag(tag: Tag, parameter: string): void {
  checkWritable(tag, parameter, BULK_CHARACTERS, 128);
}

/** A key that UntagResource may remove: 1 to 128 bytes of UTF-8, any characters, and no system tag. */
export function checkRemovableKey(key: string, parameter: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes < 1 || bytes > 128) {
    throw invalidParameter(parameter);
  }
  checkNoSystemTag(key, parameter);
}

/** A key that UntagResources may remove, or ListTagResources filter by: as above, but counted in characters. */
export function checkBulkKey(key: string, parameter: string): void {
  const characters = [...key].length;
  if (characters < 1 || characters > 128) {
    throw invalidParameter(parameter);
  }
  checkNoSystemTag(key, parameter);
}

/** Throws `Refusal` when a resource would have more tags than it may. System tags do not count. */
export function checkTagCount(tags: readonly Tag[]): void {
  if (tags.filter((tag) => !isSystemTag(tag.key)).length > assumptions.tagsPerResource) {
    throw kmsRefusal(assumptions.tooManyTags);
  }
}

function checkWritable(tag: Tag, parameter: string, characters: RegExp, longestValue: number): void {
  const keyFits = tag.key.length >= 1 && tag.key.length <= 128 && characters.test(tag.key);
  if (!keyFits || tag.value.length > longestValue || !characters.test(tag.value)) {
    throw invalidParameter(parameter);
  }
  checkNoSystemTag(tag.key, parameter);
}

function checkNoSystemTag(key: string, parameter: string): void {
  if (isSystemTag(key)) {
    throw kmsRefusal(assumptions.systemTag, `The specified parameter "${parameter}" is not valid.`);
  }
}

import * as z from 'zod';
import { type TagSet, withoutTags, withTags } from '../../account/tag-set.js';
import { invalidParameter, missingParameter } from '../../refusal.js';
import type { ReplyBody } from '../../wire-reply.js';
import type { Operation } from '../operation.js';
import { jsonParameter } from '../parameters.js';
import { checkRemovableKey, checkTag, checkTagCount } from './tag-rules.js';
import { findKey, findTagTarget } from './target.js';

const tagKeysSchema = z.array(z.string());
const tagsSchema = z.array(z.object({ TagKey: z.string(), TagValue: z.string().default('') }));

/** Removes tags from one key, secret or certificate. `TagKeys` is one string that holds a JSON array. */
export const untagResource: Operation = (call) => {
  const keys = jsonParameter(call.parameters, 'TagKeys', tagKeysSchema);
  if (keys === undefined) {
    throw missingParameter('TagKeys');
  }
  if (keys.length === 0) {
    throw invalidParameter('TagKeys');
  }
  for (const key of keys) {
    checkRemovableKey(key, 'TagKeys');
  }
  const target = findTagTarget(call);
  call.setTags(target, withoutTags(target.tags, new Set(keys)));
  return {};
};

/** Sets tags on one key, secret or certificate. `Tags` is one string that holds a JSON array. */
export const tagResource: Operation = (call) => {
  const given = jsonParameter(call.parameters, 'Tags', tagsSchema);
  if (given === undefined) {
    throw missingParameter('Tags');
  }
  if (given.length === 0) {
    throw invalidParameter('Tags');
  }
  const tags = given.map(({ TagKey, TagValue }) => call.region.intern(TagKey, TagValue));
  for (const tag of tags) {
    checkTag(tag, 'Tags');
  }
  const target = findTagTarget(call);
  const next = withTags(target.tags, tags);
  checkTagCount(next);
  call.setTags(target, next);
  return {};
};

/** The tags of one key. There is no way to name a secret here, and no paging. */
export const listResourceTags: Operation = (call) => {
  const key = findKey(call);
  return {
    Tags: { Tag: call.tagsOf(key).map((tag) => ({ KeyId: key.id, TagKey: tag.key, TagValue: tag.value })) },
  };
};

/** Tags as the describing and listing operations print them. */
export function printTags(tags: TagSet): readonly ReplyBody[] {
  return tags.map((tag) => ({ TagKey: tag.key, TagValue: tag.value }));
}

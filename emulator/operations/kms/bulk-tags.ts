import type { Key, Resource } from '../../account/resource.js';
import { type TagSet, withoutTags, withTags } from '../../account/tag-set.js';
import { assumptions } from '../../assumptions.js';
import { kmsRefusal, missingParameter } from '../../refusal.js';
import type { Operation, OperationCall } from '../operation.js';
import { flag, flatItems, flatList } from '../parameters.js';
import { readResourceType } from './bulk-scope.js';
import { checkBulkKey, checkBulkTag, checkTagCount, isSystemTag } from './tag-rules.js';
import { checkTaggable } from './target.js';

/** Sets up to 20 tags on up to 50 keys or secrets: all of them, or none. */
export const tagResources: Operation = (call) => {
  const resources = findResources(call);
  const items = flatItems(call.parameters, 'Tag', 20);
  if (items.length === 0) {
    throw missingParameter('Tag');
  }
  const tags = items.map((item) => call.region.intern(item.get('Key') ?? '', item.get('Value') ?? ''));
  for (const tag of tags) {
    checkBulkTag(tag, 'Tag');
  }
  const changes = resources.map((resource) => ({ resource, next: withTags(resource.tags, tags) }));
  for (const { next } of changes) {
    checkTagCount(next);
  }
  apply(call, changes);
  return {};
};

/** Removes up to 20 tags, or with `All` and no `TagKey` every tag, from up to 50 keys or secrets. */
export const untagResources: Operation = (call) => {
  const resources = findResources(call);
  const keys = flatList(call.parameters, 'TagKey', 20);
  const all = flag(call.parameters, 'All');
  if (keys.length === 0 && !all) {
    throw assumptions.nothingToUntag === 'MissingParameter'
      ? missingParameter('TagKey')
      : kmsRefusal('InvalidParameter');
  }
  for (const key of keys) {
    checkBulkKey(key, 'TagKey');
  }
  const gone = new Set(keys);
  const strip = (tags: TagSet) =>
    keys.length > 0 ? withoutTags(tags, gone) : tags.filter((tag) => isSystemTag(tag.key));
  apply(
    call,
    resources.map((resource) => ({ resource, next: strip(resource.tags) })),
  );
  return {};
};

function findResources(call: OperationCall): readonly Resource[] {
  const type = readResourceType(call.parameters);
  const ids = flatList(call.parameters, 'ResourceId', 50);
  if (ids.length === 0) {
    throw missingParameter('ResourceId');
  }
  return ids.map((id) => {
    const found = call.region[type].find(id);
    if (found === undefined) {
      throw kmsRefusal(assumptions.unknownBulkResource);
    }
    if (isKey(found)) {
      checkTaggable(found.state);
    }
    return found;
  });
}

function apply(call: OperationCall, changes: readonly { readonly resource: Resource; readonly next: TagSet }[]): void {
  for (const { resource, next } of changes) {
    call.setTags(resource, next);
  }
}

function isKey(resource: Resource): resource is Key {
  return 'state' in resource;
}

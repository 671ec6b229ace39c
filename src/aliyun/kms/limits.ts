/** Most resources in one bulk request. Source: help pages of TagResources and UntagResources. */
export const MAX_RESOURCES_PER_REQUEST = 50;
/** Most tags or tag keys in one bulk request. */
export const MAX_TAGS_PER_REQUEST = 20;
/** Longest value that TagResources takes; TagResource takes 256. */
export const MAX_BULK_VALUE = 128;
/** Largest page of ListKeys, ListAliases and ListSecrets. */
export const MAX_PAGE_SIZE = 100;
/** Most tags on one resource; system tags do not count. Source: help page of TagResource. */
export const MAX_TAGS_PER_RESOURCE = 10;

/**
 * Whether KMS would take this tag back once it is gone. What can be set is narrower than what can be there: keys of 1 to
 * 128 and values of up to 256 characters, both of letters, digits and `/ _ - . + = @ :`. Source: help page of TagResource.
 */
export function isSettable(key: string, value: string): boolean {
  return SETTABLE.test(key) && key.length >= 1 && key.length <= 128 && SETTABLE.test(value) && value.length <= 256;
}

const SETTABLE = /^[A-Za-z0-9/_\-.+=@:]*$/;

/** Keys that Alibaba Cloud owns; the bulk operations refuse them. Source: help pages of TagResources, UntagResources. */
export function isSystemTag(key: string): boolean {
  return key.startsWith('aliyun') || key.startsWith('acs:');
}

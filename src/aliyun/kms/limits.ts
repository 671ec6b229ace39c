/** Most resources in one bulk request. Source: help pages of TagResources and UntagResources. */
export const MAX_RESOURCES_PER_REQUEST = 50;
/** Most tags or tag keys in one bulk request. */
export const MAX_TAGS_PER_REQUEST = 20;
/** Largest page of ListKeys, ListAliases and ListSecrets. */
export const MAX_PAGE_SIZE = 100;

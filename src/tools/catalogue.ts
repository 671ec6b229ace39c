import { listResourceTags } from './list-resource-tags.js';
import type { Tool } from './tool.js';
import { untagResource } from './untag-resource.js';

/** Every tool, in the order in which hosts list them. */
export const TOOLS: readonly Tool[] = [untagResource, listResourceTags];

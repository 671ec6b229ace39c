import type { Tool } from '../tool.js';
import { applyPlanTool } from './apply-plan.js';
import { findResources } from './find-resources.js';
import { listChanges } from './list-changes.js';
import { listResourceTags } from './list-resource-tags.js';
import { planChange } from './plan-change.js';
import { summarizeTagsTool } from './summarize-tags.js';
import { tagResource } from './tag-resource.js';
import { undoChangeTool } from './undo-change.js';
import { untagResource } from './untag-resource.js';

/** Every tool, in the order in which hosts list them. */
export const TOOLS: readonly Tool[] = [
  untagResource,
  tagResource,
  listResourceTags,
  findResources,
  summarizeTagsTool,
  planChange,
  applyPlanTool,
  listChanges,
  undoChangeTool,
];

import * as z from 'zod';
import { digest } from '../../base/digest.js';
import { TagsError } from '../../base/tags-error.js';
import { resourcesOf } from '../../changes/run-result.js';
import { undoSentence } from '../../changes/sentence.js';
import { bulkTagWriter, singleTagWriter } from '../../changes/tag-writer.js';
import { scopedGroups, undoChange, undoTakesValues } from '../../changes/undo.js';
import type { StoredChange } from '../../journal/change.js';
import { type Call, RUN_MS } from '../call.js';
import { confirm } from '../confirmation.js';
import { withProgress } from '../progress.js';
import { readChange } from '../read-change.js';
import { resolveRegion } from '../region.js';
import { idsField, tagKeysField, trimmed } from '../schemas.js';
import { undoQuestion } from '../text/question.js';
import { counted } from '../text/result.js';
import { undoneDetails, undoneFailure, undoneFields, undoneMessage } from '../text/undone.js';
import { defineTool } from '../tool.js';

export const undoChangeTool = defineTool({
  name: 'undo_change',
  title: 'Undo a change',
  description:
    'Undoes a change, or a part of it: restores what is still as the change left it, and reads it back; what somebody changed ' +
    'since is left alone. Can be repeated, and undone in turn.',
  example: '{"ChangeId":"20261124T121901123Z-5f3a9c01"}',
  input: () =>
    z.strictObject({
      ChangeId: trimmed().describe('From the change or list_changes.'),
      ResourceIds: idsField('Only these of its resources. Without it: all.').optional(),
      TagKeys: tagKeysField('Only these tag keys. Without it: all.').optional(),
    }),
  output: () =>
    z.object({
      Status: z.enum(['done', 'partial', 'nothing_done']),
      Restored: z.int(),
      Unchanged: z.int(),
      Skipped: z.int(),
      Failed: z.int(),
      Unknown: z.int(),
      NotAttempted: z.int(),
      Verified: z.int(),
      Unverified: z.int(),
      Details: z.array(z.object({ ResourceId: z.string(), Why: z.string() })),
      ChangeId: z.string().optional(),
    }),
  writes: true,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },

  async handler(args, call) {
    const change = await readChange(call, args.ChangeId);
    if (change.state === 'running') throw stillRunning(change);
    const scope = {
      ids: args.ResourceIds === undefined ? undefined : new Set(args.ResourceIds),
      keys: args.TagKeys === undefined ? undefined : new Set(args.TagKeys),
    };
    const groups = scopedGroups(change, scope);
    if (groups.length === 0 && change.groups.length > 0) throw notPartOf(change);
    for (const regionId of new Set(groups.map((group) => group.regionId))) resolveRegion(call, regionId);
    const seen = digest([change.changeId, args]);
    // Each resource is read again just before it is written.
    const ask = () =>
      confirm(call, { args, message: async () => undoQuestion(change, groups), seen, seenNow: async () => seen });
    const question = undoTakesValues(groups) ? await ask() : undefined;
    if (question) return question;

    const total = resourcesOf(groups);
    const isPart = args.ResourceIds !== undefined || args.TagKeys !== undefined;
    const undone = await withProgress(call, 'Undoing', (progress) =>
      undoChange({
        change,
        scope,
        protection: call.protection,
        writerOf: writerFor(call, change),
        begin: (first) =>
          call.journal.begin(
            {
              tool: call.tool,
              sentence: undoSentence(change.sentence, isPart),
              resourceType: change.resourceType,
              resources: total,
              account: change.account,
              subject: call.principal.subject,
              undoes: change.changeId,
            },
            first,
          ),
        limits: {
          ...call.options,
          stopAt: call.startedAt + RUN_MS,
          elapsed: call.clock.elapsed,
          sleep: call.clock.sleep,
        },
        onProgress: (done) => progress.report(done, total, `${done} of ${counted(total, change.resourceType)}`),
        onUnexpectedError: call.onUnexpectedError,
      }),
    );
    const failure = undoneFailure(undone);
    const message = undoneMessage(change, undone);
    return {
      message: failure === undefined ? message : `${failure}: ${message}`,
      details: undoneDetails(undone),
      structured: undoneFields(change, undone),
      isError: failure !== undefined,
    };
  },
});

/** A change of one resource is undone as it was made; certificates have no other way. */
function writerFor({ kms }: Call, { resourceType, resources }: StoredChange) {
  return (regionId: string) =>
    resourceType === 'certificate' || resources === 1
      ? singleTagWriter(kms(regionId), resourceType)
      : bulkTagWriter(kms(regionId), resourceType);
}

function stillRunning({ changeId }: StoredChange): TagsError {
  const text = `Change ${changeId} is still being made, by this server or by another process.`;
  return new TagsError(
    'CHANGE_RUNNING',
    text,
    'Wait until list_changes shows another State (10 s at most if its process has ended), then repeat the call.',
  );
}

function notPartOf({ changeId }: StoredChange): TagsError {
  const text = `Change ${changeId} has none of these resources or tag keys.`;
  return new TagsError('INVALID_ARGUMENT', text, `list_changes with ChangeId ${changeId} shows what it has.`);
}

import * as z from 'zod';
import { hintFor } from '../../aliyun/kms/error-hints.js';
import { quote, token } from '../../base/quote.js';
import { TagsError } from '../../base/tags-error.js';
import { type UndoResult, undoChange, undoTakesValues } from '../../changes/undo.js';
import type { StoredChange } from '../../journal/change.js';
import { RUN_MS } from '../call.js';
import { type Progress, withProgress } from '../progress.js';
import { withSmallHeap } from '../small-heap.js';
import { describeUndo } from '../text/question.js';
import { counted, undoText } from '../text/result.js';
import { defineTool } from '../tool.js';

/** Details that are shown; the counts are always whole. */
const SHOWN = 10;

export const undoChangeTool = defineTool({
  name: 'undo_change',
  title: 'Take a change back',
  description:
    'Takes back one change of this server on all its resources. Tags that somebody changed since are left alone. ' +
    'Can be repeated, and is itself a change that can be undone. list_changes has the ChangeId.',
  example: '{"ChangeId":"20261124T121901123Z-5f3a9c01"}',
  input: () => z.strictObject({ ChangeId: z.string() }),
  output: () =>
    z.object({
      RegionId: z.string(),
      Status: z.enum(['done', 'partial', 'nothing_done']),
      Restored: z.int(),
      Unchanged: z.int(),
      Skipped: z.int(),
      Failed: z.int(),
      Unknown: z.int(),
      NotAttempted: z.int(),
      Details: z.array(z.object({ ResourceId: z.string(), Why: z.string() })),
      ChangeId: z.string().optional(),
    }),
  writes: true,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },

  async handler(args, call) {
    const change = await withSmallHeap(() => call.journal.read(args.ChangeId.trim(), call.viewer));
    if (change === undefined) {
      const text = `There is no change ${quote(args.ChangeId, 40)} in this server’s journal.`;
      throw new TagsError('CHANGE_NOT_FOUND', text, 'list_changes shows those that there are.');
    }
    const regionId = await call.region(change.regionId);
    const seen = change.changeId;
    const kms = call.kms(regionId);
    const message = (): Promise<string> => describeUndo(kms, change, call.options);
    const question = undoTakesValues(change)
      ? await call.confirm({ message, args, seen, seenNow: async () => seen })
      : undefined;
    if (question) return question;

    const { journal, protection, tool, options, now } = call;
    const stopAt = call.startedAt + RUN_MS;
    const { subject } = call.viewer;
    const undo = (progress: Progress): Promise<UndoResult> => {
      const onProgress = (done: number): void =>
        progress.report(done, change.resources, `${done} of ${counted(change.resources, change.resourceType)}`);
      return undoChange({ kms, journal, protection, change, tool, subject, options, stopAt, now, onProgress });
    };
    const result = await withSmallHeap(() => withProgress(call, 'Reading tags', undo));
    const code = failureCode(result);
    const text = reportText(change, result);
    const structured = report(regionId, result);
    return code === undefined ? { structured, text } : { structured, text: `${code}: ${text}`, isError: true };
  },
});

/** `done`: everything is as it was before the change. */
function status(result: UndoResult): 'done' | 'partial' | 'nothing_done' {
  const { restored, unchanged, skipped, failed, unknown, notAttempted, touched } = result;
  if (skipped.length + failed.length + unknown.length + notAttempted === 0) return 'done';
  return restored + unchanged + unknown.length > 0 || touched ? 'partial' : 'nothing_done';
}

/** The code for an undo that came to nothing; the tool's text then begins with it, as that of every failure does. */
function failureCode({ restored, unchanged, failed, unknown, touched }: UndoResult): string | undefined {
  if (restored + unchanged > 0 || touched) return undefined;
  return unknown.length > 0 ? 'OUTCOME_UNKNOWN' : failed[0]?.code;
}

function details({ skipped, failed, unknown }: UndoResult): { ResourceId: string; Why: string }[] {
  return [
    ...failed.map(({ id, code }) => ({ ResourceId: id, Why: token(code) })),
    ...unknown.map((id) => ({ ResourceId: id, Why: 'OUTCOME_UNKNOWN' })),
    ...skipped.map(({ id, key, reason }) => ({ ResourceId: id, Why: `${quote(key)} ${reason}` })),
  ];
}

function report(regionId: string, result: UndoResult) {
  const changeId = changeIdOf(result);
  return {
    RegionId: regionId,
    Status: status(result),
    Restored: result.restored,
    Unchanged: result.unchanged,
    Skipped: result.skipped.length,
    Failed: result.failed.length,
    Unknown: result.unknown.length,
    NotAttempted: result.notAttempted,
    Details: details(result).slice(0, SHOWN),
    ...(changeId === undefined ? {} : { ChangeId: changeId }),
  };
}

function reportText(change: StoredChange, result: UndoResult): string {
  const { restored, unchanged, skipped, failed, unknown, notAttempted } = result;
  const parts = [
    `${counted(restored, 'tag')} restored`,
    ...(unchanged > 0 ? [`${counted(unchanged, 'tag')} as before already`] : []),
    ...(skipped.length > 0 ? [`${counted(skipped.length, 'tag')} skipped`] : []),
    ...(failed.length > 0 ? [`${counted(failed.length, 'resource')} failed`] : []),
    ...(unknown.length > 0 ? [`${counted(unknown.length, 'resource')} with unknown outcome`] : []),
    ...(notAttempted > 0 ? [`${counted(notAttempted, 'resource')} not attempted`] : []),
  ];
  const all = details(result);
  const more = all.length > SHOWN ? [`and ${all.length - SHOWN} more`] : [];
  const lines = [...all.slice(0, SHOWN).map(({ ResourceId, Why }) => `${quote(ResourceId)}: ${Why}`), ...more];
  const why = lines.length === 0 ? '' : ` ${lines.join('; ')}.`;
  const [failure] = failed;
  const mayGoOn = failed.length + unknown.length + notAttempted > 0;
  const next = [
    ...(failure === undefined ? [] : [hintFor(failure.code)]),
    ...(mayGoOn ? ['Repeat undo_change to go on: what is restored stays.'] : []),
  ];
  const changeId = changeIdOf(result);
  const state = changeId === undefined ? 'Nothing was changed.' : undoText(changeId);
  return [`Undo of ${change.changeId} in ${change.regionId}: ${parts.join(', ')}.${why}`, state, ...next].join(' ');
}

/** The change that the undo was; undefined when nothing was changed by it. */
function changeIdOf({ changeId, restored, unknown, touched }: UndoResult): string | undefined {
  return restored + unknown.length > 0 || touched ? changeId : undefined;
}

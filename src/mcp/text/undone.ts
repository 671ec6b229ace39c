import { hintFor } from '../../aliyun/kms/error-hints.js';
import { quote, quoteCode } from '../../base/quote.js';
import { type Status, statusOf } from '../../changes/run-result.js';
import type { Undone } from '../../changes/undo.js';
import type { ItemGroup, StoredChange } from '../../journal/change.js';
import { capped } from '../schemas.js';
import { causeText, counted, fitting, ROOM, undoText, WITHHELD } from './result.js';

/** Details that a report shows; the counts are always whole. */
const SHOWN = 10;

/** Counts of an undo are of tags: a resource can have some restored and some skipped. */
interface TagCounts {
  readonly status: Status;
  readonly restored: number;
  readonly verified: number;
  readonly failed: number;
  readonly unknown: number;
  readonly notAttempted: number;
}

function countsOf(undone: Undone): TagCounts {
  const sum = (failures: readonly { readonly tags: number }[]): number =>
    failures.reduce((total, { tags }) => total + tags, 0);
  const status = statusOf(undone, undone.skipped.length);
  return {
    // Tags that are as before already are done, too.
    status: status === 'nothing_done' && undone.unchanged > 0 ? 'partial' : status,
    restored: undone.changed.tags,
    verified: undone.verified.tags,
    failed: sum(undone.failures),
    unknown: sum(undone.unknown),
    notAttempted: undone.notAttempted.reduce((total, group) => total + tagsOf(group), 0),
  };
}

function tagsOf({ ids, after }: ItemGroup): number {
  return ids.length * Object.keys(after).length;
}

function wroteSomething({ changed, unknown, partlyChanged }: Undone): boolean {
  return changed.resources + unknown.length + partlyChanged > 0;
}

/** The code for an undo that came to nothing; its text then begins with it, as that of every failure does. */
export function undoneFailure(undone: Undone): string | undefined {
  const { changed, unchanged, failures, unknown, partlyChanged } = undone;
  if (changed.resources + unchanged + partlyChanged > 0) return undefined;
  return unknown.length > 0 ? 'OUTCOME_UNKNOWN' : failures[0]?.code;
}

export function undoneMessage(change: StoredChange, undone: Undone): string {
  const { restored, verified, failed, unknown, notAttempted } = countsOf(undone);
  const unverified = restored - verified;
  const part = (number: number, text: string): string[] => (number === 0 ? [] : [`${counted(number, 'tag')} ${text}`]);
  const parts = [
    `${counted(restored, 'tag')} restored${restored === 0 ? '' : unverified === 0 ? ', all read back' : ''}`,
    ...part(unverified, 'of them acknowledged by KMS, but reading does not show it yet'),
    ...(undone.withheld === 0 ? [] : [`${counted(undone.withheld, change.resourceType)} ${WITHHELD}`]),
    ...part(undone.unchanged, 'as before already'),
    ...part(undone.skipped.length, 'skipped'),
    ...part(failed, 'failed'),
    ...(undone.partlyChanged === 0 ? [] : [`${counted(undone.partlyChanged, change.resourceType)} changed in part`]),
    ...part(unknown, 'with unknown outcome'),
    ...part(notAttempted, 'not attempted'),
  ];
  const [failure] = undone.failures;
  const changeId = wroteSomething(undone) ? undone.changeId : undefined;
  const next = [
    changeId === undefined ? 'Nothing was changed.' : undoText(changeId),
    ...(failure === undefined || undone.cause !== undefined ? [] : [hintFor(failure.code, failure.permission)]),
    ...(undone.cause === undefined ? [] : [causeText(undone.cause).trim()]),
    ...(failed + unknown + notAttempted + undone.withheld > 0
      ? ['Repeat undo_change to go on: what is restored stays.']
      : []),
  ];
  return `Undo of ${change.changeId}: ${parts.join('; ')}. ${next.join(' ')}`;
}

function detailsOf({ skipped, failures, unknown }: Undone): { ResourceId: string; Why: string }[] {
  return [
    ...failures.map(({ id, code }) => ({ ResourceId: id, Why: quoteCode(code) })),
    ...unknown.map(({ id }) => ({ ResourceId: id, Why: 'OUTCOME_UNKNOWN' })),
    ...skipped.map(({ id, key, reason }) => ({ ResourceId: id, Why: `${quote(key)} ${reason}` })),
  ];
}

export function undoneDetails(undone: Undone): readonly string[] {
  const all = detailsOf(undone);
  const shown = all.slice(0, SHOWN).map(({ ResourceId, Why }) => `${quote(ResourceId)}: ${Why}`);
  return all.length > SHOWN ? [...shown, `and ${all.length - SHOWN} more`] : shown;
}

export function undoneFields({ account }: StoredChange, undone: Undone) {
  const { status, restored, verified, failed, unknown, notAttempted } = countsOf(undone);
  const changeId = wroteSomething(undone) ? undone.changeId : undefined;
  return {
    Status: status,
    Restored: restored,
    Unchanged: undone.unchanged,
    Skipped: undone.skipped.length,
    Failed: failed,
    Unknown: unknown,
    NotAttempted: notAttempted,
    Verified: verified,
    Unverified: restored - verified,
    Details: fitting(
      detailsOf(undone)
        .slice(0, SHOWN)
        .map(({ ResourceId, Why }) => ({ ResourceId: capped(ResourceId), Why: capped(Why) })),
      ROOM,
    ),
    ...(changeId === undefined ? {} : { ChangeId: changeId }),
    ...(account.id === undefined ? {} : { AccountId: account.id }),
  };
}

import { quote, quoteList } from '../../base/quote.js';
import type { NearMissList, PlanReport, PlanRow } from '../../changes/make-plan.js';
import type { NearMiss } from '../../changes/near-misses.js';
import type { ValueChange } from '../../changes/plan.js';
import { capped } from '../schemas.js';
import { nameText, unreadText } from './inventory.js';
import { counted, fittingLines, KMS_TAG_LINE, someOf } from './result.js';

/** Values that a plan shows, and characters of them. */
const SHOWN_VALUES = 10;
const ROOM_FOR_VALUES = 700;
/** Characters of the rows. */
const ROOM_FOR_ROWS = 1_800;
const SHOWN_LEFT_OUT = 10;
/** Characters of the structured lists: a result stays small whatever people call their tags. */
const ROOM_FOR_FIELDS = { rows: 2_800, values: 1_000, leftOut: 1_000 } as const;

/** What would happen, the warning, and what to do next. */
export function planMessage(report: PlanReport): string {
  const { plan, selected, unreadRegions } = report;
  const unread = unreadText(unreadRegions);
  if (plan.resources === 0) {
    return `Nothing to do: ${counted(selected, plan.resourceType)} selected, none would change. Nothing was changed.${unread}`;
  }
  const lost = notRestorableText(report);
  const except = unread === '' ? '' : `${unread} These regions are not part of the plan.`;
  return (
    `Plan: ${plan.sentence}. Nothing was changed yet.${except}${nearlyKeptOutText(report)}${lost} ${KMS_TAG_LINE} ` +
    `When this is what the person asked for, call apply_plan with PlanId ${plan.planId} and this Change; else ask them first.`
  );
}

function notRestorableText({ notRestorable }: PlanReport): string {
  if (notRestorable.length === 0) return '';
  const pairs = [...new Set(notRestorable.map(({ key, value }) => `${quote(key, 64)}=${quote(value, 64)}`))];
  return ` Undo could not restore ${counted(notRestorable.length, 'tag')}, because KMS does not accept such text for a new tag: ${someOf(pairs.slice(0, 5), pairs.length)}.`;
}

/** What would be changed although it looks like what a condition keeps out: `"env"="Prod"` where `"prod"` is kept out. */
function nearlyKeptOutText({ nearlyKeptOut: { shown, count }, plan }: PlanReport): string {
  if (count === 0) return '';
  const pairs = [...new Set(shown.map(({ key, value }) => `${quote(key, 64)}=${quote(value, 64)}`))];
  return ` Look: ${counted(count, plan.resourceType)} of the plan nearly ${count === 1 ? 'has' : 'have'} what was to be kept out, such as ${pairs.slice(0, 3).join(', ')}.`;
}

/** More lines of a plan: values, rows, what was left out, what nearly matches. */
export function planDetails(report: PlanReport): readonly string[] {
  const { plan, values, rows, leftOut, leftOutKeys, missed, nearlyKeptOut, selected, requests, seconds } = report;
  const shownValues = fittingLines(values.slice(0, SHOWN_VALUES).map(valueText), ROOM_FOR_VALUES);
  const shownRows = fittingLines(rows.map(rowText), ROOM_FOR_ROWS);
  const restOfRows = plan.resources - shownRows.length;
  const gone = leftOut.slice(0, SHOWN_LEFT_OUT).map(({ id, why }) => `${quote(id)} ${why}`);
  return [
    ...(values.length === 0 ? [] : [`Values: ${someOf(shownValues, values.length)}.`]),
    ...shownRows,
    ...(restOfRows > 0 && shownRows.length > 0 ? [`And ${counted(restOfRows, plan.resourceType)} more.`] : []),
    ...(leftOutKeys.length === 0
      ? []
      : [`Tag keys left out: ${leftOutKeys.map(({ key, why }) => `${quote(key, 64)} (${why})`).join(', ')}.`]),
    ...(leftOut.length === 0 ? [] : [`Left out: ${someOf(gone, leftOut.length)}.`]),
    ...nearLine('Not part of the plan, but nearly the same', missed),
    ...nearLine('Part of the plan, but nearly what was to be kept out', nearlyKeptOut),
    ...(plan.resources === 0
      ? []
      : [
          `${counted(selected, plan.resourceType)} selected, ${plan.resources.toLocaleString('en')} would change; about ${counted(requests, 'write request')}, ${seconds} s. Expires ${plan.expiresAt}.`,
        ]),
  ];
}

function nearLine(head: string, { shown, count }: NearMissList): readonly string[] {
  const texts = shown.map(({ id, key, value }) => `${quote(id)} has ${quote(key, 64)}=${quote(value, 64)}`);
  return count === 0 ? [] : [`${head}: ${someOf(texts, count)}.`];
}

/** The structured form of a plan. */
export function planFields(report: PlanReport) {
  const { plan, selected, rows, values, leftOut, leftOutKeys, notRestorable, requests, seconds } = report;
  const { unreadRegions, missed, nearlyKeptOut } = report;
  const near = [
    ...missed.shown.map(nearFields),
    ...nearlyKeptOut.shown.map((miss) => ({ ...nearFields(miss), Planned: true })),
  ];
  const shownValues = fitting(values.slice(0, SHOWN_VALUES).map(valueFields), ROOM_FOR_FIELDS.values);
  const left = [
    ...leftOutKeys.map(({ key, why }) => ({ TagKey: capped(key), Why: why })),
    ...leftOut.slice(0, SHOWN_LEFT_OUT).map(({ id, why }) => ({ ResourceId: capped(id), Why: why })),
  ];
  return {
    ...(plan.resources === 0 ? {} : { Change: plan.sentence, PlanId: plan.planId, ExpiresAt: plan.expiresAt }),
    Selected: selected,
    Concerned: plan.resources,
    Rows: fitting(rows.map(rowFields), ROOM_FOR_FIELDS.rows),
    Values: shownValues,
    ...(values.length > shownValues.length ? { OtherValues: values.length - shownValues.length } : {}),
    ...(left.length === 0 ? {} : { LeftOut: fitting(left, ROOM_FOR_FIELDS.leftOut) }),
    ...(near.length === 0 ? {} : { NearMisses: near }),
    ...(notRestorable.length === 0 ? {} : { NotRestorable: notRestorable.length }),
    Requests: requests,
    ExpectedSeconds: seconds,
    ...(unreadRegions.length === 0
      ? {}
      : { UnreadRegions: unreadRegions.map(({ regionId, why }) => ({ RegionId: regionId, Why: why })) }),
  };
}

/** The first of `items` that `room` characters of JSON hold; at least one. */
function fitting<Item>(items: readonly Item[], room: number): Item[] {
  const lines = items.map((item) => JSON.stringify(item));
  return items.slice(0, fittingLines(lines, room).length);
}

function valueFields(change: ValueChange) {
  return { ...tagFields(change), Resources: change.resources };
}

function nearFields({ id, key, value }: NearMiss) {
  return { ResourceId: capped(id), TagKey: capped(key), TagValue: capped(value) };
}

function rowFields({ id, names, state, regionId, tags }: PlanRow) {
  return {
    ResourceId: capped(id),
    Name: capped(names.join(', ')),
    State: state,
    RegionId: regionId,
    Tags: tags.map(tagFields),
  };
}

function tagFields({ key, before, after }: ValueChange) {
  return {
    TagKey: capped(key),
    ...(before === undefined ? {} : { Before: capped(before) }),
    ...(after === undefined ? {} : { After: capped(after) }),
  };
}

/** `"temp"="x" removed on 12`. */
function valueText(change: ValueChange): string {
  return `${changeText(change)} on ${change.resources.toLocaleString('en')}`;
}

function rowText({ id, names, state, regionId, tags }: PlanRow): string {
  const about = state === '' || state === 'Enabled' || state === 'Active' ? '' : ` ${state}`;
  return `${nameText(id, names)}${about} in ${regionId}: ${tags.map(changeText).join(', ')}`;
}

/** `"temp"="x" removed`, `"env"="prod" set`, `"env" "dev" → "prod"`. */
export function changeText({ key, before, after }: Pick<ValueChange, 'key' | 'before' | 'after'>): string {
  const name = quote(key, 64);
  if (after === undefined) return `${name}=${quote(before ?? '', 64)} removed`;
  return before === undefined
    ? `${name}=${quote(after, 64)} set`
    : `${name} ${quote(before, 64)} → ${quote(after, 64)}`;
}

/** The lines of a question about a plan. */
export function planQuestion(sentence: string, notRestorable: readonly string[]): string {
  const lost = notRestorable.length === 0 ? [] : [`Undo could not restore: ${quoteList(notRestorable, 5)}.`];
  return [`${sentence}?`, ...lost, KMS_TAG_LINE].join('\n');
}

import { quote, quoteList } from '../../base/quote.js';
import type { PlanReport, PlanRow } from '../../changes/make-plan.js';
import type { NearMiss } from '../../changes/near-misses.js';
import type { ValueChange } from '../../changes/plan.js';
import { capped } from '../schemas.js';
import { nameText, unreadText } from './inventory.js';
import { counted, fitting, KMS_TAG_LINE, someOf } from './result.js';

/** Characters of JSON for the values, for what was left out, and for near misses. What they leave is for the rows. */
const ROOM_FOR_PART = 500;
const ROOM_FOR_ALL = 3_300;

/** What of a report is shown, in the text as in the structured result. */
function shownOf({ rows, values, leftOut, leftOutKeys, missed, nearlyKeptOut }: PlanReport) {
  const part = <Item>(items: readonly Item[], fieldsOf: (item: Item) => unknown): readonly Item[] =>
    items.slice(0, fitting(items.map(fieldsOf), ROOM_FOR_PART).length);
  const parts = {
    values: part(values.slice(0, MOST_PARTS), tagFields),
    leftOut: part(leftOut.slice(0, MOST_PARTS), (one) => one),
    leftOutKeys,
    missed: part(missed.shown, nearFields),
    nearlyKeptOut: part(nearlyKeptOut.shown, nearFields),
  };
  const room = ROOM_FOR_ALL - JSON.stringify(Object.values(parts)).length;
  return { ...parts, rows: rows.slice(0, fitting(rows.map(rowFields), room).length) };
}

const MOST_PARTS = 10;

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
  const { plan, selected, requests, seconds } = report;
  const { rows, values, leftOut, leftOutKeys, missed, nearlyKeptOut } = shownOf(report);
  const restOfRows = plan.resources - rows.length;
  const gone = leftOut.map(({ id, why }) => `${quote(id)} ${why}`);
  return [
    ...(values.length === 0 ? [] : [`Values: ${someOf(values.map(valueText), report.values.length)}.`]),
    ...rows.map(rowText),
    ...(restOfRows > 0 ? [`And ${counted(restOfRows, plan.resourceType)} more.`] : []),
    ...(leftOutKeys.length === 0
      ? []
      : [`Tag keys left out: ${leftOutKeys.map(({ key, why }) => `${quote(key, 64)} (${why})`).join(', ')}.`]),
    ...(leftOut.length === 0 ? [] : [`Left out: ${someOf(gone, report.leftOut.length)}.`]),
    ...nearLine('Not part of the plan, but nearly the same', missed, report.missed.count),
    ...nearLine('Part of the plan, but nearly what was to be kept out', nearlyKeptOut, report.nearlyKeptOut.count),
    ...(plan.resources === 0
      ? []
      : [
          `${counted(selected, plan.resourceType)} selected, ${plan.resources.toLocaleString('en')} would change; about ${counted(requests, 'write request')}, ${seconds} s. Expires ${plan.expiresAt}.`,
        ]),
  ];
}

function nearLine(head: string, shown: readonly NearMiss[], count: number): readonly string[] {
  const texts = shown.map(({ id, key, value }) => `${quote(id)} has ${quote(key, 64)}=${quote(value, 64)}`);
  return count === 0 ? [] : [`${head}: ${someOf(texts, count)}.`];
}

/** The structured form of a plan. */
export function planFields(report: PlanReport) {
  const { plan, selected, notRestorable, requests, seconds, unreadRegions } = report;
  const { rows, values, leftOut, leftOutKeys, missed, nearlyKeptOut } = shownOf(report);
  const left = [
    ...leftOutKeys.map(({ key, why }) => ({ TagKey: capped(key), Why: why })),
    ...leftOut.map(({ id, why }) => ({ ResourceId: capped(id), Why: why })),
  ];
  const near = [...missed.map(nearFields), ...nearlyKeptOut.map((miss) => ({ ...nearFields(miss), Planned: true }))];
  const nearCount = report.missed.count + report.nearlyKeptOut.count;
  return {
    ...(plan.resources === 0 ? {} : { Change: plan.sentence, PlanId: plan.planId, ExpiresAt: plan.expiresAt }),
    Selected: selected,
    Concerned: plan.resources,
    Rows: rows.map(rowFields),
    Values: values.map((change) => ({ ...tagFields(change), Resources: change.resources })),
    ...others('OtherValues', report.values.length - values.length),
    ...(left.length === 0 ? {} : { LeftOut: left }),
    ...others('OtherLeftOut', report.leftOut.length - leftOut.length),
    ...(near.length === 0 ? {} : { NearMisses: near }),
    ...others('OtherNearMisses', nearCount - near.length),
    ...(notRestorable.length === 0 ? {} : { NotRestorable: notRestorable.length }),
    Requests: requests,
    ExpectedSeconds: seconds,
    ...(unreadRegions.length === 0
      ? {}
      : { UnreadRegions: unreadRegions.map(({ regionId, why }) => ({ RegionId: regionId, Why: why })) }),
  };
}

/** How many more there are, where not all are shown. */
function others(name: string, count: number): Readonly<Record<string, number>> {
  return count === 0 ? {} : { [name]: count };
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

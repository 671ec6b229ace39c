import { OPERATORS, type Operator } from './operators.js';
import type { Condition } from './statement.js';

/** Why it cannot be told what becomes of a condition: each is documented nowhere. */
export type Doubt =
  | 'negated operator on an absent tag'
  | 'negated operator with several values'
  | 'acs:ResourceTag'
  | 'policy variable'
  | 'unknown operator'
  | 'letter case of the condition key'
  | 'value that is not of the type of its operator';

/**
 * What may become of conditions, as a set of bits: they hold before and after, before only, after only, or neither.
 * Where a rule is documented nowhere, each reading of it adds a bit; one bit alone is certain.
 */
export type Course = number;
export const ALWAYS: Course = 1;
export const STOPS: Course = 2;
export const STARTS: Course = 4;
export const NEVER: Course = 8;
/** As it is now, whichever way that is. */
export const SAME: Course = ALWAYS | NEVER;
export const ANY: Course = ALWAYS | STOPS | STARTS | NEVER;

export function isSame(course: Course): boolean {
  return (course & ~SAME) === 0;
}

export function isCertain(course: Course): boolean {
  return (course & (course - 1)) === 0;
}

/** Both of two conditions together: before, and after. */
export function both(a: Course, b: Course): Course {
  let course: Course = 0;
  for (const [one, before, after] of CERTAIN) {
    if ((a & one) === 0) continue;
    for (const [other, otherBefore, otherAfter] of CERTAIN) {
      if ((b & other) !== 0) course |= courseFor(before && otherBefore, after && otherAfter);
    }
  }
  return course;
}

const CERTAIN = [
  [ALWAYS, true, true],
  [STOPS, true, false],
  [STARTS, false, true],
  [NEVER, false, false],
] as const;

function courseFor(before: boolean, after: boolean): Course {
  if (before) return after ? ALWAYS : STOPS;
  return after ? STARTS : NEVER;
}

/** Whether a condition holds for one value: yes, no, or either. */
type Truth = readonly boolean[];
const YES: Truth = [true];
const NO: Truth = [false];
const OPEN: Truth = [true, false];

/**
 * What becomes of a condition when the value of its tag goes from `before` to `after`; undefined where the tag is not
 * there. Adds to `doubts` what leaves it open.
 */
export function courseOfValue(
  condition: Condition,
  before: string | undefined,
  after: string | undefined,
  doubts: Set<Doubt>,
): Course {
  const operator = OPERATORS.get(condition.operator);
  if (operator === undefined) {
    doubts.add('unknown operator');
    return ANY;
  }
  // That an absent tag matches nothing is what services rest on which need a tag to be set before they reach a key.
  if (!operator.negated) {
    const holds = (value: string | undefined): Truth =>
      value === undefined ? NO : matches(operator, condition, value, doubts).some;
    return combine(holds(before), holds(after));
  }
  // Several values are alternatives; whether a negated operator wants all of them to differ, or one, no page says.
  const differs = (reading: 'some' | 'every', value: string | undefined, absent: Truth): Truth =>
    value === undefined ? absent : matches(operator, condition, value, doubts)[reading].map((truth) => !truth);
  let course: Course = 0;
  for (const absent of [YES, NO]) {
    for (const reading of ['some', 'every'] as const) {
      course |= combine(differs(reading, before, absent), differs(reading, after, absent));
    }
  }
  if (before === undefined || after === undefined) doubts.add('negated operator on an absent tag');
  return course;
}

function combine(before: Truth, after: Truth): Course {
  let course: Course = 0;
  for (const one of before) for (const other of after) course |= courseFor(one, other);
  return course;
}

/** Whether a value matches some of the condition's values, and whether it matches each. */
function matches(
  { compare, negated }: Operator,
  { values }: Condition,
  value: string,
  doubts: Set<Doubt>,
): { readonly some: Truth; readonly every: Truth } {
  let [yes, no, open] = [0, 0, 0];
  for (const wanted of values) {
    const variable = wanted.includes('${');
    const result = variable ? undefined : compare(wanted, value);
    if (result === undefined) {
      open += 1;
      doubts.add(variable ? 'policy variable' : 'value that is not of the type of its operator');
    } else if (result) yes += 1;
    else no += 1;
  }
  if (negated && yes > 0 && no > 0) doubts.add('negated operator with several values');
  return {
    some: yes > 0 ? YES : open > 0 ? OPEN : NO,
    every: no > 0 ? NO : open > 0 ? OPEN : YES,
  };
}

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

/**
 * What becomes of a condition when the value of its tag goes from `before` to `after`; undefined where the tag is not
 * there. Called for each policy and each different change, so it makes no objects.
 */
export function courseOfValue({ operator: name, values }: Condition, before?: string, after?: string): Course {
  const operator = OPERATORS.get(name);
  if (operator === undefined) return ANY;
  // That an absent tag matches nothing is what services rest on which need a tag to be set before they reach a key.
  if (!operator.negated) {
    return combine(
      before === undefined ? NO : matchesSome(operator, values, before),
      after === undefined ? NO : matchesSome(operator, values, after),
    );
  }
  let course: Course = 0;
  // Several values are alternatives; whether a negated operator wants all of them to differ, or one, no page says.
  for (const matches of values.length > 1 ? [matchesSome, matchesEach] : [matchesSome]) {
    for (const absent of before === undefined || after === undefined ? [YES, NO] : [NO]) {
      course |= combine(
        before === undefined ? absent : not(matches(operator, values, before)),
        after === undefined ? absent : not(matches(operator, values, after)),
      );
    }
  }
  return course;
}

/** Why `courseOfValue` is open, where it is. */
export function doubtsOfValue(
  { operator: name, values }: Condition,
  before?: string,
  after?: string,
): readonly Doubt[] {
  const operator = OPERATORS.get(name);
  if (operator === undefined) return ['unknown operator'];
  const doubts: Doubt[] = [];
  const there = [before, after].filter((value) => value !== undefined);
  if (operator.negated && there.length < 2) doubts.push('negated operator on an absent tag');
  const isMixed = (value: string): boolean =>
    matchesSome(operator, values, value) !== matchesEach(operator, values, value);
  if (operator.negated && there.some(isMixed)) doubts.push('negated operator with several values');
  if (values.some(hasVariable)) doubts.push('policy variable');
  const plain = values.filter((wanted) => !hasVariable(wanted));
  if (there.some((value) => plain.some((wanted) => operator.compare(wanted, value) === undefined))) {
    doubts.push('value that is not of the type of its operator');
  }
  return doubts;
}

/** Whether a condition holds for one value, as bits: no, yes, or either. */
type Truth = number;
const NO: Truth = 1;
const YES: Truth = 2;

function not(truth: Truth): Truth {
  return ((truth & YES) >> 1) | ((truth & NO) << 1);
}

function combine(before: Truth, after: Truth): Course {
  let course: Course = 0;
  for (const one of [NO, YES]) {
    if ((before & one) === 0) continue;
    if ((after & NO) !== 0) course |= courseFor(one === YES, false);
    if ((after & YES) !== 0) course |= courseFor(one === YES, true);
  }
  return course;
}

function matchesSome(operator: Operator, values: readonly string[], value: string): Truth {
  let truth: Truth = NO;
  for (const wanted of values) {
    const one = matches(operator, wanted, value);
    if (one === YES) return YES;
    truth |= one;
  }
  return truth;
}

function matchesEach(operator: Operator, values: readonly string[], value: string): Truth {
  let truth: Truth = YES;
  for (const wanted of values) {
    const one = matches(operator, wanted, value);
    if (one === NO) return NO;
    truth |= one;
  }
  return truth;
}

function matches({ compare }: Operator, wanted: string, value: string): Truth {
  const result = hasVariable(wanted) ? undefined : compare(wanted, value);
  if (result === undefined) return NO | YES;
  return result ? YES : NO;
}

function hasVariable(text: string): boolean {
  return text.includes('${');
}
